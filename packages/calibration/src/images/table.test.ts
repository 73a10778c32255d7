import type { Score } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { ImageCell } from './cell.ts'
import { formatImageResults, imageCellKey, parseImageCell, parseImageResults } from './results.ts'
import { imageTables, pictureDifference } from './table.ts'

const cell = (method: string, seed: number, scores: readonly Score[], operator = 'sr:4'): ImageCell => ({
  ...{ prior: 'digits', operator, noise: '0.05', method, words: `${method}:steps=3`, seed, pictures: 2 },
  ...{ measured: 100, scores, nfe: 10 + seed, vjps: 0, seconds: 1 },
})
const refusal = (method: string, seed: number, why: string): ImageCell => ({
  ...{ prior: 'digits', operator: 'sr:4', noise: '0.05', method, words: method, seed, pictures: 2 },
  refused: why,
})

// Pictures differ by tens of dB, methods by one: only a pairing tells them apart.
const base = [10, 30, 20, 40]
const scores = (off: readonly number[], seed: number): Score[] =>
  [0, 1].map((i) => ({ psnr: base[2 * seed + i]! + off[2 * seed + i]!, misfit: 1.5 }))
const good = [0, 1].map((seed) => cell('good', seed, scores([0, 0, 0, 0], seed)))
const bad = [0, 1].map((seed) => cell('bad', seed, scores([-1, -1.1, -0.9, -1], seed)))
const noisy = [0, 1].map((seed) => cell('noisy', seed, scores([-9, 8, -8, 7], seed)))

test('rows are in order of PSNR, means over all pictures, each set beside the best picture by picture', () => {
  const other = cell('good', 0, [{ psnr: 1 }, { psnr: 2 }], 'blur')
  const [sr, blur] = imageTables([
    ...bad,
    other,
    ...noisy,
    ...good,
    refusal('torn', 0, 'it diverges'),
    refusal('torn', 1, 'x'),
  ])
  expect([sr?.operator, blur?.operator]).toEqual(['sr:4', 'blur'])
  expect(sr?.rows.map(({ method }) => method)).toEqual(['good', 'noisy', 'bad'])
  const [best, second, last] = sr?.rows ?? []
  expect(best).toMatchObject({ pictures: 4, nfe: 10.5, vjps: 0, behind: undefined })
  expect(best?.scores['psnr']?.value).toBe(25)
  expect(best?.residual).toMatchObject({ chi2: 225, verdict: 'too large' })
  // t(0.975, 3)·s/√4 by hand: s² of −1, −1.1, −0.9, −1 is 0.02/3. No other signs of four are as far from 0.
  const half = 3.182446 * Math.sqrt(0.02 / 3 / 4)
  expect(last?.behind?.value).toBeCloseTo(-1, 12)
  expect(last?.behind?.high).toBeCloseTo(-1 + half, 6)
  expect(last?.behind?.p).toBe(2 / 16)
  expect(second?.behind && second.behind.low < 0 && second.behind.high > 0).toBe(true)
  expect(sr?.refused).toEqual([{ method: 'torn', why: 'it diverges', seeds: 2 }])
  expect(blur?.rows[0]?.residual).toBeUndefined()
})

test('pairs are of pictures that both restored', () => {
  const fewer = [cell('few', 1, scores([0, 0, 2, 4], 1))]
  expect(pictureDifference(fewer, good, 'psnr')?.value).toBe(3)
  expect(pictureDifference(good, fewer, 'psnr')?.value).toBe(-3)
  expect(pictureDifference(fewer, good, 'ssim')).toBeUndefined()
  expect(pictureDifference([refusal('torn', 0, 'x')], good, 'psnr')).toBeUndefined()
})

test('results come back, an infinite PSNR too; other files are refused', () => {
  const cells = [cell('a', 0, [{ psnr: Infinity }, { psnr: 3 }]), refusal('b', 0, 'no')]
  const results = {
    command: 'tweedie bench images',
    date: '2026-01-01T00:00:00Z',
    machine: { node: '24', cores: 2 },
    truth: 'held-out digits',
    cells,
  }
  const text = formatImageResults(results)
  expect(text.split('\n').filter((line) => line.startsWith('  {'))).toHaveLength(2)
  expect(parseImageResults(text, 'r.json')).toMatchObject(results)
  expect(() => parseImageResults('{"format":"tweedie calibration 1"}', 'r.json')).toThrow(FileFormatError)
  expect(() => parseImageResults('{', 'r.json')).toThrow('r.json: holds no results of `tweedie bench images`')
  expect(parseImageCell(JSON.stringify(cells[1]))).toEqual(cells[1])
  expect(parseImageCell(JSON.stringify(cells[1]).slice(0, -3))).toBeUndefined()
})

test('a cell is another one where anything of it differs', () => {
  const one = cell('a', 0, [])
  const changes: readonly Partial<ImageCell>[] = [
    { prior: 'x' },
    { operator: 'x' },
    { noise: 'x' },
    { words: 'x' },
    { seed: 1 },
    { pictures: 3 },
  ]
  for (const change of changes) expect(imageCellKey({ ...one, ...change })).not.toBe(imageCellKey(one))
  expect(imageCellKey({ ...one })).toBe(imageCellKey(one))
})
