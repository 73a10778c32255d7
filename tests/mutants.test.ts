import { lstatSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseAst } from 'vite'
import { expect, test } from 'vitest'
import { copyProject, projectFiles } from '../scripts/mutants/copy.ts'
import type { Edit } from '../scripts/mutants/edit.ts'
import { applyEdit, editedSource, StaleEditError } from '../scripts/mutants/edit.ts'
import { markdownOf } from '../scripts/mutants/markdown.ts'
import { edits } from '../scripts/mutants/table.ts'

const root = resolve(import.meta.dirname, '..')

test.each(edits.map((edit) => [edit.name, edit] as const))('%s applies and is valid syntax', (_, edit) => {
  const source = editedSource(root, edit)
  if (edit.file.endsWith('.tsx')) parseAst(source, { lang: 'tsx' })
  else stripTypeScriptTypes(source)
})

test('there are at least 150 edits with names of their own, of each package', () => {
  expect(new Set(edits.map(({ name }) => name)).size).toBe(edits.length)
  expect(edits.length).toBeGreaterThanOrEqual(150)
  for (const name of ['tensor', 'autograd', 'unet', 'solvers', 'runs', 'cli']) {
    expect(edits.filter(({ file }) => file.startsWith(`packages/${name}/src/`)).length).toBeGreaterThan(20)
  }
  for (const { name, wrong } of edits) expect(wrong, name).toMatch(/^\S.{5,}/)
})

const edit: Edit = {
  name: 'one',
  file: 'packages/tensor/src/a.ts',
  find: 'x + y',
  replace: 'x - y',
  wrong: 'sign',
}

test('an edit is made once, or at the place it names', () => {
  expect(applyEdit('f(x + y)', edit)).toBe('f(x - y)')
  expect(applyEdit('x + y, x + y', { ...edit, nth: 1 })).toBe('x + y, x - y')
})

test('an edit whose text is gone, ambiguous or no change is an error that names it', () => {
  const stale = [
    ['f(x)', edit],
    ['x + y, x + y', edit],
    ['x + y', { ...edit, nth: 1 }],
    ['x + y', { ...edit, replace: 'x + y' }],
  ] as const
  for (const [source, bad] of stale) {
    expect(() => applyEdit(source, bad)).toThrow(StaleEditError)
    expect(() => applyEdit(source, bad)).toThrow(/'one'.*packages\/tensor\/src\/a\.ts/)
  }
})

test('the table counts what was killed, survived, not run; not what nothing can tell', () => {
  const list = [
    edit,
    { ...edit, name: 'two' },
    { ...edit, name: 'three' },
    { ...edit, name: 'four', equivalent: 'the sum is symmetric' },
  ]
  const results = {
    one: { verdict: 'killed', file: 'packages/tensor/src/a.test.ts', seconds: 1, digest: '' },
    two: { verdict: 'survived', seconds: 1, digest: '' },
  } as const
  const markdown = markdownOf(list, results, new Date('2026-11-26T12:00:00Z'))
  expect(markdown).toContain('Written on 2026-11-26 by')
  expect(markdown).toContain('Not run yet: `three`.')
  expect(markdown).toContain('| tensor | 3 | 1 | 1 | 1 |')
  expect(markdown).toContain('- `two` (packages/tensor/src/a.ts): sign')
  expect(markdown).toContain('- `four`: sign; the sum is symmetric')
  expect(markdown).toContain('| packages/tensor/src/a.test.ts | 1 |')
})

test('a copy of the project has its files, and its own packages where the project imports them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-mutants-test-'))
  try {
    const copy = copyProject(root, folder)
    const target = realpathSync(join(copy, 'packages/tensor'))
    for (const from of ['.', 'packages/solvers', 'packages/cli']) {
      expect(realpathSync(join(copy, from, 'node_modules/@tweedie/tensor'))).toBe(target)
    }
    expect(realpathSync(join(copy, 'node_modules/vitest'))).toBe(
      realpathSync(join(root, 'node_modules/vitest')),
    )
    for (const { file } of edits) {
      const path = join(copy, file)
      expect(lstatSync(path).isFile() && realpathSync(path).startsWith(realpathSync(folder)), file).toBe(true)
    }
    // The copy is no checkout; a copy of it has the same files.
    expect(projectFiles(copy)).toEqual(projectFiles(root))
    expect(readFileSync(join(copy, 'package.json'), 'utf8')).toBe(
      readFileSync(join(root, 'package.json'), 'utf8'),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
