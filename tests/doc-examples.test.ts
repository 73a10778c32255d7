import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { check } from './doc-examples/check.ts'
import { collectExamples, fromMarkdown, fromSource, root } from './doc-examples/collect.ts'
import { compileExample } from './doc-examples/compile.ts'
import { ExampleRunner, runAlone } from './doc-examples/run.ts'
import { typeErrors } from './doc-examples/typecheck.ts'

// Inside the repository, so that the modules resolve '@tweedie/…' as a user's would.
const folder = join(root, 'tests', '.doc-examples')
const checkModule = pathToFileURL(join(import.meta.dirname, 'doc-examples', 'check.ts')).href
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

describe('documentation examples', () => {
  const runner = new ExampleRunner(folder)
  afterAll(() => runner.close())
  const examples = collectExamples()

  test('there are some', () => expect(examples.length).toBeGreaterThan(0))

  test('their types are right', async () => expect(await typeErrors(examples, folder)).toEqual([]))

  for (const example of examples) {
    test(`${example.file}:${example.line}`, async () => {
      const path = join(folder, `${example.file.replaceAll('/', '.')}.${example.line}.mjs`)
      writeFileSync(path, compileExample(example, folder, checkModule))
      // A page's example is a whole program; a doc comment's shares a process with the others, for speed.
      await (example.file.endsWith('.md') ? runAlone(path, folder) : runner.run(path))
    })
  }
})

describe('the harness itself', () => {
  const runner = new ExampleRunner(folder)
  afterAll(() => runner.close())
  const run = async (code: string) => {
    const path = join(folder, `self.${Math.random().toString(36).slice(2)}.mjs`)
    writeFileSync(path, compileExample({ file: 'x.ts', line: 10, code }, folder, checkModule))
    await runner.run(path)
  }

  test('finds blocks with their line', () => {
    const source = [
      '/** A.',
      ' * @example',
      ' * ```ts',
      ' * f({',
      ' *   a: 1 })',
      ' * ```',
      ' */',
      'export const f = 1',
    ]
    expect(fromSource('a.ts', source.join('\n'))).toEqual([{ file: 'a.ts', line: 4, code: 'f({\n  a: 1 })' }])
    expect(fromSource('a.ts', source.join('\n').replace('@example', '@remarks'))).toEqual([])
    const page = ['# A', '```sh', 'ls', '```', '```ts no-run', 'a', '```', '  ```ts', '  b', '  ```']
    expect(fromMarkdown('a.md', page.join('\n'))).toEqual([{ file: 'a.md', line: 9, code: 'b' }])
  })

  test('passes what is true', async () => {
    await run(`
      const a: number[] = [1, 2] // => [1, 2]
      a.map((x) =>
        x * 2,
      ) // => [2, 4]
      console.log('hello') // => hello
      new Float32Array([1, 2]) // => [1, 2]
      await Promise.resolve({ a: 'b' })
      // => { a: 'b' }
      for (const x of [1, 1]) {
        x // => 1
      }
      Math.PI // ≈ 3.14
      new Float32Array([0.1, -2e-5]) // ≈ [0.1, -2.0e-5]
      { using gone = { [Symbol.dispose]: () => a.push(3) } }
      a.length // => 3`)
  })

  test.each([
    ['1 + 1 // => 3', 'x.ts:10: expected => 3, got 2'],
    ['\nMath.PI // ≈ 3.15', 'x.ts:11: expected ≈ 3.15'],
    ['[1] // => [1, 2]', 'x.ts:10'],
    ['// => 3', 'no statement to check'],
    ["throw new RangeError('too far')", 'RangeError: too far'],
    [
      "setImmediate(() => { throw new Error('late') }); await new Promise((done) => setTimeout(done, 50))",
      'late',
    ],
    ['process.exit(3)', 'code 3'],
  ])('fails on %j', async (code, message) => {
    await expect(run(code)).rejects.toThrow(message)
  })

  test('resolves relative imports from the file of the example', async () => {
    const code = "import { root } from './doc-examples/collect.ts'\nroot.length > 0 // => true"
    const path = join(folder, 'self.relative.mjs')
    writeFileSync(path, compileExample({ file: 'tests/x.ts', line: 1, code }, folder, checkModule))
    await runner.run(path)
  })

  test('finds type errors', async () => {
    const code = "import { join } from 'node:path'\njoin(1)"
    const errors = await typeErrors([{ file: 'x.ts', line: 10, code }], join(folder, 'self'))
    expect(errors).toEqual([
      expect.stringContaining("x.ts.10.ts(11,6): error TS2345: Argument of type 'number'"),
    ])
  })

  test('compares strings and prose literally', () => {
    expect(() => check('a', '=>', "'a'", 'x')).not.toThrow()
    expect(() => check([1], '=>', 'about one', 'x')).toThrow('got [ 1 ]')
  })
})
