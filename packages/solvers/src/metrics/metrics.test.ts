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
import { blur, compose, defineOperator, denoise, inpaint } from '../operators/index.ts'
import type { Metric } from './index.ts'
import { defineMetric, metrics, misfit, psnr, residual, scoreAll, ssim, unseen } from './index.ts'

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

describe('the catalog', () => {
  // Of 16 pixels a box of 4 is hidden; the truth is 0, the guess 0.5 everywhere, and beyond the range in the second.
  const operator = inpaint([1, 4, 4], { box: 2 })
  const truth = zeros([2, 1, 4, 4])
  const problem = { operator, noise: gaussianNoise(0.1), y: operator.forward(truth) }
  const guess = concat([full([1, 1, 4, 4], 0.5), full([1, 1, 4, 4], -3)])

  test('knows what each is, and what it needs', () => {
    expect(metrics.names).toEqual(['psnr', 'ssim', 'misfit', 'residual', 'unseen'])
    for (const { info } of metrics) {
      expect(info.title).not.toBe('')
      expect(info.range[0]).toBeLessThan(info.range[1])
    }
    expect(psnr.info).toMatchObject({ unit: 'dB', better: 'higher', needs: ['truth'] })
    expect(misfit.info).toMatchObject({ better: 'lower', target: 1, needs: ['problem', 'sigma'] })
    expect(metrics.find('ssim')).toBe(ssim)
    expect(() => metrics.find('fid')).toThrow("no metric 'fid'; there are psnr, ssim")
  })

  test('scores are those of the functions', async () => {
    const scores = await scoreAll(guess, { truth, problem })
    expect(Object.keys(scores)).toEqual(metrics.names)
    expect(scores['psnr']).toEqual(await psnr(guess, truth))
    expect(scores['ssim']).toEqual(await ssim(guess, truth))
    expect(scores['misfit']).toEqual(await misfit(problem, guess))
    expect(scores['residual']?.[0]).toBeCloseTo(0.5 * Math.sqrt(12), 6)
    expect(scores['residual']?.[1]).toBeCloseTo(3 * Math.sqrt(12), 5)
    // 4 of 16 equal errors are hidden, clipped or not.
    for (const part of scores['unseen'] ?? []) expect(part).toBeCloseTo(0.25, 6)
  })

  test('the unseen part is of the error, clipped to the range, by A⁺A', async () => {
    const x = zeros([1, 1, 4, 4]).add(
      fromData([5, ...new Array<number>(4).fill(0), 0.5, ...new Array<number>(10).fill(0)], [1, 1, 4, 4]),
    )
    // The corner is seen, its error clipped to 1; pixel (1, 1) is hidden.
    const one = {
      truth: zeros([1, 1, 4, 4]),
      problem: { ...problem, y: operator.forward(zeros([1, 1, 4, 4])) },
    }
    expect((await unseen.of(x, one))[0]).toBeCloseTo(0.25 / 1.25, 6)
    expect((await unseen.of(zeros([1, 1, 4, 4]), one))[0]).toBeNaN()
  })

  test('only what can be had is measured', async () => {
    const names = async (...given: Parameters<typeof scoreAll>) => Object.keys(await scoreAll(...given))
    expect(await names(guess, {})).toEqual([])
    expect(await names(guess, { truth })).toEqual(['psnr', 'ssim'])
    expect(await names(guess, { problem })).toEqual(['misfit', 'residual'])
    expect(await names(guess, { problem: { ...problem, noise: gaussianNoise(0) } })).toEqual(['residual'])
    expect(await names(zeros([1, 3]), { truth: full([1, 3], 1) })).toEqual(['psnr'])
    const blind = defineOperator({
      name: 'blind',
      summary: 'x²',
      example: 'blind',
      options: {},
      build: (shape) => ({ inShape: shape, outShape: shape, forward: (x) => x.square() }),
    })([1, 4, 4])
    const other = { operator: blind, noise: gaussianNoise(0.1), y: truth }
    expect(await names(guess, { truth, problem: other })).toEqual(['psnr', 'ssim', 'misfit', 'residual'])
    expect(unseen.lacks(guess, { truth, problem: other })).toBe('a linear operator with a pseudo-inverse')
    expect(unseen.lacks(guess, { problem })).toBe('the truth')
    const without = { ...problem, operator: compose(operator, blur([1, 4, 4], { size: 3, std: 1 })) }
    expect(unseen.lacks(guess, { truth, problem: without })).toBe('a linear operator with a pseudo-inverse')
    await expect(unseen.of(guess, { truth, problem: other })).rejects.toThrow(
      'metric: unseen needs a linear operator with a pseudo-inverse',
    )
    await expect(residual.of(guess, {})).rejects.toThrow(OptionError)
  })

  test('takes a metric of one’s own, and nothing leaks', async () => {
    const count: Metric = defineMetric({
      name: 'count',
      title: 'how many',
      unit: '',
      better: 'higher',
      range: [0, Infinity],
      needs: [],
      of: async (x) => new Float64Array(x.shape[0]!).fill(1),
    })
    const mine = metrics.with(count)
    await scoreAll(guess, { truth, problem }, mine)
    const before = memory().tensors
    const scores = await scoreAll(guess, { truth, problem }, mine)
    expect(scores['count']).toEqual(Float64Array.of(1, 1))
    expect(memory().tensors).toBe(before)
  })
})
