import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator, operatorFromSpec } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { GuidedStep } from '../../types.ts'
import { latentDps, presetsOf, psld, UnfitError } from '../index.ts'
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

const steps = 6

it.each([{}, { omega: 0.3, gamma: 0.2, eta: 1 }, { omega: 0, gamma: 0.4, scaleSteps: 20, eta: 0.5 }])(
  'PSLD written out, %j',
  async (options: { omega?: number; gamma?: number; eta?: number; scaleSteps?: number }) => {
    const { eta = 0, scaleSteps = steps } = options
    const omega = ((options.omega ?? 1000 / steps) * scaleSteps) / steps
    const gamma = ((options.gamma ?? 100 / steps) * scaleSteps) / steps
    const pairs = respace(schedule, steps, 'linspace')
    let z = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
    const given = { steps, spacing: 'linspace', seed, firstSample, ...options } as const
    const At = transposed(A)
    for await (const step of psld(problemOf(0.1), bentPrior(bent), given)) {
      const { t, s } = pairs[step.i]!
      const z0 = evaluate(network, z, t)
      /** ω‖y − A D(ẑ₀)‖ + γ‖ẑ₀ − E(Aᵀy + D(ẑ₀) − AᵀA D(ẑ₀))‖ at any ẑ₀. */
      const loss = (at: Vector) => {
        const x = bentDecoder.at(at)
        const r = plus([1, y], [-1, times(A, x)])
        const agreeing = plus([1, times(At, y)], [1, x], [-1, times(At, times(A, x))])
        return omega * length(r) + gamma * length(plus([1, at], [-1, bentEncoder.at(agreeing)]))
      }
      const h = 1e-5
      const slope = z0.map((_, k) => {
        const at = (d: number) => loss(z0.map((v, j) => v + (j === k ? d : 0)))
        return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
      })
      const guidance = plus([-1, pullBack(network, z, t, slope)])
      const size = Math.max(1, ...guidance.map(Math.abs))
      list(step.guidance).forEach((v, k) => expect(Math.abs(v - guidance[k]!) / size).toBeLessThan(1e-8))
      const moved = ddimFrom(levels, [t, s], eta, z, z0, drawn(step.i, 'step'))
      close(list(step.x), plus([1, moved], [1, list(step.guidance)]), `z of step ${step.i}`)
      close(list(step.x0hat), bentDecoder.at(z0), 'D(ẑ₀)')
      z = list(step.x)
    }
  },
)

const gaussian = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance: [[1, 0.5, 0], [0.5, 0.8, -0.2], [0, -0.2, 0.5]] }) // biome-ignore format: a matrix
const states = async (steps: AsyncGenerator<GuidedStep, unknown>) => {
  const seen: number[][] = []
  for await (const step of steps) seen.push(list(step.x))
  return seen
}

describe('the gluing term', () => {
  const options = { steps: 12, seed: 4, spacing: 'linspace', eta: 0.5 } as const

  it('at weight 0 leaves LDPS', async () => {
    const a = await states(
      psld(problemOf(0.1), on(gaussian, orthonormal), { ...options, omega: 0.2, gamma: 0 }),
    )
    const b = await states(latentDps(problemOf(0.1), on(gaussian, orthonormal), { ...options, scale: 0.2 }))
    a.forEach((x, i) => close(x, b[i]!, `step ${i}`))
  })

  it('vanishes where D(ẑ₀) agrees with y, AᵀA is a projector and D has orthonormal columns; and not elsewhere', async () => {
    // A looks along a column of W, so that every y is of some D(z).
    const mask = matrixOperator(rows([W.map((row) => row[1]!)]))
    const z = tensor([[0.4, -0.3, 0.8]], float64)
    const t = respace(schedule, 12, 'linspace')[5]?.t ?? 0
    const agreeing = mask.forward(orthonormal.decode(gaussian.denoise(z, t)))
    const gluing = async (y: typeof agreeing, operator = mask) => {
      const problem = { operator, noise: gaussianNoise(0.1), y }
      const at = { ...options, resume: { next: 5, state: { x: z } } }
      const { value } = await psld(problem, on(gaussian, orthonormal), at).next()
      return (value as { gluing: readonly number[] }).gluing[0]!
    }
    expect(await gluing(agreeing)).toBeLessThan(1e-14)
    expect(await gluing(agreeing.add(0.1))).toBeCloseTo(0.1, 10)
    // Twice the operator: AᵀA is no projector, and Aᵀr is four times as long as the way to what was measured.
    const twice = matrixOperator(rows([W.map((row) => 2 * row[1]!)]))
    expect(await gluing(agreeing.mul(2).add(0.2), twice)).toBeCloseTo(0.4, 10)
  })

  it('of an orthonormal decoder of what A sees is the length of the residual once more', async () => {
    // ẑ₀ − E(D(ẑ₀) + Aᵀr) = −WᵀAᵀr, of length ‖r‖: ω and γ then add up.
    const operator = matrixOperator(rows([W.map((row) => row[0]!), W.map((row) => row[2]!)]))
    const problem = { operator, noise: gaussianNoise(0.1), y: rows([y]) }
    const prior = on(gaussian, orthonormal)
    const a = await states(psld(problem, prior, { ...options, omega: 0.1, gamma: 0.2 }))
    const b = await states(psld(problem, prior, { ...options, omega: 0.3, gamma: 0 }))
    a.forEach((x, i) => close(x, b[i]!, `step ${i}`))
  })
})

it('refuses an operator without an adjoint, before any work', () => {
  const { adjoint: _, ...nonlinear } = matrixOperator(rows(A))
  expect(() => psld({ ...problemOf(0.1), operator: nonlinear }, on(gaussian, orthonormal))).toThrow(
    UnfitError,
  )
})

it('its presets are the scripts’', async () => {
  expect(presetsOf(psld).map(({ name, settings }) => [name, settings['omega'], settings['gamma']])).toEqual([
    ['ldm-ffhq-sr4', 0.9, 0.1],
    ['ldm-ffhq-random', 0.1, 0.1],
    ['ldm-ffhq-box', 0.1, 0.1],
    ['ldm-ffhq-blur', 0.1, 0.1],
    ['sd-box', 0.1, 0.01],
    ['sd-200', 1, 0.5],
  ])
  expect(operatorFromSpec('inpaint:random=0.5', [1, 4, 4]).observed).toBe(8)
  const x = await run(psld(problemOf(0.1), on(gaussian, orthonormal), { steps: 3, omega: 0.1, gamma: 0.1 }))
  expect(x.shape).toEqual([1, 4])
})
