import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise, poissonNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { firstTime, respace, timeWithin, ve, vpLinear } from '../../schedules/index.ts'
import type { MgpsOptions } from '../index.ts'
import { mgps, UnfitError } from '../index.ts'
import { evaluate, length, plus, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { A, close, drawn, firstSample, list, names, network, priorOn, problemOf, schedules, seed, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { drawOf, misfit, plainBridge, plainFit } from './plain-fit.test.helper.ts'

const sigmaY = 0.4

describe('every step is the formula', () => {
  const follow = async (name: Name, options: MgpsOptions = {}) => {
    const [schedule, levels] = schedules[name]
    const { alpha, sigma } = levels
    const steps = 7
    const { fit = 'adam', learningRate = 0.03 } = options
    const part = options.alpha ?? 0.5
    const warm = Math.ceil((options.warm ?? 0.3) * (steps - 2))
    const discrete = name !== 've'
    const first = discrete ? 0 : 0.02
    const path = respace(schedule, steps, 'linspace')
    /** ⌊α·s⌋ in the count from the clean end, which is one more than the index. */
    const midOf = (s: number) => (discrete ? Math.max(0, Math.floor(part * (s + 1)) - 1) : Math.max(first, part * s))
    /** 3 updates; 5 in the first two steps and in every second from the end; never with fewer than 3 left. */
    const updates = (i: number) => (steps - 1 - i > 2 && (i < 2 || (steps - 1 - i) % 2 === 0) ? 5 : 3)
    const asked = { ...options, steps, seed, firstSample, fitSteps: 3, longSteps: 5, longFirst: 2, longEvery: 2, quietLast: 2 }
    const optimizer = fit === 'normalised' ? fit : 'adam'
    let x: readonly number[] = plus([sigma(path[0]!.t), drawn(0, 'start')])
    let end = evaluate(network, x, path[0]!.t)
    let seen = 0
    for await (const step of mgps(problemOf(sigmaY), priorOn(name), asked)) {
      const { i } = step
      const { t, s } = path[i]!
      const x0 = evaluate(network, x, t)
      if (i === steps - 1) {
        close(list(step.x), x0, 'the end')
      } else {
        const mid = midOf(s)
        const law = plainBridge(levels, t, mid, undefined, x0, x)
        const start = plainBridge(levels, t, mid, i < warm ? first : undefined, end, x)
        const how = { steps: updates(i), rate: learningRate, optimizer, divergence: 'closed' } as const
        const q = plainFit((at) => misfit(at, mid, sigmaY), law, start, { ...how, key: streams.keysOf(i, 'fit')[0]! })
        const xMid = drawOf(q, drawn(i, 'midpoint'))
        const ofMid = evaluate(network, xMid, mid)
        let near = xMid
        end = ofMid
        if (i < warm) {
          const ratio = alpha(mid) / alpha(first)
          const variance = sigma(mid) ** 2 - (ratio * sigma(first)) ** 2
          const gradient = (at: readonly number[]) => {
            const score = plus([alpha(first), evaluate(network, at, first)], [-1, at]).map((v) => v / sigma(first) ** 2)
            return plus([1, times(transposed(A), plus([1, times(A, at)], [-1, y])).map((v) => v / sigmaY ** 2)], [-1, score])
          }
          const target = { mean: xMid.map((v) => v / ratio), deviation: Math.sqrt(variance) / ratio }
          const begun = plainBridge(levels, mid, first, undefined, ofMid, xMid)
          const second = plainFit(gradient, target, begun, { ...how, key: streams.keysOf(i, 'second fit')[0]! })
          near = drawOf(second, drawn(i, 'second'))
          end = near
        }
        const to = plainBridge(levels, t, s, i < warm ? first : mid, near, x)
        close(list(step.x), plus([1, to.mean], [to.deviation, drawn(i, 'step')]), `x of step ${i}`)
      }
      close(list(step.x0hat), x0, `x̂₀ of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      x = list(step.x)
      seen++
    }
    expect(seen).toBe(steps)
  } // biome-ignore format: formulas

  it.each(names)('on %s', (name) => follow(name))
  it.each([
    { alpha: 0.2, learningRate: 0.1 },
    { alpha: 1, warm: 0 },
    { fit: 'normalised', learningRate: 0.2 },
    { warm: 1 },
  ] as const)('with %o', async (options) => {
    await follow('linear', options)
    await follow('ve', options)
  })
})

it('a midpoint is an index above the clean end, or a part of the way', () => {
  expect([999, 500, 3, 1, 0].map((s) => timeWithin(vpLinear(), s, 0.5))).toEqual([499, 249, 1, 0, 0])
  expect(timeWithin(vpLinear(), 700, 1)).toBe(700)
  const schedule = ve({ sigmaMax: 20 })
  expect(timeWithin(schedule, 8, 0.25)).toBe(2)
  expect(timeWithin(schedule, 8, 1e-9)).toBe(firstTime(schedule))
  expect(firstTime(schedule)).toBe(0.02)
})

it('takes counts, and an operator that is not linear', async () => {
  const prior = gaussianPrior({ mean: [0.5, 0], covariance: 0.05 })
  const { adjoint, svd, pinv, ...blunt } = matrixOperator(tensor([[1, 0]]))
  const problem = { operator: blunt, noise: poissonNoise({ peak: 30, background: 1 }), y: tensor([[0.5]]) }
  const counted = countCalls(prior)
  const x = await run(mgps(problem, counted, { steps: 30 }))
  expect(Math.abs(x.dataSync()[0]! - 0.5)).toBeLessThan(1)
  expect(counted.calls.total).toBe(mgps.info.evaluations(30))
  // Each update goes back once, and no other evaluation: 24 of 2 and 5 of 20, the second fits aside.
  expect(counted.calls.recorded).toBe(5 * 20 + 24 * 2)
})

it('refuses what does not fit, before any work', () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
  const { adjoint, svd, pinv, ...blunt } = matrixOperator(tensor([[1, 0]]))
  const problem = { operator: blunt, noise: gaussianNoise(0.1), y: tensor([[1]]) }
  expect(() => mgps(problem, prior)).not.toThrow()
  expect(() => mgps(problem, prior, { fit: 'exact' })).toThrow('takes a linear operator with Gaussian noise')
  expect(() => mgps({ ...problem, noise: noNoise() }, prior)).toThrow(UnfitError)
  expect(() => mgps(problem, prior, { alpha: 0 })).toThrow(OptionError)
  expect(() => mgps(problem, prior, { learningRate: -1 })).toThrow('learningRate')
})
