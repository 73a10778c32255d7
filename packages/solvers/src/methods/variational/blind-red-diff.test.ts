import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { blindBlur, blindMri, matrixOperator, unknownGain } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { Blind, Operator, Problem } from '../../types.ts'
import { lackOf, UnfitError } from '../fit.ts'
import type { BlindRedDiffOptions } from '../index.ts'
import { blindDps, blindRedDiff, gibbsDdrm, redDiff, unknownGradient } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { adamStep } from '../written-out.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...extents: number[]) => normal(randomKey(seed), extents, float64)
const sum = (v: readonly number[]) => v.reduce((a, b) => a + b, 0)
function blindOf({ blind }: Operator): Blind {
  if (blind === undefined) throw new Error('nothing is unknown')
  return blind
}
const schedule = vpLinear()
const shape = [1, 3, 4]
const [n, size] = [12, 3]
const [mean, variance] = [list(random(1, n)), 0.3]
const prior = gaussianPrior({ mean, covariance: variance, shape, schedule })
const operator = blindBlur(shape, { size, kernel: 'motion', length: 3, angle: 20 })
const blind = blindOf(operator)
const y = random(3, 2, ...shape)
const problem: Problem = { operator, noise: gaussianNoise(0.1), y }

async function path(steps: AsyncGenerator<{ x: Tensor; residual: readonly number[] }, Tensor>) {
  const seen: (number | readonly number[])[] = []
  for await (const { x, residual } of steps) seen.push(list(x), residual)
  return seen
}

describe('with the unknown held', () => {
  const cases: readonly BlindRedDiffOptions[] = [
    {},
    { init: 'adjoint', weighting: 'sqrt', sigmaX0: 0.2 },
    { init: 'pinv', rankTolerance: 0.1, reduction: 'sum', lambda: 0.6, dataWeight: 2 },
  ]
  it.each(cases)('is RED-diff bit for bit: %j', async (options) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const measured = { noise: gaussianNoise(0.1), y: y.cast(dtype) }
      const kernel = random(5, 1, size, size).abs().cast(dtype)
      const known = blind.at(blind.normalise(kernel))
      const at = { steps: 10, seed: 3, ...options }
      const theirs = await path(redDiff({ ...measured, operator: known }, prior, at))
      const given = { ...at, phiRate: 0, initial: kernel.reshape([size, size]) }
      expect(await path(blindRedDiff({ ...measured, operator }, prior, given))).toEqual(theirs)
    }
  })
})

/** Circular convolution of a picture of 3×4 by loops. */
const blurred = (x: Vector, k: Vector) =>
  x.map((_, p) => {
    let total = 0
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        total +=
          k[size * a + b]! * x[((Math.floor(p / 4) - (a - 1) + 3) % 3) * 4 + (((p % 4) - (b - 1) + 4) % 4)]!
    return total
  })
const normalised = (k: Vector) => k.map((v) => v / sum(k))
const projected = (k: Vector) => normalised(k.map((v) => Math.max(v, 0)))
/** v/(2m)‖y − A_φ x‖² + R(φ) at φ = γ/Σγ, written out. */
function objective(target: Vector, x: Vector, gamma: Vector, given: BlindRedDiffOptions): number {
  const { dataWeight: v = 1, l2 = 0, smoothness = 0, reduction = 'mean' } = given
  const [m, entries] = reduction === 'mean' ? [n, size * size] : [1, 1]
  const phi = normalised(gamma)
  let rough = 0
  for (let a = 0; a < size; a++)
    for (let b = 0; b < size; b++) {
      if (a > 0) rough += (phi[size * a + b]! - phi[size * (a - 1) + b]!) ** 2
      if (b > 0) rough += (phi[size * a + b]! - phi[size * a + b - 1]!) ** 2
    }
  const misfit = sum(blurred(x, phi).map((c, i) => (target[i]! - c) ** 2))
  return (v * misfit) / (2 * m) + (l2 * sum(phi.map((p) => p * p)) + smoothness * rough) / (2 * entries)
}
const slope = (f: (v: Vector) => number, x: Vector, h = 1e-5) =>
  x.map((_, j) => {
    const at = (d: number) => f(x.map((v, k) => (k === j ? v + d : v)))
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h) // of fourth order
  })

