import { expect, test } from 'vitest'
import { digits, plane } from './grounds.ts'
import { readWord } from './messages.ts'

const frame = { index: 0, steps: 4, t: 1, alpha: 1, sigma: 0.5, x: Float32Array.of(1, 2, 3, 4) }
const population = {
  weights: Float32Array.of(0.5, 0.5),
  ancestors: Int32Array.of(0, 1),
  ess: 2,
  logEvidence: -1,
}
const pictures = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) }
const views = { x: pictures, x0hat: pictures, predicted: pictures, guidance: pictures }
const digit = { index: 1, steps: 4, t: 1, ...views, residual: [1], psnr: [Number.POSITIVE_INFINITY] }
const summary = { nfe: 4, vjps: 4, milliseconds: 1.5, advice: ['few steps'] }

test('what a sandbox can say is read, and nothing more of it', () => {
  expect(readWord({ kind: 'ready', more: 1 })).toEqual({ kind: 'ready' })
  expect(readWord({ kind: 'frames', id: 1, frames: [frame], more: 1 })).toEqual({
    ...{ kind: 'frames', id: 1, frames: [frame] },
  })
  expect(readWord({ kind: 'done', id: 2, summary })).toEqual({ kind: 'done', id: 2, summary })
  const failure = { name: 'RangeError', message: 'm', line: 3 }
  expect(readWord({ kind: 'failed', failure })).toEqual({ kind: 'failed', failure })
})

test('what a text can have made up is not', () => {
  for (const strange of [undefined, null, 4, 'ready', {}, { kind: 'eval' }, { kind: 'done' }])
    expect(readWord(strange)).toBeUndefined()
  for (const strange of [
    { id: 'x', frames: [] },
    { id: 1, frames: 'all' },
  ])
    expect(readWord({ kind: 'frames', ...strange })).toBeUndefined()
  const long = readWord({ kind: 'failed', failure: { name: {}, message: 'a'.repeat(1e6), line: -2 } })
  expect(long).toEqual({ kind: 'failed', failure: { name: '[object Object]', message: 'a'.repeat(1000) } })
})

test('frames are what a ground gives, and nothing that a painter would fail at', () => {
  expect([frame, { ...frame, population }].map(plane.isFrame)).toEqual([true, true])
  for (const change of [
    { x: [1, 2, 3, 4] },
    { x: Float32Array.of(1) },
    { index: '0' },
    { sigma: Number.NaN },
    { population: { ...population, weights: Float32Array.of(1) } },
    { population: { ...population, ancestors: Int32Array.of(1) } },
    { population: { ...population, ess: '2' } },
  ])
    expect([change, plane.isFrame({ ...frame, ...change })]).toEqual([change, false])
  expect([digit, { ...digit, guidance: undefined }].map(digits.isFrame)).toEqual([true, true])
  for (const change of [
    { x: frame.x },
    { x0hat: { ...pictures, shape: [1, 1, 2, 3] } },
    { predicted: { ...pictures, shape: [2, 2] } },
    { guidance: { ...pictures, shape: [1, -1, -2, 2] } },
    { guidance: { ...pictures, data: [1, 2, 3, 4] } },
    { psnr: ['1'] },
    { residual: undefined },
  ])
    expect([change, digits.isFrame({ ...digit, ...change })]).toEqual([change, false])
})

test('summaries are numbers and sentences', () => {
  for (const { isSummary } of [plane, digits]) {
    expect([summary, { ...summary, noiseResidual: 1.2 }].map(isSummary)).toEqual([true, true])
    for (const change of [{ nfe: '4' }, { noiseResidual: {} }, { advice: [{}] }, { advice: undefined }])
      expect([change, isSummary({ ...summary, ...change })]).toEqual([change, false])
  }
})
