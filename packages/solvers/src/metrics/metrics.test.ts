import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  concat,
  fromData,
  full,
  memory,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  zeros,
} from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { denoise, inpaint } from '../operators/index.ts'
import { misfit, psnr, ssim } from './index.ts'

interface Fixture {
  name: string
  shape: number[]
  x: number[]
  y: number[]
  ssim: number
  by: string
}
const fixtures: Fixture[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/ssim/ssim.json'), 'utf8'),
)

describe('psnr', () => {
  test('known answers in the data range [−1, 1]', async () => {
    // A difference of 2·10^(−dB/20) in [−1, 1] is 10^(−dB/20) of the peak.
    for (const decibels of [0, 6, 20, 45]) {
      const off = 2 * 10 ** (-decibels / 20)
      const [x, truth] = [
        full([2, 1, 3, 3], -1 + off, { dtype: 'float64' }),
        full([2, 1, 3, 3], -1, { dtype: 'float64' }),
      ]
      for (const value of await psnr(x, truth)) expect(value).toBeCloseTo(decibels, 10)
    }
    expect(Array.from(await psnr(zeros([1, 2]), zeros([1, 2])))).toEqual([Infinity])
  })

  test('clips both, and takes samples one by one', async () => {
    const x = fromData([5, -7, 0, 0], [2, 2])
    const truth = fromData([1, -1, 1, 0], [2, 2])
    const [clipped, half] = await psnr(x, truth)
    expect(clipped).toBe(Infinity)
    expect(half).toBeCloseTo(-10 * Math.log10(0.25 / 2), 12)
    await expect(psnr(x, zeros([2, 3]))).rejects.toThrow(ShapeError)
  })
})

describe('ssim', () => {
  test.each(fixtures)('$name: as $by', async ({ shape, x, y, ssim: expected }) => {
    const batch = [1, ...shape]
    const [a, b] = [fromData(Float64Array.from(x), batch), fromData(Float64Array.from(y), batch)]
    expect((await ssim(a, b))[0]).toBeCloseTo(expected, 11)
    expect((await ssim(b, a))[0]).toBeCloseTo(expected, 11)
    expect((await ssim(a, a))[0]).toBeCloseTo(1, 12)
    const both = await ssim(concat([a, b]), concat([b, b]))
    expect(both[0]).toBeCloseTo(expected, 11)
    expect(both[1]).toBeCloseTo(1, 12)
  })

  test('needs images', async () => {
    await expect(ssim(zeros([1, 16, 16]), zeros([1, 16, 16]))).rejects.toThrow('[N, C, H, W]')
    await expect(ssim(zeros([1, 1, 16, 16]), zeros([1, 1, 16, 15]))).rejects.toThrow(ShapeError)
  })
})

describe('misfit', () => {
  test('is the residual in units of the expected one, per sample', async () => {
    const operator = inpaint([1, 4, 4], { box: 2 })
    const y = concat([full([1, 1, 12], 0.5), full([1, 1, 12], -1)])
    const before = memory().tensors
    const [first, second] = await misfit({ operator, noise: gaussianNoise(0.25), y }, zeros([2, 1, 4, 4]))
    expect(memory().tensors - before).toBe(2) // the zeros and the operator's constant
    expect(first).toBeCloseTo(2, 12)
    expect(second).toBeCloseTo(4, 12)
  })

  test('of the truth is about 1, whatever the operator leaves out', async () => {
    const operator = inpaint([3, 32, 32], { box: 24 })
    const noise = gaussianNoise(0.1)
    const x = normal(randomKey(1), [1, 3, 32, 32])
    const y = noise.sample([randomKey(2)], operator.forward(x))
    // √(χ²_m/m) with m = 3·448: standard deviation 1/√(2m) = 0.019.
    expect(Math.abs((await misfit({ operator, noise, y }, x))[0]! - 1)).toBeLessThan(0.06)
  })

  test('needs a noise level, and y of the right shape', async () => {
    const operator = denoise([3])
    const x = zeros([1, 3])
    await expect(misfit({ operator, noise: gaussianNoise(0), y: x }, x)).rejects.toThrow(OptionError)
    await expect(misfit({ operator, noise: gaussianNoise(1), y: zeros([2, 3]) }, x)).rejects.toThrow(
      ShapeError,
    )
  })
})
