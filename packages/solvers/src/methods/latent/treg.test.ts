import { matmul, normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianPrior, shiftedByClass } from '../../priors/index.ts'
import { respace } from '../../schedules/index.ts'
import type { DreamSamplerOptions, TregOptions } from '../index.ts'
import { dreamSampler, treg, UnfitError } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { dot, length, plus, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentEncoder,
  classes,
  denoised,
  drawn,
  firstSample,
  float64,
  gaussian,
  levels,
  list,
  M,
  on,
  orthonormal,
  problemOf,
  rows,
  schedule,
  seed,
  told,
  y,
} from './latents.test.helper.ts'

const F = [
  [0.5, 0.1, 0, -1],
  [0.3, 0, 0.8, 0.2],
]
const embedding = shiftedByClass(gaussian, {
  classes,
  shift: rows(M),
  embedImage: (x) => matmul(x, rows(transposed(F))),
})
const steps = 6

/** k steps of conjugate gradients on (AᵀA + λI)x = Aᵀy + λx̂ from x̂. */
function conjugate(x: Vector, lambda: number, k: number): Vector {
  const map = (v: Vector) => plus([1, times(transposed(A), times(A, v))], [lambda, v])
  let at = x
  let r: Vector = plus([1, times(transposed(A), plus([1, y], [-1, times(A, x)]))])
  let p = r
  for (let i = 0; i < k && length(r) > 1e-13; i++) {
    const step = dot(r, r) / dot(p, map(p))
    const after = plus([1, r], [-step, map(p)])
    at = plus([1, at], [step, p])
    p = plus([1, after], [dot(after, after) / dot(r, r), p])
    r = after
  }
  return at
}

