import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { methodLaws } from '../../laws/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { byKernel, ddim, sampleFrom } from '../../samplers/index.ts'
import { flow, flowGrid, vpLinear } from '../../schedules/index.ts'
import { affineStep } from '../affine-step.test.helper.ts'
import type { OnPath } from '../flow-written-out.test.helper.ts'
import { evenTaus, followsPath, pathNames, straight } from '../flow-written-out.test.helper.ts'
import type { FlowChefOptions } from '../index.ts'
import { flowChef } from '../index.ts'
import { length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  float64,
  inverseOf,
  invertibleOf,
  list,
  problemOf,
  y,
} from '../written-out-problem.test.helper.ts'

const invertible = { ...problemOf(0.4), operator: invertibleOf(decomposition) }

/** Euler's step, and a shift by the gradient at x̂₀ but in the last. */
function says(
  at: OnPath,
  { scale = 500, loss = 'mean', compare = 'measurement' }: FlowChefOptions,
): number[] {
  if (at.next === 0) return straight(at)
  const into = { measurement: undefined, adjoint: transposed(A), pinv: inverseOf(decomposition) }[compare]
  const r = plus([1, y], [-1, times(A, at.x0)])
  const e = into === undefined ? r : times(into, r)
  const weight = { mean: 2 / e.length, squares: 2, norm: 1 / length(e) }[loss]
  const down = times(transposed(A), into === undefined ? e : times(transposed(into), e))
  return plus([1, straight(at)], [scale * weight, down])
}

describe.each(pathNames)('FlowChef on %s, in plain numbers', (name) => {
  const cases: readonly FlowChefOptions[] = [
    { scale: 0.3 },
    { scale: 0.05, loss: 'squares' },
    { scale: 0.2, loss: 'norm', compare: 'adjoint' },
    { scale: 0.1, loss: 'mean', compare: 'pinv' },
    {},
  ]
  it.each(cases)('%j', (options) =>
    followsPath(
      flowChef,
      invertible,
      name,
      { ...options, steps: 6 },
      evenTaus(name, 6),
      (tau) => plus([tau, drawn(0, 'start')]),
      (at) => says(at, options),
    ),
  )
})

const prior = gaussianMixturePrior({
  weights: [1, 2],
  means: [[0.9, -0.4, 0.2], [-0.6, 0.5, 0.1]], // biome-ignore format: a table
  covariances: 0.15,
  schedule: vpLinear(),
})
const problem = {
  operator: matrixOperator(tensor([[1, 0, 0]], float64)),
  noise: gaussianNoise(0.1),
  y: tensor([[0.5], [-0.8]], float64),
}

describe('by the norm of each sample', () => {
  const laws = methodLaws(flowChef, { settings: { loss: 'norm', scale: 0.1 } })
  for (const { name, holds } of laws.filter((law) => law.name.includes('batch'))) it(name, holds)
})

it('with c = 0 it is the ODE of the flow', async () => {
  const x = list(await run(flowChef(problem, prior, { scale: 0, steps: 20, seed: 8 })))
  const options = { times: flowGrid(prior.schedule, 20, 'trailing'), count: 2, seed: 8, ...float64 }
  expect(x).toEqual(list(await run(sampleFrom(prior, byKernel('ddim', ddim(0)), options))))
})

it('of a prior that follows x, a step multiplies what is left over by 1 − 2c·‖A‖²/(m·(1 − τ_s))', async () => {
  // A prior of one point that follows x: variance so large that x̂₀ is x_t/α.
  const wide = gaussianPrior({ mean: [0, 0, 0], covariance: 1e12, schedule: flow() })
  for (const scale of [0.2, 0.7, 1.3]) {
    const step = await affineStep(
      (count, resume) =>
        flowChef({ ...problem, y: tensor(new Array<number[]>(count).fill([0.5]), float64) }, wide, {
          scale,
          steps: 10,
          resume,
        }),
      4,
      3,
    )
    // x̂₀ = z/(1 − τ) before, and after it z/(1 − τ_s): the shift moves that by −2c·x̂₀/(1 − τ_s).
    const [before, after] = [1 - 0.6, 1 - 0.5]
    expect((step.F.get(0, 0) * before) / after).toBeCloseTo(1 - (2 * scale) / after, 6)
    expect((step.F.get(1, 1) * before) / after).toBeCloseTo(1, 6)
  }
})

it('refuses a comparison that the operator has not, before any work', () => {
  const counted = countCalls(prior)
  const { adjoint: _, ...nonlinear } = problem.operator
  expect(() => flowChef({ ...problem, operator: nonlinear }, counted, { compare: 'adjoint' })).toThrow(
    OptionError,
  )
  expect(() => flowChef({ ...problem, operator: nonlinear }, counted, { compare: 'adjoint' })).toThrow(
    'it has no adjoint()',
  )
  const { pinv: __, ...other } = problem.operator
  expect(() => flowChef({ ...problem, operator: other }, counted, { compare: 'pinv' })).toThrow(
    'it has no pinv()',
  )
  expect(counted.calls.total).toBe(0)
})
