import type { Tensor } from '@tweedie/tensor'
import { concat, memory, normal, randomKey, ShapeError, zeros } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { phaseRetrieval } from '../operators/index.ts'
import { aligned, alignedPsnr, metrics, psnr } from './index.ts'

const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, { dtype: 'float64' })
const values = (x: Tensor) => Array.from(x.dataSync())
const turned = (x: Tensor) => x.slice(null, null, [null, null, -1], [null, null, -1])
/** Row `down` and column `right` come first. */
const rolled = (x: Tensor, down: number, right: number) => {
  const rows = concat([x.slice(null, null, [down]), x.slice(null, null, [0, down])], 2)
  return concat([rows.slice(null, null, null, [right]), rows.slice(null, null, null, [0, right])], 3)
}
const truth = random(1, 2, 2, 5, 6)

test('undoes signs, turns and moves, whichever it may, each sample by itself', async () => {
  const all = { sign: true, flip: true, shift: true }
  const ways = [
    truth,
    truth.neg(),
    turned(truth),
    turned(truth).neg(),
    rolled(truth, 2, 5),
    turned(rolled(truth, 1, 3)).neg(),
  ]
  for (const way of ways) expect(values(await aligned(way, truth, all))).toEqual(values(truth))
  const mixed = concat([truth.slice([0, 1]).neg(), turned(truth.slice([1, 2]))])
  expect(values(await aligned(mixed, truth, { sign: true, flip: true }))).toEqual(values(truth))
  // What it may not undo stays.
  for (const [x, may] of [
    [truth.neg(), { flip: true }],
    [turned(truth), { sign: true }],
    [rolled(truth, 1, 0), { flip: true }],
    [truth.neg(), {}],
  ] as const) {
    expect(values(await aligned(x, truth, may))).not.toEqual(values(truth))
  }
  expect(values(await aligned(truth.neg(), truth, {}))).toEqual(values(truth.neg()))
})

test('channels together or apart', async () => {
  const [first, second] = [truth.slice(null, [0, 1]), truth.slice(null, [1, 2])]
  const x = concat([first.neg(), turned(second)], 1)
  const both = { sign: true, flip: true }
  expect(values(await aligned(x, truth, { ...both, channelsApart: true }))).toEqual(values(truth))
  expect(values(await aligned(x, truth, both))).not.toEqual(values(truth))
  const apart = concat([rolled(first, 3, 2), rolled(second, 1, 4)], 1)
  expect(values(await aligned(apart, truth, { shift: true, channelsApart: true }))).toEqual(values(truth))
})

test('is the one of least squared error among all, of any restoration', async () => {
  const x = random(2, 1, 2, 3, 4)
  const wanted = random(3, 1, 2, 3, 4)
  const error = (a: Tensor) => a.sub(wanted).square().sum().dataSync()[0]!
  let least = Infinity
  for (const flipped of [x, turned(x)]) {
    for (const signed of [flipped, flipped.neg()]) {
      for (let p = 0; p < 3; p++)
        for (let q = 0; q < 4; q++) least = Math.min(least, error(rolled(signed, p, q)))
    }
  }
  const best = await aligned(x, wanted, { sign: true, flip: true, shift: true })
  expect(error(best)).toBeCloseTo(least, 12)
  expect(error(await aligned(x, wanted, {}))).toBe(error(x))
})

test('what phase retrieval cannot tell apart is the same after it', async () => {
  const operator = phaseRetrieval([2, 5, 6])
  const x = turned(truth).neg()
  const gap = operator.forward(x).sub(operator.forward(truth)).abs().max().dataSync()[0]
  expect(gap).toBeLessThan(1e-12)
  const score = alignedPsnr({ sign: true, flip: true })
  expect(Array.from(await score.of(x, { truth }))).toEqual([Infinity, Infinity])
  const noisy = x.add(random(4, 2, 2, 5, 6).mul(0.1))
  expect(await score.of(noisy, { truth })).toEqual(await psnr(turned(noisy).neg(), truth))
  expect(metrics.names).not.toContain('aligned-psnr')
  expect(metrics.with(score).find('aligned-psnr')).toBe(score)
  expect(score.lacks(x, {})).toBe('the truth')
})

test('keeps the element type, leaves one tensor behind, and refuses what is no image', async () => {
  const x = truth.cast('float32')
  const before = memory().tensors
  const back = await aligned(x, x, { shift: true })
  expect([back.dtype, memory().tensors - before]).toEqual(['float32', 1])
  expect(values(back)).toEqual(values(x))
  await expect(aligned(truth, truth.slice([0, 1]), {})).rejects.toThrow(ShapeError)
  await expect(aligned(zeros([2, 3]), zeros([2, 3]), {})).rejects.toThrow('takes images [N, C, H, W]')
  expect((await aligned(zeros([0, 1, 2, 2]), zeros([0, 1, 2, 2]), { shift: true })).shape).toEqual([
    0, 1, 2, 2,
  ])
})
