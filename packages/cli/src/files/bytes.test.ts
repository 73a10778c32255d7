import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { InterruptedError } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.test.helper.ts'
import { readBytes } from './bytes.ts'

/** `length` bytes that differ. */
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i) % 251)

test('a file is read to its end where that is at most the limit, which its start sets', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'f')
  const starts: number[][] = []
  const most = (start: Uint8Array) => {
    starts.push([...start.subarray(0, 4)])
    return 3 * 2 ** 20
  }
  const whole = bytesOf(3 * 2 ** 20)
  writeFileSync(path, whole)
  expect(Buffer.compare(await readBytes(path, { most }), whole)).toBe(0)
  expect(starts).toEqual([[0, 7, 14, 21]])
  writeFileSync(path, bytesOf(3 * 2 ** 20 + 1))
  await expect(readBytes(path, { most })).rejects.toThrow(FileFormatError)
  await expect(readBytes(path, { most })).rejects.toThrow('is too large; at most 3 MB are read')
})

test.runIf(process.platform !== 'win32')(
  'a pipe is waited for, bounded, and given up by the signal',
  async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'pipe')
    execFileSync('mkfifo', [path])
    const most = () => 100
    /** Writes and closes the pipe; fails at once where nobody reads. */
    const write = (bytes: Uint8Array) => {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      writeSync(fd, bytes)
      closeSync(fd)
    }
    // Nobody writes yet: who does not wait reads nothing.
    const reading = readBytes(path, { most })
    write(bytesOf(100))
    expect([...(await reading)]).toEqual([...bytesOf(100)])
    const tooMuch = readBytes(path, { most })
    const refused = expect(tooMuch).rejects.toThrow('is too large')
    write(bytesOf(101))
    await refused
    const controller = new AbortController()
    const given = expect(readBytes(path, { most, signal: controller.signal })).rejects.toThrow(
      InterruptedError,
    )
    controller.abort()
    await given
  },
)
