import { expect, test } from 'vitest'
import type { Io } from '../io.ts'
import { progressLines } from './progress-lines.ts'

test('a line now and then, and none before its time', () => {
  const lines: string[] = []
  const io: Io = {
    cwd: '.',
    out: () => undefined,
    err: (text) => void lines.push(text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  }
  let now = 5000
  const progress = progressLines(io, 10, () => now)
  for (let step = 1; step <= 100; step++) {
    now += 1000
    progress.at(step / 100, `step ${step}`)
  }
  progress.stop()
  expect(lines).toHaveLength(10)
  expect(lines[0]).toBe('10.0%  step 10\n')
  expect(lines[9]).toBe('100.0%  step 100\n')
})
