import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './testing.ts'
import type { Draft } from './write.ts'
import { checkFolder, writeFolder, writeOneFile } from './write.ts'

const run = (text: string) => async (draft: Draft) => {
  await draft.write('a.txt', text)
  await draft.write('run.json', JSON.stringify({ tool: 'tweedie', files: ['a.txt', 'run.json'] }))
}

test('a folder appears whole, with its parents, and nothing else is left', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'x', 'y')
  await writeFolder(out, run('one'))
  expect(readdirSync(join(folder.path, 'x'))).toEqual(['y'])
  expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('one')
  expect(statSync(out).mode & 0o777).toBe(0o777 & ~process.umask())
})

test('an earlier run is replaced, files that the new one lacks go', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'y')
  await writeFolder(out, run('one'))
  await writeFolder(out, async (draft) => {
    await draft.write('run.json', JSON.stringify({ tool: 'tweedie', files: ['run.json'] }))
  })
  expect(readdirSync(out)).toEqual(['run.json'])
  expect(readdirSync(folder.path)).toEqual(['y'])
})

test('while a run is made, and after it fails, the earlier one stands', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'y')
  await writeFolder(out, run('one'))
  const failing = writeFolder(out, async (draft) => {
    await draft.write('a.txt', 'two')
    expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('one')
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('one')
  expect(readdirSync(folder.path)).toEqual(['y'])
})

test('a failed first run leaves not even the parents that it made', async () => {
  using folder = temporaryFolder()
  const failing = writeFolder(join(folder.path, 'p', 'q', 'r'), async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(readdirSync(folder.path)).toEqual([])
})

test('folders of others are refused, by the name of what is in the way', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'y')
  await expect(checkFolder(out)).resolves.toBeUndefined()
  mkdirSync(out)
  await expect(checkFolder(out)).resolves.toBeUndefined()
  writeFileSync(join(out, 'thesis.tex'), '')
  await expect(checkFolder(out)).rejects.toThrow(/^--out: .*y is not empty and not an earlier run/)
  writeFileSync(join(out, 'run.json'), '{"tool":"other"}')
  await expect(checkFolder(out)).rejects.toThrow('not an earlier run')
  writeFileSync(join(out, 'run.json'), '{"tool":"tweedie","files":["run.json"]}')
  await expect(checkFolder(out)).rejects.toThrow('holds thesis.tex, which no run of tweedie wrote')
  await expect(writeFolder(out, run('one'))).rejects.toThrow('thesis.tex')
  await expect(checkFolder(join(out, 'thesis.tex'))).rejects.toThrow('is a file; name a folder')
})

test('a file that somebody put into the folder meanwhile is not lost', async () => {
  using folder = temporaryFolder()
  const out = join(folder.path, 'y')
  await writeFolder(out, run('one'))
  const racing = writeFolder(out, async (draft) => {
    await run('two')(draft)
    writeFileSync(join(out, 'notes.md'), 'mine')
  })
  await expect(racing).rejects.toThrow('notes.md')
  expect(readFileSync(join(out, 'notes.md'), 'utf8')).toBe('mine')
  expect(readdirSync(folder.path)).toEqual(['y'])
})

test('one file: written, replaced where it is ours, refused where not', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'new', 'f')
  const ours = (bytes: Uint8Array) => bytes[0] === 7
  await writeOneFile(path, Uint8Array.of(7, 1), ours)
  await writeOneFile(path, Uint8Array.of(8, 2), ours)
  expect([...readFileSync(path)]).toEqual([8, 2])
  await expect(writeOneFile(path, Uint8Array.of(7), ours)).rejects.toThrow('not written by tweedie')
  await expect(writeOneFile(folder.path, Uint8Array.of(7), ours)).rejects.toThrow('is a folder')
  expect(existsSync(path)).toBe(true)
  expect(readdirSync(join(folder.path, 'new'))).toEqual(['f'])
})
