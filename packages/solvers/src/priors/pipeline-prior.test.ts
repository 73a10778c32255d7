import { grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, tensor, zerosLike } from '@tweedie/tensor'
import { describe, expect, it, test } from 'vitest'
import { samplePipeline } from '../samplers/index.ts'
import { vpLinear, zeroTerminalSnr } from '../schedules/index.ts'
import type { Limit } from '../types.ts'
import {
  countCalls,
  limited,
  networkPrior,
  pipelinePrior,
  shiftedByClass,
  withClass,
  withLimit,
} from './index.ts'

const f64 = (rows: number[][]) => tensor(rows, { dtype: 'float64' })
const numbers = (x: Tensor) => [...x.dataSync()]

describe('x̂₀ is limited', () => {
  const x0 = f64([
    [3, -1, 0.5, 2],
    [-8, 0.1, 0.2, -0.3],
  ])
  test.each<[string, Limit, number[]]>([
    ['to a range', { kind: 'clip', range: 2 }, [2, -1, 0.5, 2, -2, 0.1, 0.2, -0.3]],
    // The medians of |x̂₀| are 1.5 and 0.25: of the second sample that is below 1.
    [
      'by its own quantile, at least 1',
      { kind: 'dynamic', ratio: 0.5, most: 9 },
      [1, -2 / 3, 1 / 3, 1, -1, 0.1, 0.2, -0.3],
    ],
    [
      'by its largest value',
      { kind: 'dynamic', ratio: 1, most: 9 },
      [1, -1 / 3, 1 / 6, 2 / 3, -1, 0.1 / 8, 0.2 / 8, -0.3 / 8],
    ],
    [
      'by no more than the most',
      { kind: 'dynamic', ratio: 1, most: 2 },
      [1, -0.5, 0.25, 1, -1, 0.05, 0.1, -0.15],
    ],
    ['between two values', { kind: 'dynamic', ratio: 0.9, most: 9 }, [1, -1 / 2.7, 0.5 / 2.7, 2 / 2.7]],
  ])('%s', (_, limit, wanted) => {
    numbers(limited(x0, limit))
      .slice(0, wanted.length)
      .forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12))
  })

  it('without a gradient where it is cut, the quantile being a constant', () => {
    const of = (limit: Limit) => numbers(grad((x: Tensor) => limited(x, limit).sum())(f64([[3, -1, 0.5, 2]])))
    expect(of({ kind: 'clip', range: 1.5 })).toEqual([0, 1, 1, 0])
    of({ kind: 'dynamic', ratio: 0.5, most: 9 }).forEach((value, i) =>
      expect(value).toBeCloseTo([0, 2 / 3, 2 / 3, 0][i]!, 12),
    )
  })

  test.each<[Limit, string]>([
    [{ kind: 'clip', range: 0 }, 'range'],
    [{ kind: 'clip', range: Number.NaN }, 'range'],
    [{ kind: 'dynamic', ratio: 0, most: 1 }, 'ratio'],
    [{ kind: 'dynamic', ratio: 1.1, most: 1 }, 'ratio'],
    [{ kind: 'dynamic', ratio: 0.5, most: -1 }, 'most'],
  ])('%o is refused', (limit, option) => {
    expect(() => limited(x0, limit)).toThrow(OptionError)
    expect(() => limited(x0, limit)).toThrow(option)
  })
})

const schedule = vpLinear()
const options = {
  name: 'net',
  shape: [2],
  schedule,
  variance: 'small',
  grid: { spacing: 'leading', offset: 0, last: 'clean' },
} as const

describe('a prior of a pipeline', () => {
  test.each(['epsilon', 'x0', 'v', 'edm'] as const)(
    'that predicts %s estimates as networkPrior',
    (predicts) => {
      const predict = (xt: Tensor, t: number) => xt.mul(0.3).add(0.01 * t)
      const prior = pipelinePrior({
        ...options,
        predicts,
        limit: { kind: 'clip', range: 0.5 },
        predict: (xt, t) => ({ output: predict(xt, t), v: xt.mul(2) }),
      })
      const plain = networkPrior({ ...options, predicts, predict })
      const x = f64([[0.4, -1.2]])
      const { x0hat, unlimited, v } = prior.pipeline!.estimate(x, 300)
      expect(numbers(unlimited)).toEqual(numbers(plain.denoise(x, 300)))
      expect(numbers(x0hat)).toEqual(numbers(unlimited).map((value) => Math.min(Math.max(value, -0.5), 0.5)))
      expect(numbers(prior.denoise(x, 300))).toEqual(numbers(x0hat))
      expect(v).toBeDefined()
    },
  )

  it('asks the network once an estimate, and counts it', () => {
    let asked = 0
    const predict = (xt: Tensor) => {
      asked++
      return { output: zerosLike(xt) }
    }
    const prior = countCalls(pipelinePrior({ ...options, predict }))
    prior.pipeline!.estimate(f64([[1, 2]]), 5)
    prior.denoise(f64([[1, 2]]), 5)
    expect([asked, prior.calls.total]).toEqual([2, 2])
  })

  it('where nothing is left of x₀, is refused before the network is asked', () => {
    const never = (): never => {
      throw new Error('asked')
    }
    const prior = pipelinePrior({ ...options, schedule: zeroTerminalSnr(schedule), predict: never })
    expect(() => prior.denoise(f64([[1, 2]]), 999)).toThrow(
      "the noise that 'net' predicts tells nothing of x₀",
    )
    expect(() => prior.denoise(f64([[1, 2]]), 999)).toThrow(OptionError)
  })

  it('has another limit by withLimit, in all that it says', () => {
    const prior = pipelinePrior({
      ...options,
      predicts: 'x0',
      limit: { kind: 'clip', range: 1 },
      predict: (xt) => ({ output: xt.mul(3) }),
    })
    const x = f64([[1, -2]])
    const wide = withLimit(prior, { kind: 'clip', range: 4 })
    expect(numbers(wide.denoise(x, 9))).toEqual([3, -4])
    expect(numbers(wide.pipeline!.estimate(x, 9).x0hat)).toEqual([3, -4])
    expect(numbers(withLimit(wide, undefined).denoise(x, 9))).toEqual([3, -6])
    expect(() => withLimit({ ...options, denoise: (xt) => xt }, undefined)).toThrow(
      "'net' came without a pipeline",
    )
  })

  it('told a class, is no longer that of its pipeline', () => {
    const prior = pipelinePrior({ ...options, predict: (xt) => ({ output: zerosLike(xt) }) })
    const shift = { classes: { low: [-1], high: [1] }, shift: f64([[1], [0]]) }
    const conditional = shiftedByClass(prior, shift)
    expect(conditional.pipeline).toBe(prior.pipeline)
    const told = withClass(conditional, 0)
    expect(told.pipeline).toBeUndefined()
    expect(() => samplePipeline(told)).toThrow("'net' came without a pipeline")
    expect(withClass(conditional, 0, 2).pipeline).toBeUndefined()
  })
})
