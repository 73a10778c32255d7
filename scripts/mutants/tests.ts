import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What a run of tests said. */
export interface TestRun {
  /** `broken` is a fault of the edit itself: a name that does not exist. */
  readonly verdict: 'passed' | 'failed' | 'hung' | 'broken'
  /** The file and the name of the first test that failed. */
  readonly file?: string
  readonly test?: string
  readonly seconds: number
}

interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

/**
 * Runs the tests of a copy whose paths contain one of `filters`, up to the first that fails.
 * @param signal - Ends the run and all its processes.
 */
export async function runTests(
  copy: string,
  filters: readonly string[],
  { timeout, workers, signal }: { timeout: number; workers: number; signal: AbortSignal },
): Promise<TestRun> {
  const report = join(copy, '..', 'report.json')
  rmSync(report, { force: true })
  const began = performance.now()
  const project = filters.some((path) => path.startsWith('tests/studio/')) ? 'studio' : 'packages'
  const args = ['node_modules/vitest/vitest.mjs', 'run', `--project=${project}`, '--bail=1']
  args.push('--reporter=json', `--outputFile=${report}`, `--maxWorkers=${workers}`, ...filters)
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore', detached: true })
  /** The whole process group: vitest's workers, and the threads' processes of a kernel that hangs. */
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    kill()
  }, timeout * 1000)
  signal.addEventListener('abort', kill)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  clearTimeout(timer)
  signal.removeEventListener('abort', kill)
  kill()
  signal.throwIfAborted()
  const seconds = (performance.now() - began) / 1000
  if (hung) return { verdict: 'hung', seconds }
  if (code === 0) return { verdict: 'passed', seconds }
  return { ...firstFailure(copy, report), seconds }
}

function firstFailure(copy: string, report: string): Omit<TestRun, 'seconds'> {
  if (!existsSync(report)) return { verdict: 'failed', test: 'vitest ended without a report' }
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  // A file that the bail cut off counts as failed as well, without a test that did.
  const failures = testResults.filter(({ status }) => status === 'failed')
  const failed =
    failures.find(({ assertionResults }) => assertionResults.some(({ status }) => status === 'failed')) ??
    failures.find(({ message }) => message !== '') ??
    failures[0]
  if (failed === undefined) return { verdict: 'failed', test: 'an error outside the tests' }
  const file = relative(copy, failed.name)
  const test = failed.assertionResults.find(({ status }) => status === 'failed')
  const message = test?.failureMessages?.[0] ?? failed.message
  const named = { file, test: test?.fullName ?? 'the file does not load' }
  // What a test parses as JSON is not the edit's own text.
  if (/^(ReferenceError|SyntaxError(?!.*JSON))|is not defined/.test(message))
    return { verdict: 'broken', ...named }
  return { verdict: /^Error: Test timed out/.test(message) ? 'hung' : 'failed', ...named }
}