describe('TReg', () => {
  it.each([
    [{ class: 'first', lambda: 0.3, iterations: 1 }, true],
    [{ class: 'second', guidance: 2, period: 2, share: 2 / 3, negation: 'off', iterations: 2 }, true],
    [{ guidance: 3, period: 1, share: 1, rate: 0.1, negations: 3 }, true],
    [{ class: 'first', period: 1 }, false],
  ] as [TregOptions, boolean][])(
    'written out, %j, a prior that embeds pictures: %s',
    async (options, embeds) => {
      const {
        guidance = 7.5,
        period = 3,
        share = 0.85,
        lambda = 1e-4,
        iterations = 5,
        negation = 'auto',
        rate = 1e-3,
        negations = 10,
      } = options
      const pairs = respace(schedule, steps, 'linspace')
      let z: Vector = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
      let nothing: Vector = [0, 0]
      const c = options.class === undefined ? [0, 0] : classes[options.class as 'first']
      const looked: number[] = []
      const prior = on(embeds ? embedding : told, bent)
      for await (const step of treg(problemOf(0.1), prior, {
        ...options,
        steps,
        spacing: 'linspace',
        seed,
        firstSample,
      })) {
        const { t, s } = pairs[step.i]!
        const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
        const without = denoised(z, t, nothing)
        const z0 = plus([1 - guidance, without], [guidance, denoised(z, t, c)])
        const epsilon = plus([1 / sigma, z], [-alpha / sigma, z0])
        const x0 = bentDecoder.at(z0)
        close(list(step.x0hat), x0, 'D(ẑ₀)')
        const abS = levels.alpha(s) ** 2
        let next = plus([Math.sqrt(abS), z0], [Math.sqrt(1 - abS), epsilon])
        if (step.i % period === 0 && step.i < share * steps) {
          looked.push(step.i)
          const xy = conjugate(x0, lambda, iterations)
          const zy = bentEncoder.at(xy)
          const mean = plus([abS, zy], [1 - abS, z0])
          next = plus(
            [Math.sqrt(abS), mean],
            [1 - abS, epsilon],
            [Math.sqrt((1 - abS) * abS), drawn(step.i, 'resample')],
          )
          // Adam with one and the same gradient goes by its rate against the sign, but for ε = 1e-8.
          const f = times(F, xy)
          if (embeds && negation !== 'off')
            nothing = nothing.map(
              (v, k) => v - negations * rate * (f[k]! / length(f) / (Math.abs(f[k]! / length(f)) + 1e-8)),
            )
        }
        list(step.negation).forEach((v, k) => expect(Math.abs(v - nothing[k]!)).toBeLessThan(1e-6))
        nothing = list(step.negation)
        close(list(step.x), next, `z of step ${step.i}`)
        z = list(step.x)
      }
      expect(looked).toEqual(
        period === 3
          ? [0, 3]
          : period === 2
            ? [0, 2]
            : share === 1
              ? [0, 1, 2, 3, 4, 5]
              : [0, 1, 2, 3, 4, 5].filter((i) => i < 5.1),
      )
    },
  )

  it('keeps the variance of its noise: of ε and ξ, (1 − ᾱ)² + (1 − ᾱ)ᾱ = 1 − ᾱ', async () => {
    // z_t of a prior sure of 0 is σ_t·ε, which a look at y of nothing but 0 leaves at σ_s times noise of unit variance.
    const n = 4000
    const sure = on(
      shiftedByClass(gaussianPrior({ mean: [0, 0, 0], covariance: 1e-12 }), { classes, shift: rows(M) }),
      orthonormal,
    )
    const { t, s } = respace(schedule, 12, 'linspace')[6]!
    const z = normal(
      Array.from({ length: n }, (_, i) => randomKey(2).fold(i)),
      [3],
      float64,
    ).mul(levels.sigma(t))
    const problem = {
      ...problemOf(0.1),
      y: tensor(
        Array.from({ length: n }, () => [0, 0]),
        float64,
      ),
    }
    const { value } = await treg(problem, sure, {
      steps: 12,
      spacing: 'linspace',
      seed: 3,
      guidance: 0,
      resume: {
        next: 6,
        state: {
          x: z,
          nothing: tensor(
            Array.from({ length: n }, () => [0, 0]),
            float64,
          ),
        },
      },
    }).next()
    const x = list((value as { x: typeof z }).x)
    const variance = x.reduce((sum, v) => sum + v * v, 0) / x.length
    expect(Math.abs(variance / levels.sigma(s) ** 2 - 1)).toBeLessThan(6 * Math.sqrt(2 / x.length))
  })

  it('refuses negation where the prior does not embed pictures, and unknown classes, before any work', () => {
    expect(() => treg(problemOf(0.1), on(told, orthonormal), { negation: 'on' })).toThrow(UnfitError)
    expect(() => treg(problemOf(0.1), on(told, orthonormal), { negation: 'on' })).toThrow(
      'has no embedImage()',
    )
    expect(() => treg(problemOf(0.1), on(embedding, orthonormal), { negation: 'on' })).not.toThrow()
    expect(() => treg(problemOf(0.1), on(told, orthonormal), { class: '7' })).toThrow(
      'must be one of first, second',
    )
  })
})

/** A step of LDPS of length √ᾱ_s without a class; ẑ₀ is affine, so that differences are its columns. */
function ldps(z: Vector, t: number, s: number): Vector {
  const z0 = denoised(z, t, [0, 0])
  const r = plus([1, y], [-1, times(A, bentDecoder.at(z0))])
  const v = bentDecoder.back(z0, times(transposed(A), plus([1 / length(r), r])))
  const column = (k: number) =>
    plus([1, denoised(z.map((u, j) => u + Number(j === k)), t, [0, 0])], [-1, z0]) // biome-ignore format: a line
  const epsilon = plus([1 / levels.sigma(t), z], [-levels.alpha(t) / levels.sigma(t), z0])
  const guidance = z.map((_, k) => dot(column(k), v))
  return plus([levels.alpha(s), z0], [levels.sigma(s), epsilon], [levels.alpha(s), guidance])
}

