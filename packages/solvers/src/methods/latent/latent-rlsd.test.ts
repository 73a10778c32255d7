import { matmul, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { redDiffGradient } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { compose, decoderOperator, matrixOperator } from '../../operators/index.ts'
import { gaussianPrior, linearAutoencoder } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { noiseLevel, respace, ve } from '../../schedules/index.ts'
import type { LatentRlsdOptions } from '../index.ts'
import { latentRlsd, rlsd } from '../index.ts'
import type { Rows, Vector } from '../written-out.test.helper.ts'
import { adamStep, evaluate, length, plus, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentPrior,
  firstSample,
  float64,
  levels,
  list,
  network,
  on,
  problemOf,
  rows,
  schedule,
  seed,
  skewed,
  y,
} from './latents.test.helper.ts'

const streams = noiseStreams({ seed, firstSample, count: 1, dtype: 'float64' })

/** g of each particle, by loops over pairs, at features of each, in the features. */
function forces(features: readonly Vector[], bandwidth?: number): number[][] {
  return features.map((own, i) => {
    const others = features.filter((_, j) => j !== i)
    const squares = others.map((f) => length(plus([1, own], [-1, f])) ** 2)
    const median = [...squares].sort((a, b) => a - b)[Math.ceil(squares.length / 2) - 1] ?? 0
    const h = bandwidth ?? median / Math.log(features.length)
    const kernel = squares.map((s) => (h === 0 ? 0 : Math.exp(-s / h)))
    const total = kernel.reduce((a, b) => a + b, 0)
    return others.reduce<number[]>(
      (sum, f, j) => plus([1, sum], [(2 * kernel[j]!) / (h * total), plus([1, own], [-1, f])]),
      own.map(() => 0),
    )
  })
}

const F: Rows = [
  [0.5, -1, 0, 0.2],
  [0, 0.3, 2, -0.4],
]

describe('written out, every step and every particle', () => {
  const cases: readonly (LatentRlsdOptions & { withF?: boolean })[] = [
    {},
    { particles: 1 },
    { particles: 3, rho: 0.05, lambda: 0.4, gamma: 2.5, latentRate: 0.03, pictureRate: 0.3 },
    { particles: 5, gamma: 0.7, bandwidth: 0.8, weighting: 'sqrt', beta1: 0.5, beta2: 0.9 },
    { particles: 2, gamma: 1.5, compare: 'clean', rho: 3 },
    { particles: 3, gamma: 3, withF: true },
    { particles: 4, gamma: 3, compare: 'clean', withF: true },
    { particles: 3, gamma: 0, lambda: 0 },
  ]
  it.each(cases)('%j', async ({ withF = false, ...options }) => {
    const { particles: K = 4, rho = 0.2, lambda = 0.1, gamma = 1, weighting = 'linear' } = options
    const { latentRate = 0.2, pictureRate = 0.2, beta1 = 0.9, beta2 = 0.99, bandwidth, compare } = options
    const drawn = (i: number, purpose: string, k: number, size: number) =>
      list(streams.normal(i, purpose, [K, size])).slice(k * size, (k + 1) * size)
    const fresh = (x: Vector) => ({ x, adam: { m: x.map(() => 0), v: x.map(() => 0), k: 0 } })
    let cloud = Array.from({ length: K }, (_, k) => ({
      z: fresh(drawn(0, 'start', k, 3)),
      x: fresh(drawn(0, 'picture', k, 4)),
    }))
    const given = {
      ...{ ...options, steps: 6, seed, firstSample },
      ...(withF && { features: (x: Parameters<typeof matmul>[0]) => matmul(x, rows(transposed(F))) }),
    }
    let seen = 0
    const going = latentRlsd(problemOf(0.1), bentPrior(bent), given)
    for (;;) {
      const next = await going.next()
      if (next.done) {
        close(list(next.value), cloud[0]!.x.x, 'the result is x of the first, no decoded latent')
        break
      }
      const step = next.value
      const { t } = respace(schedule, 6, 'leading')[step.i]!
      const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
      const epsilon = cloud.map((_, k) => drawn(step.i, 'epsilon', k, 3))
      const noisy = cloud.map(({ z }, k) => plus([alpha, z.x], [sigma, epsilon[k]!]))
      const compared = compare === 'clean' ? cloud.map(({ z }) => z.x) : noisy
      const g = withF
        ? forces(
            compared.map((z) => times(F, bentDecoder.at(z))),
            bandwidth,
          ).map((f, k) => bentDecoder.back(compared[k]!, times(transposed(F), f)))
        : forces(compared, bandwidth)
      const ratio = sigma / alpha
      const w = (lambda * (weighting === 'sqrt' ? Math.sqrt(ratio) : ratio)) / rho / 3
      const gap = plus([1, cloud[0]!.x.x], [-1, bentDecoder.at(cloud[0]!.z.x)])
      close(step.gap, [length(gap)], `‖x − D(z)‖ of step ${step.i}`)
      const misfit = plus([1, y], [-1, times(A, cloud[0]!.x.x)])
      close(step.residual, [length(misfit)], `residual of step ${step.i}`)
      cloud = cloud.map(({ z, x }, k) => {
        const z0 = evaluate(network, noisy[k]!, t)
        if (k === 0) close(list(step.x0hat), bentDecoder.at(z0), `x̂₀ of step ${step.i}`)
        const distilled = plus(
          [1 / sigma, noisy[k]!],
          [-alpha / sigma, z0],
          [-1, epsilon[k]!],
          [gamma === 0 || K === 1 ? 0 : -gamma * sigma, g[k]!],
        )
        const tie = bentDecoder.back(z.x, plus([1, x.x], [-1, bentDecoder.at(z.x)]))
        const forZ = plus([-1 / 4, tie], [w, distilled])
        const movedZ = adamStep(z.adam, z.x, forZ, { rate: latentRate, beta1, beta2 })
        const r = plus([1, y], [-1, times(A, x.x)])
        const untied = plus([1, x.x], [-1, bentDecoder.at(movedZ.x)])
        const forX = plus([-1 / 2, times(transposed(A), r)], [rho / 4, untied])
        const movedX = adamStep(x.adam, x.x, forX, { rate: pictureRate, beta1, beta2 })
        return { z: { x: movedZ.x, adam: movedZ.state }, x: { x: movedX.x, adam: movedX.state } }
      })
      close(list(step.x), cloud[0]!.z.x, `z of step ${step.i}`)
      expect(step.particles.shape).toEqual([1, K, 4])
      close(
        list(step.particles),
        cloud.flatMap(({ x }) => x.x),
        `x of all of step ${step.i}`,
      )
      seen++
    }
    expect(seen).toBe(6)
  })
})

/** The solution of M v = b, by elimination. */
function solve(M: Rows, b: Vector): number[] {
  const n = b.length
  const rows = M.map((row, i) => [...row, b[i]!])
  for (let i = 0; i < n; i++) {
    const pivot = rows[i]!
    for (let j = 0; j < n; j++) {
      if (j === i) continue
      const factor = rows[j]![i]! / pivot[i]!
      rows[j] = rows[j]!.map((v, k) => v - factor * pivot[k]!)
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

// With a linear decoder D(z) = Wz and p(z) = N(m, s²I) everything is quadratic. The mean of ε_θ − ε over ε is
// k(z − m)/(s² + k²), k = σ_t/α_t, so that with q = E_t[w_t·k/(s² + k²)] x and z rest where
//
//     Wᵀ(Wz − x)/n + (q/ρ)(z − m)/l = 0,     (AᵀA/m + (ρ/n)I)x = Aᵀy/m + (ρ/n)Wz.
const [m, s2] = [[0.4, -0.3, 0.2] as const, 0.7]
const gram = (B: Rows, scale: number) => times2(transposed(B), B, scale)
function times2(P: Rows, Q: Rows, scale: number): number[][] {
  return P.map((row) =>
    transposed(Q).map((column) => scale * row.reduce((sum, v, i) => sum + v * column[i]!, 0)),
  )
}
function rest(rho: number, q: number): { z: number[]; x: number[] } {
  const [n, l, measured] = [4, 3, 2]
  // Both as one system in (z, x).
  const WtW = gram(skewed, 1 / n)
  const AtA = gram(A, 1 / measured)
  const top = WtW.map((row, i) => [
    ...row.map((v, j) => v + (i === j ? q / rho / l : 0)),
    ...transposed(skewed)[i]!.map((v) => -v / n),
  ])
  const bottom = AtA.map((row, i) => [
    ...skewed[i]!.map((v) => (-rho / n) * v),
    ...row.map((v, j) => v + (i === j ? rho / n : 0)),
  ])
  const right = [...m.map((v) => (q / rho / l) * v), ...times(transposed(A), y).map((v) => v / measured)]
  const all = solve([...top, ...bottom], right)
  return { z: all.slice(0, 3), x: all.slice(3) }
}

describe('on a Gaussian with a linear decoder', () => {
  const autoencoder = linearAutoencoder(rows(skewed))
  const pairs = respace(schedule, 40, 'leading')
  const lambda = 0.5
  const q =
    pairs.reduce((sum, { t }) => {
      const k = noiseLevel(schedule, t)
      return sum + (lambda * k * k) / (s2 + k * k)
    }, 0) / pairs.length

  it.each([0.05, 0.2, 3])('both gradients vanish at the known point, and nowhere else, ρ = %d', (rho) => {
    const prior = gaussianPrior({ mean: [...m], covariance: s2, schedule })
    const known = rest(rho, q)
    const gradientOfZ = (z: Vector, x: Vector) => {
      const settings = {
        lambda: lambda / rho,
        dataWeight: 1,
        weighting: 'linear',
        reduction: 'mean',
      } as const
      const total = [0, 0, 0]
      for (const { t } of pairs)
        for (const sign of [1, -1]) {
          const epsilon = rows([[0.8, -1.3, 0.4].map((v) => sign * v)])
          const tie = { operator: decoderOperator(autoencoder), y: rows([x]) }
          const { gradient } = redDiffGradient(
            tie,
            prior,
            rows([z]),
            t,
            { epsilon },
            { ...settings, sigmaX0: 0 },
          )
          list(gradient).forEach((g, i) => (total[i]! += g / (2 * pairs.length)))
        }
      return total
    }
    for (const g of gradientOfZ(known.z, known.x)) expect(Math.abs(g)).toBeLessThan(1e-10)
    expect(length(gradientOfZ(known.z, plus([1.1, known.x])))).toBeGreaterThan(1e-3)
    expect(length(plus([1, known.x], [-1, times(skewed, known.z)]))).toBeGreaterThan(1e-3) // x is no picture of D
  })

  // Of a prior that is one point ε_θ − ε has no noise; at one level, σ = 1, w = λ and q = λ.
  it.each([0.1, 1])('a run comes to rest there, ρ = %d', async (rho) => {
    const level = { ...ve({ sigmaMax: 1 }), sigma: () => 1 }
    const prior = on(gaussianPrior({ mean: [...m], covariance: 1e-12, schedule: level }), autoencoder)
    const rates = { latentRate: 0.02, pictureRate: 0.02, particles: 2, gamma: 0, lambda, rho } as const
    const x = await run(latentRlsd(problemOf(0.1), prior, { ...rates, steps: 800, seed }))
    // Adam swings by about its rate.
    rest(rho, lambda).x.forEach((v, i) => expect(Math.abs(list(x)[i]! - v)).toBeLessThan(0.015))
  })

  it('a tie without end rests where RLSD with A∘D does, a loose one nearer the measurement', async () => {
    const level = { ...ve({ sigmaMax: 1 }), sigma: () => 1 }
    const latents = gaussianPrior({ mean: [...m], covariance: 1e-12, schedule: level })
    const composed = {
      ...problemOf(0.1),
      operator: compose(problemOf(0.1).operator, decoderOperator(autoencoder)),
    }
    const options = { steps: 800, particles: 1, lambda, learningRate: 0.02, init: 'zeros' } as const
    const z = list(await run(rlsd(composed, latents, options)))
    const missed = [0.01, 1, 1e6].map((rho) => length(plus([1, rest(rho, lambda).x], [-1, times(skewed, z)])))
    expect(missed[2]).toBeLessThan(5e-3)
    expect(missed[1]).toBeGreaterThan(0.01)
    expect(missed[0]).toBeGreaterThan(missed[1]!)
    const misfit = (rho: number) => length(plus([1, y], [-1, times(A, rest(rho, lambda).x)]))
    expect(misfit(0.01)).toBeLessThan(misfit(1))
  })
})

it('particles end apart with repulsion, and in one place without', async () => {
  const level = { ...ve({ sigmaMax: 1 }), sigma: () => 1 }
  const autoencoder = linearAutoencoder(tensor([[1]], float64))
  const prior = on(gaussianPrior({ mean: [0], covariance: 1e-12, schedule: level }), autoencoder)
  const problem = {
    operator: matrixOperator(tensor([[1]], float64)),
    noise: gaussianNoise(0.1),
    y: rows([[1]]),
  }
  // In one dimension z_i rest where (z − x) + (λ/ρ)(z − γ·2·log 2/(z_i − z_j)) = 0 and x − y + ρ(x − z) = 0: the mean of z at
  // y/(1 + λ + λ/ρ), and apart by d, d²·(1 − ρ/(1 + ρ) + λ/ρ) = 4·log 2·γ·λ/ρ.
  const [lambda, rho] = [0.5, 0.5]
  const options = {
    steps: 800,
    particles: 2,
    compare: 'clean',
    lambda,
    rho,
    latentRate: 0.02,
    pictureRate: 0.02,
  } as const
  for (const gamma of [0, 0.5, 2]) {
    let ends: number[] = []
    await run(latentRlsd(problem, prior, { ...options, gamma, beta1: 0.5, seed: 3 }), {
      onStep: ({ state }) =>
        void (ends = list((state as unknown as { latents: Parameters<typeof list>[0] }).latents)),
    })
    const [one = Number.NaN, other = Number.NaN] = ends
    const apart = Math.sqrt((4 * Math.log(2) * gamma * lambda) / rho / (1 - rho / (1 + rho) + lambda / rho))
    expect(Math.abs(Math.abs(one - other) - apart)).toBeLessThan(0.03)
    expect(Math.abs((one + other) / 2 - 1 / (1 + lambda + lambda / rho))).toBeLessThan(0.02)
  }
})