const weights: readonly BlindRedDiffOptions[] = [
  {},
  { l2: 0.7, dataWeight: 2 },
  { smoothness: 1.3, reduction: 'sum', learningRate: 0.03 },
  { l2: 0.2, smoothness: 0.4, phiRate: 0.1, beta1: 0.5, beta2: 0.8, lambda: 0.6 },
]

describe('the gradient of the unknown', () => {
  it.each(weights)('is that of the objective through the normalisation, sample by sample: %j', (given) => {
    const [mu, gamma] = [random(6, 2, ...shape), random(7, 2, size, size).abs()]
    const { dataWeight = 1, reduction = 'mean', l2 = 0, smoothness } = given
    const settings = { dataWeight, reduction, l2, smoothness }
    const { gradient, loss } = unknownGradient(blind, y, mu, gamma, settings)
    for (const sample of [0, 1]) {
      const [target, x, g] = [y, mu, gamma].map((v) => list(v.slice(sample))) as [
        number[],
        number[],
        number[],
      ]
      expect(loss.dataSync()[sample]).toBeCloseTo(objective(target, x, g, given), 10)
      const ours = list(gradient.slice(sample))
      slope((v) => objective(target, x, v, given), g, 1e-3).forEach((v, j) =>
        expect(ours[j]).toBeCloseTo(v, 7),
      )
      // Nothing of it is along the change of scale.
      expect(Math.abs(sum(ours.map((v, j) => v * g[j]!)))).toBeLessThan(1e-11)
    }
  })

  it('has no roughness where there are no neighbours', () => {
    const gain = blindOf(unknownGain(matrixOperator(tensor([[1, 2]], float64))))
    const at = [tensor([[3]], float64), tensor([[1, 1]], float64), tensor([[0.5]], float64)] as const
    const bare = { dataWeight: 1, reduction: 'mean', l2: 0 } as const
    const [smooth, plain] = [{ ...bare, smoothness: 5 }, bare].map((w) => unknownGradient(gain, ...at, w))
    expect(list(smooth!.gradient)).toEqual(list(plain!.gradient))
    expect(list(plain!.gradient)[0]).toBeCloseTo(-(3 - 1.5) * 3, 12)
  })
})

