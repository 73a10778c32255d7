import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { budgetOf } from './budget.ts'
import { honestFiles, hostileFiles } from './hostile.test.helper.ts'
import { openCheckpoint } from './open.ts'

interface Line {
  readonly begun?: string
  readonly ended?: string
  readonly error?: string
  readonly message?: string
}

/** What each file ends in, in a process whose heap holds 256 MB. */
const lines = (): Line[] => {
  const child = [
    process.execPath,
    '--max-old-space-size=256',
    join(import.meta.dirname, 'hostile-child.test.helper.ts'),
  ]
  // No test runner can end what it waits for like this; the system does, after so many seconds of processor time, which
  // are as many on a busy machine.
  const limited =
    process.platform === 'win32' ? child : ['sh', '-c', 'ulimit -t 120; exec "$0" "$@"', ...child]
  const [command = '', ...args] = limited
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  return [
    ...stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line),
    ...(stderr === '' ? [] : [{ message: stderr }]),
  ]
}

test('every hostile file ends in an error that names it and why', { timeout: 0 }, () => {
  const seen = lines()
  const begun = seen.flatMap((line) => line.begun ?? [])
  const ended = seen.filter((line) => line.ended !== undefined)
  // The last file begun is the one that ended the process.
  expect(ended.map((line) => line.ended)).toEqual(begun)
  expect(begun).toEqual(Object.keys(hostileFiles()))
  for (const { ended: name, error, message } of ended)
    expect({ name, error, message }).toEqual({
      name,
      error: 'FileFormatError',
      message: expect.stringContaining(name ?? ''),
    })
})

test.each(Object.entries(honestFiles(10_000)))('%s: ten thousand tensors are none too many', (name, make) => {
  const source = openCheckpoint(make(), name)
  expect(source.entries.length).toBe(10_000)
  expect([...source.values('blocks.9999.norm.weight')]).toEqual([0])
})

describe('the budget', () => {
  const mebibyte = 2 ** 20
  test.each([
    [0, 16],
    [mebibyte, 28],
    [2 ** 30, 160],
  ])('of a file of %d bytes has %d MiB for values', (size, expected) => {
    const budget = budgetOf(size, 'f')
    budget.values(expected * mebibyte - 1)
    budget.values(1)
    expect(() => budget.values(1)).toThrow(FileFormatError)
  })

  test.each([
    [0, 32],
    [mebibyte, 36],
  ])('of a file of %d bytes has %d MiB for elements, each array drawn once', (size, expected) => {
    const budget = budgetOf(size, 'f')
    budget.elements('a', (expected - 1) * mebibyte)
    budget.elements('a', (expected - 1) * mebibyte)
    expect(() => budget.elements('b', mebibyte + 1)).toThrow("'b' unpacks to 1048577 bytes")
    expect(() => budget.elements('c', Number.NaN)).toThrow(FileFormatError)
  })
})
