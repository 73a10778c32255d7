import type { Reporter, TestModule } from 'vitest/node'

/** Names every skipped test with the reason it gave, so that a skip is never overlooked. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines: string[] = []
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const note = 'note' in result ? result.note : undefined
        const reason = test.options.mode === 'todo' ? 'to do' : (note ?? 'no reason given')
        lines.push(`  ${module.relativeModuleId} › ${test.fullName}: ${reason}`)
      }
    }
    if (lines.length > 0) console.log(`\nSkipped (${lines.length}):\n${lines.join('\n')}`)
  }
}