describe('a run', () => {
  it.each(weights)('is the two updates by turns, written out: %j', async (given) => {
    const { learningRate = 0.1, phiRate = 0.02, beta1 = 0.9, beta2 = 0.99, lambda = 0.25 } = given
    const { dataWeight: v = 1, reduction = 'mean' } = given
    const [m, elements] = reduction === 'mean' ? [n, n] : [1, 1]
    const options = { steps: 5, seed: 3, firstSample: 2, init: 'zeros', ...given } as const
    const streams = noiseStreams({ seed: 3, firstSample: 2, count: 2, dtype: 'float64' })
    const begin = normalised([...blind.initial])
    const scale = Math.sqrt(sum(begin.map((k) => k * k)) / begin.length)
    const fresh = (length: number) => ({ m: Array(length).fill(0), v: Array(length).fill(0), k: 0 })
    let rows = [0, 1].map(() => ({
      mu: Array<number>(n).fill(0) as Vector,
      phi: begin as Vector,
      ofMu: fresh(n) as { m: Vector; v: Vector; k: number },
      ofPhi: fresh(9) as { m: Vector; v: Vector; k: number },
    }))
    for await (const step of blindRedDiff(problem, prior, options)) {
      const { t } = respace(schedule, 5, 'linspace')[step.i]!
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      rows = rows.map(({ mu, phi, ofMu, ofPhi }, row) => {
        const target = list(y.slice(row))
        const epsilon = list(streams.normal(step.i, 'epsilon', shape).slice(row))
        const gain = (alpha * variance) / (alpha ** 2 * variance + sigma ** 2)
        const x0 = mu.map((u, j) => mean[j]! + gain * (alpha * u + sigma * epsilon[j]! - alpha * mean[j]!))
        const w = (lambda * sigma) / alpha / elements
        const r = blurred(mu, phi).map((c, j) => target[j]! - c)
        const down = slope(
          (u) => (v / (2 * m)) * sum(blurred(u, phi).map((c, j) => (target[j]! - c) ** 2)),
          mu,
          1e-2,
        )
        const gradient = mu.map((u, j) => down[j]! + (w * alpha * (u - x0[j]!)) / sigma)
        const moved = adamStep(ofMu, mu, gradient, { rate: learningRate, beta1, beta2 })
        const forPhi = slope((k) => objective(target, moved.x, k, given), phi, 1e-3)
        const turned = adamStep(ofPhi, phi, forPhi, { rate: phiRate * scale, beta1, beta2 })
        expect(step.residual[row]).toBeCloseTo(Math.hypot(...r), 7)
        expect(step.lossData[row]).toBeCloseTo((v / (2 * m)) * sum(r.map((c) => c * c)), 6)
        list(step.x0hat.slice(row)).forEach((c, j) => expect(c).toBeCloseTo(x0[j]!, 6))
        return { mu: moved.x, phi: projected(turned.x), ofMu: moved.state, ofPhi: turned.state }
      })
      rows.forEach(({ mu, phi }, row) => {
        list(step.x.slice(row)).forEach((c, j) => expect(c).toBeCloseTo(mu[j]!, 6))
        list(step.parameter.slice(row)).forEach((c, j) => expect(c).toBeCloseTo(phi[j]!, 6))
      })
    }
  })

  it('does not change with the scale of the start; a kernel stays one', async () => {
    const kernel = random(8, size, size).abs()
    const of = (c: number) =>
      path(blindRedDiff(problem, prior, { steps: 12, phiRate: 0.2, initial: kernel.mul(c) }))
    expect(await of(4)).toEqual(await of(1)) // a power of 2: no rounding
    for await (const { parameter } of blindRedDiff(problem, prior, { steps: 12, phiRate: 0.5 }))
      for (const row of [0, 1]) {
        const phi = list(parameter.slice(row))
        expect(sum(phi)).toBeCloseTo(1, 12)
        expect(Math.min(...phi)).toBeGreaterThanOrEqual(0)
      }
  })

  it('never sees the truth', async () => {
    const forward = () => {
      throw new Error('the true kernel was asked for')
    }
    const blank = { ...problem, operator: { ...operator, forward } }
    expect(await path(blindRedDiff(blank, prior, { steps: 4 }))).toEqual(
      await path(blindRedDiff(problem, prior, { steps: 4 })),
    )
  })
})

