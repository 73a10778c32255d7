import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { codeIn, type Example, root } from './collect.ts'

const settings = {
  extends: join(root, 'tsconfig.base.json'),
  // An example may say x[0] of an array it just made.
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    noEmit: true,
    noUncheckedIndexedAccess: false,
  },
  include: ['*.ts'],
}

/** Type-checks the examples as strict TypeScript; returns the errors found in them, `file.line.ts(line,column): …`. */
export function typeErrors(examples: readonly Example[], folder: string): Promise<string[]> {
  const types = join(folder, 'types')
  mkdirSync(types, { recursive: true })
  writeFileSync(join(types, 'tsconfig.json'), JSON.stringify(settings))
  for (const example of examples) {
    const { file, line } = example
    writeFileSync(
      join(types, `${file.replaceAll('/', '.')}.${line}.ts`),
      `${'\n'.repeat(line - 1)}${codeIn(types, example)}\n`,
    )
  }
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const prefix = `${relative(root, types).replaceAll('\\', '/')}/`
  return new Promise((done) => {
    execFile(process.execPath, [tsc, '-p', types, '--pretty', 'false'], { cwd: root }, (_error, output) =>
      // Errors of the packages themselves are the business of `npm run types`.
      done(
        output.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : [])),
      ),
    )
  })
}
