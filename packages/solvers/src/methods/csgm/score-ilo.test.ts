import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior, linearAutoencoder } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import type { LatentPrior } from '../../types.ts'
import { scoreIlo, UnfitError } from '../index.ts'
import {
  A,
  bent,
  bentDecoder,
  drawn,
  firstSample,
  float64,
  list,
  problemOf,
  rows,
  seed,
  W,
  y,
} from '../latent/latents.test.helper.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'

const R = [
  [0.9, 0.4, 0],
  [-0.2, 1.1, 0.3],
  [0, 0.5, -0.8],
]
const between = gaussianPrior({ mean: [0.4, -0.3, 0.2], covariance: [0.5, 0.2, 1] })
const latents = gaussianPrior({ mean: [0, 0, 0], covariance: 1 })
const turn = (z: Parameters<typeof bent.decode>[0]) => z.matmul(rows(transposed(R)))
/** D = bent ∘ R. */
const staged = (first: boolean): LatentPrior => ({
  ...latents,
  autoencoder: {
    ...bent,
    decode: (z) => bent.decode(turn(z)),
    stages: [
      { ...(first && { prior: latents }), decode: turn },
      { prior: between, decode: bent.decode },
    ],
  },
})
/** E[w₀ | w_σ = w] of the diagonal Gaussians. */
const likely = (mean: Vector, variance: Vector, sigma: number) => (w: Vector) =>
  w.map((v, k) => mean[k]! + (variance[k]! / (variance[k]! + sigma ** 2)) * (v - mean[k]!))

it.each([
  [{}, false],
  [{ rate: 0.02, pull: 0.5, noise: 0, level: 0.7 }, false],
  [{ rate: 0, noise: 0.1 }, true],
  [{ rate: 0.1, pull: 0.3 }, true],
] as const)('written out, %j, with a prior on the first layer: %s', async (options, both) => {
  const { rate, pull, noise, level } = { rate: 0.05, pull: 0.1, noise: 0.025, level: 0.1, ...options }
  const v = drawn(0, 'start')
  const z = plus([Math.sqrt(3) / length(v), v])
  let w: Vector = both ? z : times(R, z)
  const zeros = [0, 0, 0]
  let memory = { m: zeros as Vector, v: zeros as Vector, k: 0 }
  const seen: number[] = []
  const going = scoreIlo(problemOf(0.1), staged(both), { steps: 8, seed, firstSample, ...options })
  for (;;) {
    const next = await going.next()
    if (next.done) {
      close(list(next.value), bentDecoder.at(w), 'the result')
      break
    }
    const step = next.value
    const outer = !both || step.i >= 4
    if (both && step.i === 4) [w, memory] = [times(R, w), { m: zeros, v: zeros, k: 0 }]
    const into = outer ? w : times(R, w)
    const x = bentDecoder.at(into)
    const r = plus([1, y], [-1, times(A, x)])
    const slope = bentDecoder.back(into, times(transposed(A), plus([-2 / 2, r])))
    const moved = adamStep(memory, w, outer ? slope : times(transposed(R), slope), {
      rate,
      beta1: 0.9,
      beta2: 0.999,
    })
    memory = moved.state
    const at = rate > 0 ? moved.x : w
    const mean = outer ? likely([0.4, -0.3, 0.2], [0.5, 0.2, 1], level) : likely(zeros, [1, 1, 1], level)
    w = plus([1 - pull, at], [pull, mean(at)], [noise, noise > 0 ? drawn(step.i, 'step') : zeros])
    close(list(step.x), w, `w of step ${step.i}`)
    close(list(step.x0hat), x, 'picture')
    close(step.residual, [length(r)], 'residual')
    seen.push(step.i)
  }
  expect(seen.length).toBe(8)
})

describe('without y', () => {
  it('is a chain whose law is a Gaussian: its mean and variance in closed form', async () => {
    const [n, level, pull, noise] = [4000, 0.8, 0.4, 0.3]
    const options = { steps: 40, rate: 0, level, pull, noise, seed: 9 } as const
    const problem = {
      operator: matrixOperator(rows(A)),
      noise: gaussianNoise(0.1),
      y: tensor(
        Array.from({ length: n }, () => [...y]),
        float64,
      ),
    }
    let x: number[] = []
    for await (const step of scoreIlo(problem, staged(false), options)) x = list(step.x)
    const [mean, variance] = [
      [0.4, -0.3, 0.2],
      [0.5, 0.2, 1],
    ]
    for (const k of [0, 1, 2]) {
      const a = (pull * level ** 2) / (variance[k]! + level ** 2)
      const wanted = noise ** 2 / (a * (2 - a))
      const column = Array.from({ length: n }, (_, i) => x[3 * i + k]!)
      const found = column.reduce((sum, v) => sum + v, 0) / n
      // What is left of where it started, D_1 z, at most its length times (1 − a)^40.
      const left = 3 * (1 - a) ** 40
      expect(Math.abs(found - mean[k]!)).toBeLessThan(6 * Math.sqrt(wanted / n) + left)
      const second = column.reduce((sum, v) => sum + (v - found) ** 2, 0) / (n - 1)
      expect(Math.abs(second / wanted - 1)).toBeLessThan(6 * Math.sqrt(2 / n) + (2 * left ** 2) / wanted)
    }
  })
})

it('finds the picture where y tells all, and ends near the prior’s mean where y tells nothing', async () => {
  const outer = linearAutoencoder(rows(W))
  const prior: LatentPrior = {
    ...latents,
    autoencoder: {
      ...outer,
      stages: [{ decode: (z) => z.mul(1) }, { prior: between, decode: outer.decode }],
    },
  }
  const all = {
    operator: matrixOperator(rows(transposed(W))),
    noise: gaussianNoise(0.01),
    y: rows([[0.5, -0.2, 0.3]]),
  }
  const x = await run(scoreIlo(all, prior, { steps: 400, rate: 0.02, noise: 0, pull: 0 }))
  list(outer.encode(x)).forEach((v, k) => expect(v).toBeCloseTo([0.5, -0.2, 0.3][k]!, 3))
  const blind = { ...all, operator: matrixOperator(rows([[0, 0, 0, 0]])), y: rows([[0]]) }
  const w = await run(scoreIlo(blind, prior, { steps: 400, noise: 0, pull: 0.5, level: 1 }))
  list(outer.encode(w)).forEach((v, k) => expect(v).toBeCloseTo([0.4, -0.3, 0.2][k]!, 6))
})

it('refuses a decoder without stages, before any work', () => {
  const whole = { ...latents, autoencoder: bent }
  expect(() => scoreIlo(problemOf(0.1), whole)).toThrow(UnfitError)
  expect(() => scoreIlo(problemOf(0.1), whole)).toThrow('takes a decoder in stages')
})