describe('what is found', () => {
  // A prior that is one picture, and no noise: y = k ∗ x has one kernel of 3×3 where 3×3 shifts of x are independent.
  it('is the kernel, to a hundredth, where the picture is known', async () => {
    const big = [1, 8, 8]
    const picture = random(9, 64)
    const point = gaussianPrior({ mean: list(picture), covariance: 1e-10, shape: big, schedule })
    const truth = tensor([[0, 0.1, 0], [0.2, 0.4, 0.25], [0, 0.05, 0]], float64) // biome-ignore format: a kernel
    const camera = blindBlur(big, { size: 3, truth })
    const measured = {
      operator: camera,
      noise: gaussianNoise(0.01),
      y: camera.forward(picture.reshape([1, ...big])),
    }
    const distance = (phi: readonly number[]) => Math.hypot(...phi.map((v, i) => v - list(truth)[i]!))
    expect(distance([...blindOf(camera).initial])).toBeGreaterThan(0.15)
    let found: number[] = []
    await run(blindRedDiff(measured, point, { steps: 200, lambda: 20, beta1: 0.5 }), {
      onStep: ({ parameter }) => void (found = list(parameter)),
    })
    expect(distance(found)).toBeLessThan(0.01)
  })

  // With all frequencies, y_i = F S_i x and a picture without zeros, S_i = F⁻¹y_i/x.
  it.each(['real', 'complex'] as const)(
    'are the maps of coils, of %s images, and held they are RED-diff',
    async (image) => {
      const small = [2, 4, 4]
      const picture = normal(randomKey(4), [1, ...small], float64)
        .mul(0.2)
        .add(1)
      const point = gaussianPrior({ mean: list(picture), covariance: 1e-10, shape: small, schedule })
      const coils = blindMri(small, { image, coils: 2, acceleration: 1 })
      const unknown = blindOf(coils)
      const measured = { operator: coils, noise: gaussianNoise(0.01), y: coils.forward(picture) }
      const truth = list(fromData(unknown.examples[0]!, [64], float64)) // loops at 1.5, as `forward` has them
      const distance = (phi: readonly number[]) =>
        Math.hypot(...phi.map((v, i) => v - truth[i]!)) / Math.sqrt(16)
      const options = { steps: 200, lambda: 20, beta1: 0.5, dataWeight: 10, init: 'adjoint' } as const
      let found: number[] = []
      await run(blindRedDiff(measured, point, options), {
        onStep: ({ parameter }) => void (found = list(parameter)),
      })
      expect(distance([...unknown.initial])).toBeGreaterThan(0.05)
      expect(distance(found)).toBeLessThan(0.005)
      const held = unknown.at(unknown.normalise(fromData(unknown.initial, [1, 2, 2, 4, 4], float64)))
      expect(await path(blindRedDiff(measured, point, { steps: 5, phiRate: 0 }))).toEqual(
        await path(redDiff({ ...measured, operator: held }, point, { steps: 5 })),
      )
    },
  )

  // One number x with prior N(1, 0) and y = g·a·x: g = y/a whatever the start.
  it('is the gain that the prior leaves, from either side', async () => {
    const point = gaussianPrior({ mean: [1, 1], covariance: 1e-10, schedule })
    const amplified = unknownGain(matrixOperator(tensor([[1, 2]], float64)))
    const measured = { operator: amplified, noise: gaussianNoise(0.01), y: tensor([[2.4]], float64) }
    for (const start of [0.4, 1.5]) {
      let gain = 0
      const options = { steps: 150, phiRate: 0.05, lambda: 20, beta1: 0.5, initial: tensor([start], float64) }
      await run(blindRedDiff(measured, point, options), {
        onStep: ({ parameter }) => void (gain = list(parameter)[0]!),
      })
      expect(gain).toBeCloseTo(0.8, 3)
    }
  })
})

it('coils of unknown sensitivity are for blind methods, but for those that need a decomposition', () => {
  const posed = { operator: blindMri([1, 8, 8], { coils: 2 }), noise: gaussianNoise(0.1) }
  expect([blindRedDiff, blindDps].map(({ info }) => lackOf(info, posed))).toEqual([undefined, undefined])
  expect(lackOf(gibbsDdrm.info, posed)).toEqual({
    need: 'blindSvd',
    why: "needs an operator with a singular value decomposition; 'blind-mri' has no svd()",
  })
  expect(lackOf(redDiff.info, posed)?.why).toContain('leaves its coil maps unknown')
})

it('refuses what does not fit before any work', () => {
  const { blind: _, ...known } = operator
  expect(() => blindRedDiff({ ...problem, operator: known }, prior)).toThrow(UnfitError)
  expect(() => blindRedDiff(problem, prior, { initial: fromData([1, 2], [2]) })).toThrow(
    'tensor [3, 3], got [2]',
  )
  expect(() => blindRedDiff(problem, prior, { initial: fromData(Array(9).fill(0), [3, 3]) })).toThrow(
    OptionError,
  )
  const bare = { ...operator, blind: { ...blind, at: () => ({ ...known, name: 'bare' }) } }
  expect(() => blindRedDiff({ ...problem, operator: bare }, prior, { init: 'pinv' })).toThrow(
    "init 'pinv' needs more than 'blind-blur' at a kernel has",
  )
})