describe('DreamSampler', () => {
  it.each([
    { class: 'first', lambda: 0.3, iterations: 1 },
    { class: 'second', guidance: 2, start: 'noise', mask: tensor([1, 0, 0.5]) },
    {},
    { class: 'first', start: 'noise', period: 2, share: 2 / 3 },
  ] as DreamSamplerOptions[])('written out, %#', async (options) => {
    const { guidance = 5, lambda = 1e-4, iterations = 10, start = 'inversion' } = options
    const { period = 1, share = 1 } = options
    const mask = options.mask === undefined ? [1, 1, 1] : list(options.mask)
    const pairs = respace(schedule, steps, 'linspace')
    let z: Vector = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
    if (start === 'inversion') {
      z = bentEncoder.at(times(transposed(A), y))
      // One evaluation a step, at the point where it starts: x_t = (α_t/α_s)·x_s + (σ_t − α_tσ_s/α_s)·ε(x_s, t).
      for (const { t, s } of pairs.slice(0, -1).reverse()) {
        const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
        const epsilon = plus([1 / sigma, z], [-alpha / sigma, denoised(z, t, [0, 0])])
        z = plus([alpha / levels.alpha(s), z], [sigma - (alpha * levels.sigma(s)) / levels.alpha(s), epsilon])
      }
    }
    const c = options.class === undefined ? [0, 0] : classes[options.class as 'first']
    for await (const step of dreamSampler(problemOf(0.1), on(told, bent), {
      ...options,
      steps,
      spacing: 'linspace',
      seed,
      firstSample,
    })) {
      const { t, s } = pairs[step.i]!
      const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
      const ab = alpha ** 2
      const without = denoised(z, t, [0, 0])
      const withClass = plus([1 - guidance, without], [guidance, denoised(z, t, c)])
      const zy = bentEncoder.at(conjugate(bentDecoder.at(without), lambda, iterations))
      const bar = plus([ab, zy], [1 - ab, without]).map((v, k) => {
        const inside = (1 - ab) * v + ab * withClass[k]!
        return mask[k]! * inside + (1 - mask[k]!) * v
      })
      const epsilon = plus([1 / sigma, z], [-alpha / sigma, without])
      const noise = plus(
        [Math.sqrt(1 - ab), epsilon],
        [Math.sqrt(ab), levels.sigma(s) > 0 ? drawn(step.i, 'step') : [0, 0, 0]],
      )
      close(list(step.x0hat), bentDecoder.at(without), 'D(ẑ₀)')
      if (step.i % period > 0 || step.i >= share * steps) {
        close(list(step.x), ldps(z, t, s), `z of step ${step.i}, of LDPS`)
        z = list(step.x)
        continue
      }
      close(list(step.x), plus([levels.alpha(s), bar], [levels.sigma(s), noise]), `z of step ${step.i}`)
      z = list(step.x)
    }
  })

  it('ends at the class inside of the mask and at y outside, as ᾱ tends to 1', async () => {
    // Of a prior sure of the class, and A that sees two latents through an orthonormal decoder.
    const { t } = respace(schedule, 100, 'linspace').at(-1)!
    expect(levels.alpha(t) ** 2).toBeGreaterThan(0.9998)
    const sure = shiftedByClass(gaussianPrior({ mean: [0, 0, 0], covariance: 1e-8 }), {
      classes,
      shift: rows(M),
    })
    const seen = rows(
      [0, 1].map((k) => list(orthonormal.decode(rows([[0, 1, 2].map((j) => Number(j === k))])))),
    )
    const problem = problemOf(
      0.1,
      [0, 1].map((k) => list(seen.slice([k, k + 1]))),
    )
    const options = {
      class: 'first',
      guidance: 1,
      mask: tensor([1, 0, 0]),
      steps: 100,
      start: 'noise',
    } as const
    let z: number[] = []
    for await (const { x } of dreamSampler(problem, on(sure, orthonormal), options)) z = list(x)
    expect(z[0]).toBeCloseTo(times(M, classes.first)[0]!, 2)
    expect(z[1]).toBeCloseTo(y[1]!, 2)
    expect(z[2]).toBeCloseTo(0, 2)
  })

  it('evaluates once in a step of LDPS, twice in one of its own', () => {
    const of = (n: number, options: DreamSamplerOptions) => dreamSampler.info.evaluations(n, options)
    expect(of(200, { start: 'noise' })).toBe(400)
    expect(of(200, { start: 'noise', period: 3, share: 0.85 })).toBe(200 + 57)
    expect(of(10, { start: 'inversion', period: 4, share: 0.81 })).toBe(10 + 3 + 9)
    expect(of(10, { start: 'noise', share: 0 })).toBe(10)
  })

  it('refuses a mask of another shape, before any work', () => {
    expect(() => dreamSampler(problemOf(0.1), on(told, orthonormal), { mask: tensor([1, 0]) })).toThrow(
      'must be a tensor [3], got [2]',
    )
  })
})
