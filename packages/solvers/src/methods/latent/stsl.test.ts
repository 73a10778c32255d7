import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { latentLookAt, spreadAt } from '../../guidance/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { respace } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import type { StslOptions } from '../index.ts'
import { latentDps, stsl } from '../index.ts'
import { ddimFrom, evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentPrior,
  drawn,
  firstSample,
  float64,
  levels,
  list,
  network,
  on,
  orthonormal,
  problemOf,
  schedule,
  seed,
  y,
} from './latents.test.helper.ts'

const steps = 6

it.each([
  {},
  { scale: 0.2, spread: 0.7, probe: 0.3, inner: 2, eta: 1 },
  { scale: 0.1, scaleSteps: 20, inner: 1, spread: 0, eta: 0.4 },
] as StslOptions[])('written out, %j', async (options) => {
  const { inner = 3, spread = 0.02, probe = 1, eta = 0, scaleSteps = steps } = options
  const zeta = ((options.scale ?? 20 / (inner * steps)) * scaleSteps) / steps
  const pairs = respace(schedule, steps, 'linspace')
  let z = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
  for await (const step of stsl(problemOf(0.1), bentPrior(bent), {
    ...options,
    steps,
    spacing: 'linspace',
    seed,
    firstSample,
  })) {
    const { t, s } = pairs[step.i]!
    let at = z
    let trace = 0
    for (let k = 0; k < inner; k++) {
      const z0 = evaluate(network, at, t)
      const r = plus([1, y], [-1, times(A, bentDecoder.at(z0))])
      const down = bentDecoder.back(z0, times(transposed(A), plus([1 / length(r), r])))
      const probing = drawn(step.i, `probe ${k}`)
      const there = plus([1, at], [probe, probing])
      const factor = levels.sigma(t) ** 2 / (levels.alpha(t) * probe)
      const apart = plus([1, evaluate(network, there, t)], [-1, z0])
      trace = factor * apart.reduce((sum, v, k) => sum + v * probing[k]!, 0)
      const slope = plus(
        [factor, pullBack(network, there, t, probing)],
        [-factor, pullBack(network, at, t, probing)],
      )
      at = plus([1, at], [zeta, pullBack(network, at, t, down)], [(-zeta * spread) / 3, slope])
    }
    const z0 = evaluate(network, at, t)
    close(list(step.guidance), plus([1, at], [-1, z]), `guidance of step ${step.i}`)
    close(list(step.x0hat), bentDecoder.at(z0), 'D(ẑ₀)')
    close(step.residual, [length(plus([1, y], [-1, times(A, bentDecoder.at(z0))]))], 'residual')
    close((step as unknown as { spread: number[] }).spread, [spread > 0 ? trace / 3 : 0], 'spread')
    close(list(step.x), ddimFrom(levels, [t, s], eta, at, z0, drawn(step.i, 'step')), `z of step ${step.i}`)
    z = list(step.x)
  }
})

const covariance = [[1, 0.5, 0], [0.5, 0.8, -0.2], [0, -0.2, 0.5]] // biome-ignore format: a matrix
const gaussian = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance })
const mixture = gaussianMixturePrior({ weights: [1, 2], means: [[1, 0.3, -0.5], [-0.6, 0.2, 0.4]], covariances: 0.2 }) // biome-ignore format: means

describe('the estimate of the spread', () => {
  const n = 20_000
  const keys = Array.from({ length: n }, (_, i) => randomKey(8).fold(i))
  const probes = normal(keys, [3], float64)
  const z = tensor([[0.4, -0.3, 0.8]], float64)
  const many = z.add(probes.mul(0))

  it.each([
    ['a Gaussian, at any length of the probe', gaussian, 1, 400],
    ['a mixture, as the probe gets short', mixture, 1e-4, 500],
  ] as const)('is unbiased: %s', (_, prior, delta, t) => {
    const look = latentLookAt(on(prior, orthonormal), many, t, true)
    const traces = list(spreadAt(prior, look, probes, delta).trace)
    const exact = prior.given(list(z), t).covariance().trace()
    const mean = traces.reduce((sum, v) => sum + v, 0) / n
    const spread = Math.sqrt(traces.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1) / n)
    expect(spread / exact).toBeLessThan(0.02)
    expect(Math.abs(mean - exact)).toBeLessThan(5 * spread)
  })

  it('has the gradient of the exact trace in its mean, and none for a Gaussian', () => {
    const t = 500
    const trace = (at: readonly number[]) => mixture.given(at, t).covariance().trace()
    const h = 1e-4
    const exact = [0, 1, 2].map((k) => {
      const at = (d: number) => trace(list(z).map((v, j) => v + (j === k ? d : 0)))
      return (at(h) - at(-h)) / (2 * h)
    })
    const look = latentLookAt(on(mixture, orthonormal), many, t, true)
    const gradients = list(spreadAt(mixture, look, probes, 1e-4).gradient)
    for (const k of [0, 1, 2]) {
      const column = Array.from({ length: n }, (_, i) => gradients[3 * i + k]!)
      const mean = column.reduce((sum, v) => sum + v, 0) / n
      const spread = Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1) / n)
      expect(Math.abs(mean - exact[k]!)).toBeLessThan(5.5 * spread)
    }
    expect(length(exact)).toBeGreaterThan(0.05)
    const plain = latentLookAt(on(gaussian, orthonormal), many, t, true)
    expect(Math.max(...list(spreadAt(gaussian, plain, probes, 1).gradient).map(Math.abs))).toBeLessThan(1e-12)
  })
})

it('of a Gaussian the second order does nothing, and one step of it is LDPS at a moved point', async () => {
  const states = async (steps: AsyncGenerator<GuidedStep, unknown>) => {
    const seen: number[][] = []
    for await (const step of steps) seen.push(list(step.x))
    return seen
  }
  const options = { steps: 8, spacing: 'linspace', seed: 2, scale: 0.1, eta: 0 } as const
  const prior = on(gaussian, orthonormal)
  const a = await states(stsl(problemOf(0.1), prior, { ...options, spread: 5 }))
  const b = await states(stsl(problemOf(0.1), prior, { ...options, spread: 0 }))
  a.forEach((x, i) => close(x, b[i]!, `step ${i}`))
  // DDIM is affine of a Gaussian: the displacement passes through a step with a factor, not as it is.
  const c = await states(latentDps(problemOf(0.1), prior, options))
  expect(a[0]).not.toEqual(c[0])
})
