import { tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, ve, vpLinear } from '../../schedules/index.ts'
import type { IlvrOptions } from '../index.ts'
import { ilvr, ilvrDefaultRange, repaint } from '../index.ts'
import { lawOfMethod } from '../law-of-method.test.helper.ts'
import { evaluate, length, plus, times } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  invertibleOf,
  list,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'
import { ancestral, conditional, exchanged, pairOf, seenBy } from './measured.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

describe.each(names)('ILVR on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly (readonly [
    IlvrOptions & { variance?: 'small' | 'large' },
    free: readonly number[],
  ])[] = [
    // Of the steps 0 … 5 the index at the clean end is 5 − i.
    [{}, [4, 5]],
    [{ range: -1, spacing: 'trailing' }, []],
    [{ range: 0, variance: 'large' }, [5]],
    [{ range: 3, spacing: 'quadratic' }, [2, 3, 4, 5]],
    [{ range: 9 }, [0, 1, 2, 3, 4, 5]],
  ]

  it.each(cases)('%j, every step written out', async (options, free) => {
    const { variance = 'small', spacing = 'guided' } = options
    const pairs = respace(schedule, 6, spacing)
    const { alpha, sigma } = levels
    const problem = { ...problemOf(0.3), operator: invertibleOf(decomposition) }
    let x = plus([sigma(pairs[0]!.t), drawn(0, 'start')])
    let seen = 0
    for await (const step of ilvr(problem, priorOn(name), { ...options, steps: 6, seed, firstSample })) {
      const { t, s } = pairs[step.i]!
      const x0 = evaluate(network, x, t)
      const down = ancestral(levels, [t, s], variance, x, x0, drawn(step.i, 'step'))
      x = free.includes(step.i)
        ? down
        : exchanged(decomposition, [alpha(s), sigma(s)], y, down, drawn(step.i, 'measured'))
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.x.dataSync(), x, `x of step ${step.i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${step.i}`)
      seen++
    }
    expect(seen).toBe(6)
  })
})

describe('ILVR', () => {
  it('leaves a fifth of the steps free: index 20 and below of 100', () => {
    expect([100, 50, 10, 4, 1].map(ilvrDefaultRange)).toEqual([20, 10, 2, 0, 0])
  })

  it('is RePaint without travel where rows are orthonormal', async () => {
    const of = { U, s: [1, 1, 0], V }
    const problem = { ...problemOf(0.3, of), operator: invertibleOf(of) }
    const common = { steps: 12, seed, firstSample, variance: 'small' } as const
    const ours = await run(ilvr(problem, priorOn('linear'), { ...common, range: -1 }))
    close(
      list(ours),
      list(await run(repaint(problem, priorOn('linear'), { ...common, repeats: 1 }))),
      'RePaint',
    )
  })

  it.each([vpLinear(), ve({ sigmaMax: 50 })])(
    'ends at A x = y where no step is free, on $name',
    async (schedule) => {
      const prior = gaussianPrior({
        mean: new Array(32).fill(0.1),
        covariance: 0.5,
        shape: [2, 4, 4],
        schedule,
      })
      const operator = sr([2, 4, 4], { factor: 2 })
      const y = operator.forward(
        tensor(
          [
            Array.from({ length: 2 }, (_, c) =>
              Array.from({ length: 4 }, (_, i) =>
                Array.from({ length: 4 }, (_, j) => Math.sin(c + 2 * i + 3 * j)),
              ),
            ),
          ],
          float64,
        ),
      )
      const { noise } = seenBy([1, 0], 1)
      const left = async (range: number) => {
        const x = await run(ilvr({ operator, noise, y }, prior, { steps: 10, range }))
        return Math.max(...list(operator.forward(x).sub(y).abs()))
      }
      expect(await left(-1)).toBeLessThan(1e-12)
      expect(await left(0)).toBeGreaterThan(1e-3)
    },
  )
})

describe('ILVR on a Gaussian', () => {
  const prior = pairOf(vpLinear())
  const law = (row: readonly number[], options: IlvrOptions) => {
    const y = (count: number) => seenBy(row, count).y.mul(row[0]! + row[1]!)
    const problem = (count: number) => ({ ...seenBy(row, count), y: y(count) })
    return lawOfMethod((count, resume) => ilvr(problem(count), prior, { ...options, resume }), [2])
  }

  it('does not know the scale of A', async () => {
    const one = await law([1, 0], { steps: 20 })
    const five = await law([5, 0], { steps: 20 })
    close(five.mean.to1DArray(), one.mean.to1DArray(), 'mean')
    close(five.covariance.to1DArray(), one.covariance.to1DArray(), 'covariance')
  })

  it('is biased: more steps do not make it the conditional law', async () => {
    const means: number[] = []
    for (const steps of [50, 200]) {
      const { mean, covariance } = await law([1, 0], { steps, range: -1 })
      expect(mean.get(0, 0)).toBeCloseTo(1, 12)
      expect(Math.abs(covariance.get(0, 0))).toBeLessThan(1e-15)
      means.push(mean.get(1, 0) - conditional.mean.get(1, 0))
    }
    // The hidden one is drawn too little to y: by 0.14 where y is 0.5 off its mean and what it should move is 0.3.
    for (const bias of means) expect(bias).toBeGreaterThan(-0.16)
    for (const bias of means) expect(bias).toBeLessThan(-0.12)
  })

  it('free steps take what they see back toward the prior', async () => {
    const seen = async (range: number) => (await law([1, 0], { steps: 50, range })).mean.get(0, 0)
    const [none, few, all] = [await seen(-1), await seen(20), await seen(49)]
    expect(none).toBeCloseTo(1, 12)
    expect(few).toBeLessThan(1 - 1e-3)
    expect(few).toBeGreaterThan(0.5)
    expect(all).toBeCloseTo(0.5, 2)
  })
})
