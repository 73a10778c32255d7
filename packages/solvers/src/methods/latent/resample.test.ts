import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import { latentDps, resample } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { ddimFrom, evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentEncoder,
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
  rows,
  schedule,
  seed,
  W,
  y,
} from './latents.test.helper.ts'

const steps = 12

/** AdamW on mean (y − A f(v))² until it is at most `target`. */
function fitted(
  v: Vector,
  f: (v: Vector) => Vector,
  back: (v: Vector, c: Vector) => Vector,
  rate: number,
  most: number,
  decay: number,
  target: number,
): Vector {
  let [at, m, q]: Vector[] = [v, v.map(() => 0), v.map(() => 0)]
  for (let k = 1; k <= most; k++) {
    const r = plus([1, y], [-1, times(A, f(at!))])
    if (r.reduce((sum, e) => sum + e * e, 0) / 2 <= target) break
    const g = back(at!, times(transposed(A), plus([-2 / 2, r])))
    m = plus([0.9, m!], [0.1, g])
    q = q!.map((e, i) => 0.999 * e + 0.001 * g[i]! ** 2)
    at = at!.map(
      (e, i) =>
        e * (1 - rate * decay) -
        (rate * (m![i]! / (1 - 0.9 ** k))) / (Math.sqrt(q![i]! / (1 - 0.999 ** k)) + 1e-8),
    )
  }
  return at!
}

const standard = {
  scale: 0.5,
  gamma: 40,
  pixelRate: 0.01,
  latentRate: 0.005,
  weightDecay: 0.01,
  eta: 0,
  tolerance: 0.1,
  pixelSteps: 1,
  latentSteps: 1,
  period: 1,
}

it.each([
  { period: 2, pixelSteps: 7, latentSteps: 5 },
  {
    period: 1,
    pixelSteps: 30,
    latentSteps: 20,
    pixelRate: 0.1,
    latentRate: 0.05,
    gamma: 3,
    tolerance: 0.3,
    weightDecay: 0,
    scale: 0.1,
    eta: 1,
  },
])('written out, %j', async (options: Partial<typeof standard>) => {
  const given: Record<keyof typeof standard, number> = { ...standard, ...options }
  const pairs = respace(schedule, steps, 'linspace')
  let z = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
  const resampled: number[] = []
  for await (const step of resample(problemOf(0.1), bentPrior(bent), {
    ...options,
    steps,
    spacing: 'linspace',
    seed,
    firstSample,
  })) {
    const { t, s } = pairs[step.i]!
    const [abT, abS] = [levels.alpha(t) ** 2, levels.alpha(s) ** 2]
    const z0 = evaluate(network, z, t)
    const x0 = bentDecoder.at(z0)
    const r = plus([1, y], [-1, times(A, x0)])
    const down = times(transposed(A), plus([1 / length(r), r]))
    const guidance = plus([given.scale * abT, pullBack(network, z, t, bentDecoder.back(z0, down))])
    close(list(step.guidance), guidance, `guidance of step ${step.i}`)
    const prime = plus([1, ddimFrom(levels, [t, s], given.eta, z, z0, drawn(step.i, 'step'))], [1, guidance])
    const target = given.tolerance ** 2
    const latent = (v: Vector) =>
      fitted(
        v,
        bentDecoder.at,
        bentDecoder.back,
        given.latentRate,
        given.latentSteps,
        given.weightDecay,
        target,
      )
    const left = steps - 1 - step.i
    let next: Vector = prime
    if (left === 0) next = latent(prime)
    else if (left <= 8 && left % given.period === 0) {
      resampled.push(step.i)
      const same = (v: Vector) => v
      const zy =
        left >= 4
          ? bentEncoder.at(
              fitted(x0, same, (_, c) => c, given.pixelRate, given.pixelSteps, given.weightDecay, target),
            )
          : latent(z0)
      const variance = ((given.gamma * (1 - abS)) / (1 - abT)) * (1 - abT / abS)
      const total = variance + 1 - abS
      next = plus(
        [(variance * Math.sqrt(abS)) / total, zy],
        [(1 - abS) / total, prime],
        [Math.sqrt((variance * (1 - abS)) / total), drawn(step.i, 'resample')],
      )
    }
    close(list(step.x), next, `z of step ${step.i}`)
    z = list(step.x)
  }
  expect(resampled).toEqual(given.period === 2 ? [3, 5, 7, 9] : [3, 4, 5, 6, 7, 8, 9, 10])
})

const gaussian = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance: [[1, 0.5, 0], [0.5, 0.8, -0.2], [0, -0.2, 0.5]] }) // biome-ignore format: a matrix

