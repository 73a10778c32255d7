import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise, poissonNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { DcpsOptions } from '../index.ts'
import { dcps, UnfitError } from '../index.ts'
import { evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { A, close, drawn, firstSample, list, n, names, network, priorOn, problemOf, schedules, seed, streams, y } from '../written-out-problem.test.helper.ts' // biome-ignore format: one line
import { drawnBy, drawOf, plainBridge, plainFit } from './plain-fit.test.helper.ts'

const sigmaY = 0.4

describe('every step is the formula', () => {
  const follow = async (name: Name, options: DcpsOptions = {}) => {
    const [schedule, levels] = schedules[name]
    const { alpha, sigma } = levels
    const steps = 7
    const { eta = 1, optimizer = 'normalised', learningRate = 0.3 } = options
    const path = respace(schedule, steps, 'linspace')
    // Of 7 steps in 3 blocks 0–2, 3–4 and 5–6; in one block all.
    const ends = options.blocks === 1 ? [7, 7, 7, 7, 7, 7, 7] : [3, 3, 3, 5, 5, 7, 7]
    const begins = options.blocks === 1 ? [0] : [0, 3, 5]
    /** ∇_x log p(α_ℓ y | A x_ℓ), and x_ℓ by DDIM; nothing between at x_ℓ itself. */
    const potential = (x: readonly number[], t: number, end: number | undefined, z?: readonly number[]) => {
      const scale = end === undefined ? 1 : alpha(end)
      const score = (at: readonly number[]) =>
        times(transposed(A), plus([scale, y], [-1, times(A, at)])).map((v) => v / sigmaY ** 2)
      if (t === end) return score(x)
      const x0 = evaluate(network, x, t)
      const to = end === undefined ? { mean: x0, deviation: 0 } : plainBridge(levels, t, end, undefined, x0, x, eta)
      const G = score(z === undefined ? to.mean : plus([1, to.mean], [to.deviation, z]))
      const ofX = end === undefined ? 0 : plainBridge(levels, t, end, undefined, [0], [1], eta).mean[0]!
      const ofX0 = end === undefined ? 1 : plainBridge(levels, t, end, undefined, [1], [0], eta).mean[0]!
      return plus([ofX, G], [ofX0, pullBack(network, x, t, G)])
    }
    let x: readonly number[] = plus([sigma(path[0]!.t), drawn(0, 'start')])
    let seen = 0
    const asked = { fitSteps: 3, langevinSteps: 4, langevinStep: 0.01, ...options, learningRate, steps, seed, firstSample }
    for await (const step of dcps(problemOf(sigmaY), priorOn(name), asked)) {
      const { i } = step
      const { t, s } = path[i]!
      const end = path[ends[i]!]?.t
      if (begins.includes(i)) {
        const key = streams.keysOf(i, 'langevin')[0]!
        for (let k = 0; k < 4; k++) {
          const score = plus([alpha(t), evaluate(network, x, t)], [-1, x]).map((v) => v / sigma(t) ** 2)
          const h = plus([1, score], [1, potential(x, t, end)])
          x = plus([1, x], [0.01 / (1 + 0.01 * length(h)), h], [Math.sqrt(0.02), drawnBy(key.fold(k), n)])
        }
      }
      const x0 = evaluate(network, x, t)
      let wanted = x0
      if (i < steps - 1) {
        const law = plainBridge(levels, t, s, undefined, x0, x, eta)
        const q = plainFit(
          (at, key) => potential(at, s, end, drawnBy(key, n)).map((v) => -v),
          law,
          law,
          { steps: 3, rate: learningRate, optimizer, divergence: 'closed', key: streams.keysOf(i, 'fit')[0]! },
        )
        wanted = drawOf(q, drawn(i, 'step'))
      }
      close(list(step.x0hat), x0, `x̂₀ of step ${i}`)
      close(list(step.x), wanted, `x of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      x = list(step.x)
      seen++
    }
    expect(seen).toBe(steps)
  } // biome-ignore format: formulas

  it.each(names)('on %s', (name) => follow(name))
  it.each([{ blocks: 1 }, { optimizer: 'adam', learningRate: 0.05 }, { eta: 0.6 }] as const)(
    'with %o',
    async (options) => {
      await follow('linear', options)
      await follow('ve', options)
    },
  )
})

const prior = gaussianPrior({ mean: [0.5, 0], covariance: 0.5 })
const { adjoint, svd, pinv, ...blunt } = matrixOperator(tensor([[1, 0]]))
const problem = { operator: blunt, noise: gaussianNoise(0.3), y: tensor([[0.5]]) }

it('counts what it evaluates, and takes counts', async () => {
  for (const options of [{ steps: 10 }, { steps: 2, blocks: 5 }, { steps: 9, blocks: 1, langevinSteps: 0 }]) {
    const counted = countCalls(prior)
    await run(dcps({ ...problem, noise: poissonNoise({ peak: 30, background: 20 }) }, counted, options))
    expect(counted.calls.total).toBe(dcps.info.evaluations(options.steps, options))
  }
  // 10 steps, 3 blocks of 5 Langevin steps, and 2 updates in the 7 steps that are not the last of a block.
  expect(dcps.info.evaluations(10)).toBe(10 + 15 + 14)
})

it('refuses what does not fit, before any work', () => {
  expect(() => dcps(problem, prior)).not.toThrow()
  expect(() => dcps({ ...problem, noise: noNoise() }, prior)).toThrow(UnfitError)
  expect(() => dcps(problem, prior, { eta: 0 })).toThrow(OptionError)
  expect(() => dcps(problem, prior, { blocks: 0 })).toThrow('blocks')
})
