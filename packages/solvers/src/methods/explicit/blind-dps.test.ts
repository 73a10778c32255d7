import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { priorOnUnknown } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { blindBlur } from '../../operators/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { ddimStep } from '../../samplers/index.ts'
import { respace, ve, vpLinear } from '../../schedules/index.ts'
import type { Blind, Operator, Problem } from '../../types.ts'
import type { BlindDpsOptions } from '../index.ts'
import { blindDps, dps } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const schedule = vpLinear()
const shape = [1, 3, 4]
const random = (seed: number, ...extents: number[]) => normal(randomKey(seed), extents, float64)
const prior = gaussianMixturePrior({
  weights: [1, 2],
  means: [list(random(1, 12)), list(random(2, 12))],
  covariances: 0.3,
  shape,
  schedule,
})
const operator = blindBlur(shape, { size: 3, kernel: 'motion', length: 3, angle: 20 })
function blindOf({ blind }: Operator): Blind {
  if (blind === undefined) throw new Error('nothing is unknown')
  return blind
}
const blind = blindOf(operator)
const truth = tensor([[0, 0.1, 0], [0.2, 0.4, 0.3], [0, 0, 0]], float64) // biome-ignore format: a kernel
const y = random(3, 2, ...shape)
const problem: Problem = { operator, noise: gaussianNoise(0.1), y }

async function path(steps: AsyncGenerator<{ x: Tensor; residual: readonly number[] }, Tensor>) {
  const seen: (number | readonly number[])[] = []
  for await (const { x, residual } of steps) seen.push(list(x), residual)
  return seen
}

describe('at a known kernel', () => {
  const cases: readonly BlindDpsOptions[] = [{}, { scale: 0.5, eta: 0.3 }, { clip: [-0.5, 0.4], scale: 1 }]
  it.each(cases)('is DPS bit for bit: %j', async (options) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const measured = { noise: gaussianNoise(0.1), y: y.cast(dtype) }
      const at = { steps: 12, seed: 3, ...options }
      const theirs = await path(dps({ ...measured, operator: blind.at(truth.reshape([1, 3, 3])) }, prior, at))
      const ours = await path(blindDps({ ...measured, operator }, prior, { ...at, known: truth }))
      expect(ours).toEqual(theirs)
    }
  })

  it('shows it in every step, and refuses another shape', async () => {
    for await (const { parameter } of blindDps(problem, prior, { steps: 3, known: truth }))
      list(parameter).forEach((v, i) => expect(v).toBeCloseTo(list(truth)[i]!, 14))
    expect(() => blindDps(problem, prior, { known: zeros([3]) })).toThrow(OptionError)
    expect(() => blindDps(problem, prior, { known: zeros([3]) })).toThrow(
      'known: must be a tensor [3, 3], got [3]',
    )
  })
})