describe('in closed form', () => {
  it('hard consistency ends at the noise level, at whatever the prior says', async () => {
    // The last step fits z₀ until the mean square of the residual is σ_y² or less; one update goes past it by little.
    for (const sigmaY of [0.05, 0.2]) {
      const x = await run(
        resample(problemOf(sigmaY), on(gaussian, orthonormal), {
          steps: 12,
          period: 100,
          scale: 0,
          latentSteps: 3000,
          weightDecay: 0,
          seed: 2,
        }),
      )
      const rms = length(plus([1, y], [-1, times(A, list(x))])) / Math.sqrt(2)
      expect(rms).toBeLessThanOrEqual(sigmaY)
      expect(rms).toBeGreaterThan(0.9 * sigmaY)
    }
  })

  it('with decay alone pulling, its fixed point is the least squares of what A sees', async () => {
    // No tolerance and no decay: a solution of A W z = y, which has many; what A W does not see stays as it was.
    const start = tensor([[0.4, -0.3, 0.8]], float64)
    const options = {
      steps: 12,
      scale: 0,
      tolerance: 0,
      latentSteps: 6000,
      weightDecay: 0,
      latentRate: 0.01,
    } as const
    const before = gaussian.denoise(start, respace(schedule, 12, 'ddim').at(-1)!.t)
    const x = await run(
      resample(problemOf(0.1), on(gaussian, orthonormal), {
        ...options,
        resume: { next: respace(schedule, 12, 'ddim').length - 1, state: { x: start } },
      }),
    )
    list(matrixOperator(rows(A)).forward(x)).forEach((v, i) => expect(v).toBeCloseTo(y[i]!, 4))
    expect(length(plus([1, list(orthonormal.encode(x))], [-1, list(before)]))).toBeGreaterThan(0.05)
  })

  it('the resampled latent has the mean and the variance of the product of two Gaussians', async () => {
    const n = 4000
    const z = tensor([[0.4, -0.3, 0.8]], float64)
    const at = z.add(
      normal(
        Array.from({ length: n }, () => randomKey(1)),
        [3],
        float64,
      ).mul(0),
    ) // the same n times
    const problem = { ...problemOf(0.1), y: rows(Array.from({ length: n }, () => y)) }
    const [t, s] = (({ t, s }) => [t, s])(respace(schedule, 12, 'linspace')[7]!)
    const gamma = 3
    const options = {
      steps: 12,
      spacing: 'linspace',
      period: 1,
      scale: 0,
      gamma,
      seed: 5,
      pixelSteps: 50,
    } as const
    const { value } = await resample(problem, on(gaussian, orthonormal), {
      ...options,
      resume: { next: 7, state: { x: at } },
    }).next()
    const one = await resample({ ...problem, y: rows([y]) }, on(gaussian, orthonormal), {
      ...options,
      gamma: 1e12,
      resume: { next: 7, state: { x: z } },
    }).next()
    const [abT, abS] = [levels.alpha(t!) ** 2, levels.alpha(s!) ** 2]
    const variance = ((gamma * (1 - abS)) / (1 - abT)) * (1 - abT / abS)
    const spread = (variance * (1 - abS)) / (variance + 1 - abS)
    const z0 = list(gaussian.denoise(z, t!))
    const prime = ddimFrom(levels, [t!, s!], 0, list(z), z0, [0, 0, 0])
    // As γ → ∞ the draw is α_s·ẑ(y) + σ_s·ξ, which tells ẑ(y).
    const xi = normal([randomKey(5).fold(0).fold(7).fold('resample')], [3], float64)
    const zy = plus(
      [1 / Math.sqrt(abS), list((one.value as { x: typeof z }).x)],
      [-Math.sqrt((1 - abS) / abS), list(xi)],
    )
    const x = list((value as { x: typeof z }).x)
    for (const k of [0, 1, 2]) {
      const column = Array.from({ length: n }, (_, i) => x[3 * i + k]!)
      const mean = column.reduce((sum, v) => sum + v, 0) / n
      const wanted = (variance * Math.sqrt(abS) * zy[k]! + (1 - abS) * prime[k]!) / (variance + 1 - abS)
      expect(Math.abs(mean - wanted)).toBeLessThan(6 * Math.sqrt(spread / n))
      const second = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1)
      expect(Math.abs(second / spread - 1)).toBeLessThan(6 * Math.sqrt(2 / n))
    }
  })

  it('before its first resampling it is LDPS of the length λᾱ_t', async () => {
    const problem = { operator: matrixOperator(rows(A)), noise: gaussianNoise(0.1), y: rows([y]) }
    const first = async (
      steps: AsyncGenerator<{ x: typeof y extends never ? never : ReturnType<typeof rows> }, unknown>,
    ) => list(((await steps.next()).value as { x: ReturnType<typeof rows> }).x)
    const options = { steps: 12, seed: 1, spacing: 'linspace' } as const
    const ab = levels.alpha(999) ** 2
    const a = await first(resample(problem, on(gaussian, orthonormal), { ...options, scale: 0.7 }))
    const b = await first(latentDps(problem, on(gaussian, orthonormal), { ...options, scale: 0.7 * ab }))
    close(a, b, 'z')
    expect(W.length).toBe(4)
  })
})
