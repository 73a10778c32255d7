import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { MgdmOptions } from '../index.ts'
import { mgdm } from '../index.ts'
import type { Levels } from '../written-out.test.helper.ts'
import { evaluate, length, plus, times } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { A, close, drawn, firstSample, list, n, names, network, priorOn, problemOf, schedules, seed, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { drawnBy, drawOf, misfit, plainBridge, plainFit } from './plain-fit.test.helper.ts'

const sigmaY = 0.4

describe('every step is the formula', () => {
  const follow = async (name: Name, options: MgdmOptions = {}) => {
    const [schedule] = schedules[name]
    const levels: Levels = schedule // between two indices, too
    const { sigma } = schedule
    const steps = 8
    const { repeats = 2, eta = 1, tau = 'mix', fit = 'adam' } = options
    const discrete = name !== 've'
    const [clean, first, whole] = discrete ? [-1, 0, schedule.noisiest + 1] : [0, 0.02, 20]
    const path = respace(schedule, steps, 'linspace').map(({ t }) => t)
    const asked = { repeats, denoiseSteps: 4, fitSteps: 2, longSteps: 4, longPart: 0.25, firstPart: 0.25, minTau: 0.03, ...options, steps, seed, firstSample }
    const low = discrete ? clean + Math.floor(0.03 * whole) : Math.max(first, 0.03 * whole)
    let x: readonly number[] = plus([sigma(path[0]!), drawn(0, 'start')])
    let x0 = evaluate(network, x, path[0]!)
    let seen = 0
    for await (const step of mgdm(problemOf(sigmaY), priorOn(name), asked)) {
      const { i } = step
      // Of the last two steps the three times are those of the one before.
      const j = Math.min(i, steps - 3)
      const [t, s, u] = [path[j]!, path[j + 1]!, path[j + 2]!]
      const even = tau === 'uniform' || (tau === 'mix' && i < 0.7 * steps)
      const golden = (((i + 1) * (1 + Math.sqrt(5))) / 2) % 1
      const wished = even && u > low ? low + golden * (u - low) : u
      const middle = wished > first ? wished : (first + s) / 2
      const begun = plainBridge(levels, t, s, undefined, x0, x, eta)
      let xs = plus([1, begun.mean], [begun.deviation, drawn(i, 'step')])
      for (let r = 0; r < repeats; r++) {
        const key = streams.keysOf(i, 'round')[0]!.fold(r)
        const law = plainBridge(levels, s, middle, undefined, x0, xs)
        const q = plainFit((at) => misfit(at, middle, sigmaY), law, law, {
          ...{ steps: i >= 0.75 * steps ? 4 : 2, rate: i < 0.25 * steps ? 0.01 : 0.03 },
          ...{ optimizer: fit === 'normalised' ? fit : 'adam', divergence: 'sampled', key: key.fold('fit') },
        })
        const xTau = drawOf(q, drawnBy(key.fold('midpoint'), n))
        const grid = [0, 1, 2, 3].map((k) => middle + ((first - middle) * k) / 3)
        x0 = [...xTau]
        grid.forEach((at, k) => {
          const x0hat = evaluate(network, x0, at)
          const to = grid[k + 1]
          if (to === undefined) x0 = x0hat
          else {
            const { mean, deviation } = plainBridge(levels, at, to, undefined, x0hat, x0, eta)
            x0 = plus([1, mean], [deviation, drawnBy(key.fold('denoising').fold(k), n)])
          }
        })
        const next = plainBridge(levels, t, s, middle, xTau, x)
        xs = plus([1, next.mean], [next.deviation, drawnBy(key.fold('step'), n)])
      }
      const wanted = i === steps - 1 ? x0 : i < steps - 3 ? xs : x
      close(list(step.x), wanted, `x of step ${i}`)
      close(list(step.x0hat), x0, `x₀ of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      x = list(step.x)
      seen++
    }
    expect(seen).toBe(steps)
  } // biome-ignore format: formulas

  it.each(names)('on %s', (name) => follow(name))
  it.each([{ tau: 'uniform', repeats: 1 }, { tau: 'last' }, { fit: 'normalised' }, { eta: 0.5 }] as const)(
    'with %o',
    async (options) => {
      await follow('linear of 50', options)
      await follow('ve', options)
    },
  )
})

const prior = gaussianPrior({ mean: [0.5, 0], covariance: 0.5 })
const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[0.5]]) }

it('counts what it evaluates: R·(updates and denoising) a step, and nothing in fewer than three steps', async () => {
  for (const options of [
    { steps: 12, repeats: 3, denoiseSteps: 5 },
    { steps: 12, fit: 'exact', denoiseSteps: 5 },
    { steps: 2, denoiseSteps: 5 },
  ] as const) {
    const counted = countCalls(prior)
    const x = await run(mgdm(problem, counted, options))
    expect(counted.calls.total).toBe(mgdm.info.evaluations(options.steps, options))
    expect(x.shape).toEqual([1, 2])
  }
  // 11 steps of 3 updates and 1 of 20, which go back, 12 of 5 steps of denoising, which do not.
  const counted = countCalls(prior)
  await run(mgdm(problem, counted, { steps: 12, repeats: 3, denoiseSteps: 5 }))
  expect(counted.calls).toMatchObject({
    total: 1 + 3 * (11 * 3 + 20 + 60),
    recorded: 3 * (11 * 3 + 20),
  })
})

it('refuses what does not fit, before any work', () => {
  const { adjoint, svd, pinv, ...blunt } = problem.operator
  expect(() => mgdm({ ...problem, operator: blunt }, prior)).not.toThrow()
  expect(() => mgdm({ ...problem, operator: blunt }, prior, { fit: 'exact' })).toThrow(
    'takes a linear operator',
  )
  expect(() => mgdm(problem, prior, { repeats: 0 })).toThrow(OptionError)
  expect(() => mgdm(problem, prior, { minTau: 1 })).toThrow('minTau')
})