describe('a step', () => {
  const state = { x: random(4, 2, ...shape), kernel: random(5, 2, 3, 3).add(0.5) }
  // Pictures darker than black in a third of their pixels: negative entries, on which alone the 1-norm acts.
  const dark = Array.from({ length: 9 }, (_, i) => (i % 3 === 0 ? -1.5 : 0.3))
  const kernels = gaussianPrior({ mean: dark, covariance: 0.4, shape: [1, 3, 3], schedule })
  /** ‖y − A_φ̂ x̂₀‖ + λ‖φ̂‖₁ of sample n, by loops over numbers. */
  function cost(n: number, x: number[], kernel: number[], t: number, lambda: number): number {
    const x0 = list(prior.denoise(fromData(x, [1, ...shape], float64), t))
    const picture = list(kernels.denoise(fromData(kernel, [1, 1, 3, 3], float64), t)).map((v) => (v + 1) / 2)
    const total = picture.reduce((a, b) => a + b, 0)
    const phi = picture.map((v) => v / total)
    let squares = 0
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 4; j++) {
        let clean = 0
        for (let a = 0; a < 3; a++)
          for (let b = 0; b < 3; b++)
            clean += phi[3 * a + b]! * x0[((i - a + 1 + 3) % 3) * 4 + ((j - b + 1 + 4) % 4)]!
        squares += (list(y)[12 * n + 4 * i + j]! - clean) ** 2
      }
    return Math.sqrt(squares) + lambda * phi.reduce((a, b) => a + Math.abs(b), 0)
  }
  const slope = (f: (x: number[]) => number, x: number[]) =>
    x.map((_, j) => {
      const at = (d: number) => f(x.map((v, k) => (k === j ? v + d : v)))
      return (at(1e-5) - at(-1e-5)) / 2e-5
    })

  it.each([
    { options: { scale: 0.7, sparsity: 0 }, length: () => 0.7, lambda: 0 },
    { options: { scale: 0.7 }, length: () => 0.7, lambda: 1 },
    { options: { sparsity: 2.5, eta: 0.4 }, length: () => 300 / 8, lambda: 2.5 },
    { options: { ramp: 'alpha', sparsity: 3 }, length: (t: number) => schedule.alpha(t), lambda: 3 },
    { options: { ramp: 'alpha', scale: 0.5 }, length: (t: number) => 0.5 * schedule.alpha(t), lambda: 1 },
  ] as const)('steps back along both gradients: $options', async ({ options, length, lambda }) => {
    const at = { steps: 8, seed: 3, firstSample: 5, kernelPrior: kernels, ...options }
    const streams = noiseStreams({ seed: 3, firstSample: 5, count: 2, dtype: 'float64' })
    for (const i of [0, 3, 6]) {
      const { t, s } = respace(schedule, 8, 'guided')[i]!
      const { value } = await blindDps(problem, prior, { ...at, resume: { next: i, state } }).next()
      if (!('x0hat' in value)) throw new Error('no step')
      const eta = 'eta' in options ? options.eta : 1
      const step = { t, s, schedule, eta }
      const x0 = prior.denoise(state.x, t)
      const k0 = kernels.denoise(state.kernel.reshape([2, 1, 3, 3]), t).reshape([2, 3, 3])
      const [x, kernel] = [
        ddimStep(state.x, x0, streams.normal(i, 'step', shape), step),
        ddimStep(state.kernel, k0, streams.normal(i, 'kernel', [3, 3]), step),
      ]
      for (const n of [0, 1]) {
        const [xn, kn] = [list(state.x.slice(n)), list(state.kernel.slice(n))]
        const [forX, forK] = [
          slope((v) => cost(n, v, kn, t, 0), xn),
          slope((v) => cost(n, xn, v, t, lambda), kn),
        ]
        const moved = value.state['kernel'] as Tensor
        const expectedX = list(x.slice(n)).map((v, j) => v - length(t) * forX[j]!)
        const expectedK = list(kernel.slice(n)).map((v, j) => v - length(t) * forK[j]!)
        const size = Math.max(1, ...expectedX.map(Math.abs), ...expectedK.map(Math.abs))
        list(value.x.slice(n)).forEach((v, j) =>
          expect(Math.abs(v - expectedX[j]!) / size).toBeLessThan(1e-6),
        )
        list(moved.slice(n)).forEach((v, j) => expect(Math.abs(v - expectedK[j]!) / size).toBeLessThan(1e-6))
        expect(value.residual[n]).toBeCloseTo(cost(n, xn, kn, t, 0), 10)
      }
      // What is shown can be a kernel, and is the one that was compared with y.
      const parameter = list(value.parameter.slice(0))
      expect(Math.min(...parameter)).toBeGreaterThanOrEqual(0)
      expect(parameter.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
      const picture = list(k0.slice(0)).map((v) => Math.max(0, (v + 1) / 2))
      const total = picture.reduce((a, b) => a + b, 0)
      parameter.forEach((v, j) => expect(v).toBeCloseTo(picture[j]! / total, 10))
    }
  })

  it('starts both chains at σ_T·z, each with its own z', async () => {
    const exploding = ve({ sigmaMax: 20 })
    const on = gaussianPrior({ mean: Array(12).fill(0), covariance: 1, shape, schedule: exploding })
    const streams = noiseStreams({ seed: 3, count: 2, dtype: 'float64' })
    const first = respace(exploding, 4, 'guided')[0]!
    const z = { x: streams.normal(0, 'start', shape), kernel: streams.normal(0, 'kernel start', [3, 3]) }
    const state = { x: z.x.mul(exploding.sigma(first.t)), kernel: z.kernel.mul(exploding.sigma(first.t)) }
    const begun = await path(blindDps(problem, on, { steps: 4, seed: 3, scale: 0.1 }))
    const resumed = await path(
      blindDps(problem, on, { steps: 4, seed: 3, scale: 0.1, resume: { next: 0, state } }),
    )
    expect(begun).toEqual(resumed)
  })
})

