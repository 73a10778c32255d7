import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { inpaint, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import type { DdpmVariance } from '../../samplers/index.ts'
import { respace, ve, vpLinear } from '../../schedules/index.ts'
import type { McgOptions } from '../index.ts'
import { ilvr, mcg } from '../index.ts'
import { evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  inverseOf,
  invertibleOf,
  list,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { ancestral, exchanged } from './measured.test.helper.ts'

const problem = { ...problemOf(0.3), operator: invertibleOf(decomposition) }
const inverse = inverseOf(decomposition)

describe.each(names)('MCG on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly (Omit<McgOptions, 'variance'> & { readonly variance?: DdpmVariance })[] = [
    {},
    { weight: 'identity', scale: 0.3, spacing: 'trailing' },
    { scale: 0.2, variance: 'large' },
  ]

  it.each(cases)('%j, every step written out', async (options) => {
    const { variance = 'small', spacing = 'guided', scale = 1, weight = 'pinv' } = options
    const pairs = respace(schedule, 6, spacing)
    const { alpha, sigma } = levels
    let x = plus([sigma(pairs[0]!.t), drawn(0, 'start')])
    let seen = 0
    for await (const step of mcg(problem, priorOn(name), { ...options, steps: 6, seed, firstSample })) {
      const { t, s } = pairs[step.i]!
      const x0 = evaluate(network, x, t)
      const r = plus([1, y], [-1, times(A, x0)])
      // −∇‖W(y − A x̂₀)‖ = Jᵀ(WA)ᵀ·Wr/‖Wr‖, WA multiplied out.
      const W = weight === 'pinv' ? inverse : [[1, 0, 0], [0, 1, 0], [0, 0, 1]] // biome-ignore format: rows
      const weighed = times(W, r)
      const WA = W.map((row) => times(transposed(A), row))
      const inward = times(transposed(WA), weighed)
      const guidance = plus([scale / length(weighed), pullBack(network, x, t, inward)])
      const down = ancestral(levels, [t, s], variance, x, x0, drawn(step.i, 'step'))
      const moved = plus([1, down], [1, guidance])
      x = exchanged(decomposition, [alpha(s), sigma(s)], y, moved, drawn(step.i, 'measured'))
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.guidance.dataSync(), guidance, `guidance of step ${step.i}`)
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      close(step.x.dataSync(), x, `x of step ${step.i}`)
      seen++
      x = list(step.x)
    }
    expect(seen).toBe(6)
  })
})

describe('MCG', () => {
  it('without its gradient is ILVR without free steps', async () => {
    const common = { steps: 8, seed, firstSample }
    const ours = await run(mcg(problem, priorOn('linear'), { ...common, scale: 0 }))
    close(list(ours), list(await run(ilvr(problem, priorOn('linear'), { ...common, range: -1 }))), 'ILVR')
  })

  it.each([vpLinear(), ve({ sigmaMax: 50 })])(
    'ends at A x = y, noise and all, on $name',
    async (schedule) => {
      const prior = gaussianPrior({
        mean: new Array(16).fill(0.1),
        covariance: 0.5,
        shape: [1, 4, 4],
        schedule,
      })
      const operator = sr([1, 4, 4], { factor: 2 })
      const y = tensor([[[[0.3, -1.2], [2.5, 0]]]], float64) // biome-ignore format: rows
      const noise = gaussianNoise(0.5)
      const x = await run(mcg({ operator, noise, y }, prior, { steps: 10, scale: 0.3 }))
      expect(Math.max(...list(operator.forward(x).sub(y).abs()))).toBeLessThan(1e-12)
    },
  )

  it('for a mask W = A⁺ and W = I are one', async () => {
    const covariance = [[1, 0.5, 0, 0.2], [0.5, 1, 0.3, 0], [0, 0.3, 1, 0.1], [0.2, 0, 0.1, 1]] // biome-ignore format: a matrix
    const prior = gaussianPrior({ mean: [0, 0.2, 0, 0], covariance, shape: [1, 2, 2] })
    const operator = inpaint([1, 2, 2], { mask: [1, 0, 0, 1] })
    const of = { operator, noise: gaussianNoise(0), y: tensor([[[0.9, -0.4]]], float64) }
    const [pinv, identity, none] = await Promise.all(
      [{}, { weight: 'identity' } as const, { scale: 0 }].map((options) =>
        run(mcg(of, prior, { steps: 10, scale: 0.5, ...options })).then(list),
      ),
    )
    close(pinv!, identity!, 'W = I')
    expect(Math.abs(pinv![1]! - none![1]!)).toBeGreaterThan(1e-3)
  })

  it('steps as far however little is left over, and stays where nothing is', async () => {
    const t = respace(vpLinear(), 6, 'guided')[0]!.t
    const start = plus([schedules.linear[1].sigma(t), drawn(0, 'start')])
    const reached = times(A, evaluate(network, start, t))
    const away = [0.6, 0.8, 0]
    const first = async (y: readonly number[]) => {
      const steps = mcg({ ...problem, y: tensor([[...y]], float64) }, priorOn('linear'), {
        steps: 6,
        seed,
        firstSample,
      })
      for await (const { guidance } of steps) return list(guidance)
      return []
    }
    const far = await first(plus([1, reached], [1, away]))
    for (const size of [1e-3, 1e-6])
      (await first(plus([1, reached], [size, away]))).forEach((v, i) =>
        expect(Math.abs(v - far[i]!)).toBeLessThan(1e-5 * length(far)),
      )
    expect(length(far)).toBeGreaterThan(0)
    // A batch: each sample by its own norm.
    const twice = { ...problem, y: tensor([y, y.map((v) => 3 * v + 1)], float64) }
    for await (const { guidance } of mcg(twice, priorOn('linear'), { steps: 6, seed, firstSample })) {
      const single = mcg({ ...problem, y: tensor([[...y]], float64) }, priorOn('linear'), {
        steps: 6,
        seed,
        firstSample,
      })
      for await (const step of single) {
        expect(list(guidance).slice(0, 4)).toEqual(list(step.guidance))
        break
      }
      break
    }
  })
})
