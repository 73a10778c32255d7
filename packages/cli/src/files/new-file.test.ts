import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.test.helper.ts'
import { writeNewFile } from './new-file.ts'

test('a file that came to be there while the new one was written stays, and no draft does', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'out')
  const write = (replace: boolean, meanwhile?: string) =>
    writeNewFile(path, { replace, source: 'nowhere' }, 'OUT', async (draft) => {
      writeFileSync(draft, 'ours')
      if (meanwhile !== undefined) writeFileSync(path, meanwhile)
      return 'done'
    })
  await expect(write(false, 'theirs')).rejects.toThrow(OptionError)
  expect([readdirSync(folder.path), readFileSync(path, 'utf8')]).toEqual([['out'], 'theirs'])
  // Where it is to be replaced, or nothing came, the new file takes its name.
  expect(await write(true, 'theirs again')).toBe('done')
  expect([readdirSync(folder.path), readFileSync(path, 'utf8')]).toEqual([['out'], 'ours'])
})
