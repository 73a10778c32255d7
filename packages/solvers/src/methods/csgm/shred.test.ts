import type { Tensor } from '@tweedie/tensor'
import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { methodLaws } from '../../laws/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Problem, StateTree } from '../../types.ts'
import type { ShredOptions, ShredStep } from '../index.ts'
import { shred } from '../index.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  n,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { generated } from './written-out-latent.test.helper.ts'

describe.each(names)('SHRED on %s, in plain numbers', (name) => {
  const cases: readonly ShredOptions[] = [
    {},
    { learningRate: 0.4, clip: [-0.4, 0.6], samplerSteps: 5 },
    { detach: false },
    { learningRate: 0.3, detach: false, clip: [-0.4, 0.6], samplerSteps: 4, samplerSpacing: 'trailing' },
  ]
  it.each(cases)('%j', async (options) => {
    const { learningRate: rate = 0.01, clip, detach = true } = options
    const { samplerSteps = 10, samplerSpacing = 'leading' } = options
    const [schedule, levels] = schedules[name]
    const pairs = respace(schedule, samplerSteps, samplerSpacing)
    const latent = { levels, times: pairs, detach, ...(clip && { clip }) }
    let z: readonly number[] = drawn(0, 'start')
    let state = { m: z.map(() => 0), v: z.map(() => 0), k: 0 } as Parameters<typeof adamStep>[0]
    const steps = shred(problemOf(0.4), priorOn(name), { ...options, steps: 6, seed, firstSample })
    for await (const { i, x, residual } of steps) {
      const { x: expected, back } = generated(latent, z)
      close(list(x), expected, `x of step ${i}`)
      const r = plus([1, y], [-1, times(A, expected)])
      close(residual, [length(r)], `residual of step ${i}`)
      const gradient = plus([-2 / y.length, back(times(transposed(A), r))])
      const moved = adamStep(state, z, gradient, { rate, beta1: 0.9, beta2: 0.999 })
      z = moved.x.map((v) => (Math.sqrt(n) * v) / length(moved.x))
      state = moved.state
    }
  })
})

const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.5 })
const problem: Problem = {
  operator: matrixOperator(tensor([[1, -0.5, 0.3]], float64)),
  noise: gaussianNoise(0.1),
  y: tensor([[0.9], [-0.4], [0.2]], float64),
}
/** z after a step. */
const latentOf = ({ state }: ShredStep) => list((state as StateTree & { latent: { x: Tensor } }).latent.x)

it.each([true, false])(
  'every z after the first is on the sphere ‖z‖ = √n, sample by sample (detach %s)',
  async (detach) => {
    let seen = 0
    for await (const step of shred(problem, prior, { steps: 8, detach, learningRate: 0.3 })) {
      const z = latentOf(step)
      for (const row of [0, 1, 2]) {
        const norm = Math.hypot(...z.slice(3 * row, 3 * row + 3))
        expect(Math.abs(norm / Math.sqrt(3) - 1)).toBeLessThan(1e-12)
        seen++
      }
    }
    expect(seen).toBe(24)
  },
)

it('begins off the sphere, at z ~ N(0, I)', async () => {
  const keys = [0, 1, 2].map((row) => randomKey(4).fold(row).fold(0).fold('start'))
  const z = normal(keys, [3], float64)
  const { value } = await shred(problem, prior, {
    seed: 4,
    samplerSteps: 1,
    samplerSpacing: 'linspace',
  }).next()
  const x = (value as ShredStep).x
  expect(list(x)).toEqual(list(prior.denoise(z.mul(1), 999)))
})

it('calls the network on no tape by default, and through it where asked', async () => {
  for (const detach of [true, false]) {
    const counted = countCalls(prior)
    await run(shred(problem, counted, { steps: 3, detach }))
    expect(counted.calls).toEqual({ total: 30, recorded: detach ? 0 : 30 })
  }
})

it('its default gradient leads z along Aᵀr, whatever the network says', async () => {
  // One sample, whose prior denoises everything to the same point: past it the objective does not depend on z.
  const still = { ...prior, denoise: (x: typeof problem.y) => x.mul(0).add(0.25) }
  const one = { ...problem, y: tensor([[0.9]], float64) }
  const at = async (detach: boolean) => {
    const z: number[][] = []
    for await (const step of shred(one, still, { steps: 2, detach, seed: 1 })) z.push(latentOf(step))
    return z
  }
  const [[first = []], [held = []]] = [await at(true), await at(false)]
  const start = list(normal(randomKey(1).fold(0).fold(0).fold('start'), [3], float64))
  const on = (z: readonly number[]) => z.map((v) => (v * Math.sqrt(3)) / Math.hypot(...z))
  held.forEach((v, i) => expect(v).toBeCloseTo(on(start)[i]!, 12))
  // Adam's first step has the sign of −gradient: of Aᵀr = r·(1, −0.5, 0.3), r > 0.
  const signs = [1, -1, 1]
  first.forEach((v, i) => expect(v).toBeCloseTo(on(start.map((s, j) => s + 0.01 * signs[j]!))[i]!, 6))
})

it('through the network it meets y where it can, on a Gaussian; where y is out of reach Adam rests at the signs of the gradient', async () => {
  const [direction, mu, variance] = [[1, -0.5, 0.3], [0.5, -0.3, 0.2], 0.5] as const
  const { schedule } = prior
  // R(z) = shift·μ + slope·z for a covariance of one variance, by E[x₀ | x] = μ + k·(x − αμ), k = αv/(α²v + σ²).
  const walk = (z: number, mean: number) => {
    let x = z
    for (const { t, s } of respace(schedule, 3, 'leading')) {
      const [a, c] = [schedule.alpha(t), schedule.sigma(t)]
      const x0 = mean + ((a * variance) / (a * a * variance + c * c)) * (x - a * mean)
      x = schedule.alpha(s) * x0 + (schedule.sigma(s) * (x - a * x0)) / c
    }
    return x
  }
  const [slope, shift] = [walk(1, 0), walk(0, 1)]
  const centre = shift * direction.reduce((sum, v, i) => sum + v * mu[i]!, 0)
  // Under a lasting gradient g Adam's step is η·sign(g), so that z = ±sign(Aᵀ) on the sphere; nearest y is z ∝ Aᵀ.
  const reach = slope * direction.reduce((sum, v) => sum + Math.abs(v), 0)
  const x = await run(
    shred(problem, prior, { detach: false, steps: 300, learningRate: 0.3, samplerSteps: 3 }),
  )
  const left = list(problem.y.sub(problem.operator.forward(x)))
  const expected = list(problem.y).map((value) => Math.max(0, Math.abs(value - centre) - reach))
  expect(expected.map((v) => v > 0)).toEqual([false, true, false])
  left.forEach((r, row) => expect(Math.abs(r)).toBeCloseTo(expected[row]!, 5))
})

describe('through the network', () => {
  // `needs` speaks for the default, past the network: the law of evaluations on a tape does not.
  const settings = { detach: false, samplerSteps: 2 }
  for (const { name, holds } of methodLaws(shred, { settings }))
    if (!name.startsWith('evaluates the prior')) it(name, holds)
})
