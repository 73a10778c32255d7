import { expect, test } from 'vitest'
import { readWord } from './messages.ts'

const frame = { index: 0, steps: 4, t: 1, alpha: 1, sigma: 0.5, x: Float32Array.of(1, 2, 3, 4) }
const population = {
  weights: Float32Array.of(0.5, 0.5),
  ancestors: Int32Array.of(0, 1),
  ess: 2,
  logEvidence: -1,
}
const frames = (one: unknown) => readWord({ kind: 'frames', id: 1, frames: [one] })

test('what a sandbox can say is read, and nothing more of it', () => {
  expect(readWord({ kind: 'ready', more: 1 })).toEqual({ kind: 'ready' })
  expect(frames(frame)).toMatchObject({ kind: 'frames', id: 1 })
  expect(frames({ ...frame, population })).toMatchObject({ kind: 'frames' })
  const summary = { nfe: 4, vjps: 4, milliseconds: 1.5, advice: ['few steps'] }
  expect(readWord({ kind: 'done', id: 2, summary })).toEqual({ kind: 'done', id: 2, summary })
  expect(readWord({ kind: 'failed', failure: { name: 'RangeError', message: 'm', line: 3 } })).toEqual({
    kind: 'failed',
    failure: { name: 'RangeError', message: 'm', line: 3 },
  })
})

test('what a text can have made up is not', () => {
  for (const strange of [undefined, null, 4, 'ready', {}, { kind: 'eval' }, { kind: 'done', id: 1 }])
    expect(readWord(strange)).toBeUndefined()
  for (const change of [
    { x: [1, 2, 3, 4] },
    { x: Float32Array.of(1) },
    { index: '0' },
    { sigma: Number.NaN },
    { population: { ...population, weights: Float32Array.of(1) } },
    { population: { ...population, ancestors: Int32Array.of(1) } },
    { population: { ...population, ess: '2' } },
  ])
    expect([change, frames({ ...frame, ...change })]).toEqual([change, undefined])
  expect(readWord({ kind: 'frames', id: 'x', frames: [] })).toBeUndefined()
  expect(
    readWord({ kind: 'done', id: 1, summary: { nfe: 1, vjps: 1, milliseconds: 1, advice: [{}] } }),
  ).toBeUndefined()
  const long = readWord({ kind: 'failed', failure: { name: {}, message: 'a'.repeat(1e6), line: -2 } })
  expect(long).toEqual({ kind: 'failed', failure: { name: '[object Object]', message: 'a'.repeat(1000) } })
})