describe('the unknown', () => {
  it('is never seen: the truth may as well not be there', async () => {
    const blank = {
      ...operator,
      forward: () => {
        throw new Error('the true kernel was asked for')
      },
    }
    const options = { steps: 5, seed: 2, scale: 0.5 }
    expect(await path(blindDps({ ...problem, operator: blank }, prior, options))).toEqual(
      await path(blindDps(problem, prior, options)),
    )
  })

  it('its prior: the examples, or the one that is given, on the schedule of x', () => {
    const x = random(6, 2, 3, 3)
    const around = priorOnUnknown(blind, schedule, { spread: 0.2 })
    const means = blind.examples
    const mixture = gaussianMixturePrior({
      weights: means.map(() => 1),
      means,
      covariances: 0.2 ** 2,
      shape: [3, 3],
      schedule,
    })
    expect(list(around.denoise(x, 500))).toEqual(list(mixture.denoise(x, 500)))
    expect(priorOnUnknown(blind, schedule, { spread: 0.2 })).toBe(around)
    expect(list(priorOnUnknown(blind, schedule, { spread: 0.3 }).denoise(x, 500))).not.toEqual(
      list(around.denoise(x, 500)),
    )
    // One on another schedule is asked at the same noise level.
    const given = gaussianPrior({
      mean: Array(9).fill(0.3),
      covariance: 0.5,
      shape: [1, 3, 3],
      schedule: ve({ sigmaMax: 200 }),
    })
    const same = gaussianPrior({ mean: Array(9).fill(0.3), covariance: 0.5, shape: [3, 3], schedule })
    const moved = priorOnUnknown(blind, schedule, { prior: given, spread: 1 })
    expect([moved.shape, moved.schedule]).toEqual([[3, 3], schedule])
    list(moved.denoise(x, 500)).forEach((v, i) => expect(v).toBeCloseTo(list(same.denoise(x, 500))[i]!, 10))
    const wrong = gaussianPrior({ mean: [0], covariance: 1 })
    expect(() => blindDps(problem, prior, { kernelPrior: wrong })).toThrow(ShapeError)
  })

  it('is found where the pictures are known and the noise is small', async () => {
    const big = [1, 12, 12]
    const pictures = [7, 8, 9].map((seed) => list(random(seed, 144)).map((v) => Math.tanh(v)))
    const on = gaussianMixturePrior({
      weights: [1, 1, 1],
      means: pictures,
      covariances: 1e-4,
      shape: big,
      schedule,
    })
    const camera = blindBlur(big, { size: 5, kernel: 'motion', length: 5, angle: 45 })
    const sharp = fromData([...pictures[0]!, ...pictures[2]!], [2, ...big], float64)
    const measured = { operator: camera, noise: gaussianNoise(0.01), y: camera.forward(sharp) }
    let kernel: Tensor | undefined
    await run(blindDps(measured, on, { steps: 200, scale: 0.3 }), {
      onStep: ({ i, steps, parameter }) => {
        if (i === steps - 1) kernel = parameter.alias()
      },
    })
    // The family has this very kernel among its examples; the next nearest is 22.5° away.
    const delta = zeros([1, ...big], float64)
    const at = camera.forward(
      fromData(
        list(delta).map((_, i) => (i === 65 ? 1 : 0)),
        [1, ...big],
        float64,
      ),
    )
    const wanted = list(at.slice(0, 0, [3, 8], [3, 8]))
    const off = (v: readonly number[]) => Math.hypot(...v.map((value, i) => value - wanted[i]!))
    const flat = off(Array(25).fill(1 / 25))
    for (const n of [0, 1]) expect(off(list(kernel!.slice(n)))).toBeLessThan(flat / 3)
  })
})
