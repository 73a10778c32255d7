import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../testing.test.helper.ts'
import { newDraft, removeDrafts } from './drafts.ts'
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
  await expect(checkFolder(out)).resolves.toBe(out)
  mkdirSync(out)
  await expect(checkFolder(out)).resolves.toBe(out)
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

test('the first file in the way ends the search, however much lies beside it', async () => {
  await expect(checkFolder('/')).rejects.toThrow(/^--out: \/ is not empty and not an earlier run/)
})

describe('links', () => {
  test('a link to a folder or a file stays, and what it leads to is replaced', async () => {
    using folder = temporaryFolder()
    const [real, link] = [join(folder.path, 'real'), join(folder.path, 'link')]
    mkdirSync(real)
    symlinkSync('real', link)
    await writeFolder(link, run('one'))
    await writeFolder(link, run('two'))
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(join(real, 'a.txt'), 'utf8')).toBe('two')
    const [file, alias] = [join(real, 'f'), join(folder.path, 'alias')]
    writeFileSync(file, 'old')
    symlinkSync(file, alias)
    await writeOneFile(alias, Buffer.from('new'), () => true)
    expect(lstatSync(alias).isSymbolicLink()).toBe(true)
    expect(readFileSync(file, 'utf8')).toBe('new')
    expect(readdirSync(folder.path).sort()).toEqual(['alias', 'link', 'real'])
  })

  test('a link that leads nowhere, or in a circle, is refused before any work', async () => {
    using folder = temporaryFolder()
    const [dangling, circle] = [join(folder.path, 'dangling'), join(folder.path, 'circle')]
    symlinkSync('nowhere', dangling)
    symlinkSync('circle', circle)
    let worked = false
    for (const link of [dangling, circle]) {
      const writing = writeFolder(link, async () => {
        worked = true
      })
      await expect(writing).rejects.toThrow(/is a symbolic link to (nowhere|circle), which leads nowhere/)
      await expect(writeOneFile(link, Uint8Array.of(1), () => true)).rejects.toThrow('which leads nowhere')
    }
    expect(worked).toBe(false)
  })
})

test('names of up to 255 bytes can be written to, and those of more are refused before any work', async () => {
  using folder = temporaryFolder()
  for (const name of ['n'.repeat(255), '\u{1f40c}'.repeat(63)]) {
    await writeFolder(join(folder.path, name), run('one'))
    await writeFolder(join(folder.path, name), run('two'))
    expect(readFileSync(join(folder.path, name, 'a.txt'), 'utf8')).toBe('two')
  }
  await expect(checkFolder(join(folder.path, 'n'.repeat(256)))).rejects.toThrow('ENAMETOOLONG')
})

test('what is no regular file is neither read nor replaced', async () => {
  await expect(writeOneFile('/dev/zero', Uint8Array.of(1), () => true)).rejects.toThrow('no regular file')
  await expect(checkFolder('/dev/zero')).rejects.toThrow('is a file; name a folder')
})

describe('what a killed process left', () => {
  /** A process id that no process has: the highest that Linux gives is below. */
  const dead = 2 ** 22 + 1
  const leftOf = (target: string, kind: 'part' | 'old', pid: number) => {
    const path = newDraft(target, kind).replace(`-${process.pid}-`, `-${pid}-`)
    removeDrafts()
    mkdirSync(path)
    writeFileSync(join(path, 'a.txt'), kind)
    return path
  }

  test('is cleared away by the next run, as far as it is of the same target and its process is dead', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'y')
    const [gone, alive, other] = [
      leftOf(out, 'part', dead),
      leftOf(out, 'part', process.ppid),
      leftOf(join(folder.path, 'y.z'), 'part', dead),
    ]
    // Another host's: its first digit is another.
    const elsewhere = gone.replace(/part-(.)/, (_, digit) => `part-${digit === '0' ? '1' : '0'}`)
    mkdirSync(elsewhere)
    await writeFolder(out, run('one'))
    expect([gone, alive, other, elsewhere].map((path) => existsSync(path))).toEqual([false, true, true, true])
  })

  test('a result that it had moved aside is put back', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'y')
    const aside = leftOf(out, 'old', dead)
    const failing = writeFolder(out, async () => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('old')
    expect(existsSync(aside)).toBe(false)
  })
})
