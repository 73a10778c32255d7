import type { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { agreeingLatent } from '../../guidance/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior, shiftedByClass } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { P2lOptions } from '../index.ts'
import { latentDps, p2l, UnfitError } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { adamStep, ddimFrom, dot, length, plus, times, transposed } from '../written-out.test.helper.ts'
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
  on,
  orthonormal,
  problemOf,
  rows,
  schedule,
  seed,
  told,
  W,
  y,
} from './latents.test.helper.ts'

const steps = 6
const differences = (f: (v: Vector) => number, at: Vector) => {
  const h = 1e-5
  return at.map((_, k) => {
    const g = (d: number) => f(at.map((v, j) => v + (j === k ? d : 0)))
    return (8 * (g(h) - g(-h)) - (g(2 * h) - g(-2 * h))) / (12 * h)
  })
}

/** argmin ‖y − Ax‖² + λ‖x − x̂‖², by the 2×2 system (AAᵀ + λI)w = y − A x̂. */
function agreeing(x: Vector, lambda: number): number[] {
  const r = plus([1, y], [-1, times(A, x)])
  const [a, b, d] = [dot(A[0]!, A[0]!) + lambda, dot(A[0]!, A[1]!), dot(A[1]!, A[1]!) + lambda]
  const w = [(d * r[0]! - b * r[1]!) / (a * d - b * b), (a * r[1]! - b * r[0]!) / (a * d - b * b)]
  return plus([1, x], [1, times(transposed(A), w)])
}

it.each([
  { class: 'first', rate: 0.05, period: 2, lambda: 0.3, scale: 0.2, eta: 1 },
  { rate: 0.01, scale: 0.1, scaleSteps: 20, period: 0 },
  { class: 'second', rate: 0, period: 1 },
] as P2lOptions[])('written out, with both gradients by finite differences, %j', async (options) => {
  const { rate = 1e-4, period = 10, lambda = 1e-4, eta = 0, scaleSteps = steps } = options
  const zeta = ((options.scale ?? 200 / steps) * scaleSteps) / steps
  const pairs = respace(schedule, steps, 'linspace')
  let z: Vector = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
  let c: Vector = options.class === undefined ? [0, 0] : classes[options.class as 'first']
  let memory = { m: [0, 0] as Vector, v: [0, 0] as Vector, k: 0 }
  for await (const step of p2l(problemOf(0.1), on(told, bent), {
    ...options,
    steps,
    spacing: 'linspace',
    seed,
    firstSample,
  })) {
    const { t, s } = pairs[step.i]!
    const left = (at: Vector, by: Vector) => plus([1, y], [-1, times(A, bentDecoder.at(denoised(at, t, by)))])
    const slope = differences((by) => dot(left(z, by), left(z, by)) / 2, c)
    const moved = adamStep(memory, c, slope, { rate, beta1: 0.9, beta2: 0.999 })
    // Adam divides by the length of the gradient: compared to what differences can tell.
    list(step.embedding).forEach((v, k) =>
      expect(Math.abs(v - (rate > 0 ? moved.x[k]! : c[k]!))).toBeLessThan(1e-6),
    )
    const now = list(step.embedding)
    memory = moved.state
    c = now
    const guidance = plus([-zeta, differences((at) => length(left(at, now)), z)])
    const size = Math.max(1, ...guidance.map(Math.abs))
    list(step.guidance).forEach((v, k) => expect(Math.abs(v - guidance[k]!) / size).toBeLessThan(1e-7))
    const z0 = denoised(z, t, now)
    close(list(step.x0hat), bentDecoder.at(z0), 'D(ẑ₀)')
    const projects = period > 0 && (step.i + 1) % period === 0
    const better = projects ? bentEncoder.at(agreeing(bentDecoder.at(z0), lambda)) : z0
    const from = plus([1, z], [levels.alpha(t), better], [-levels.alpha(t), z0])
    const next = ddimFrom(levels, [t, s], eta, from, better, drawn(step.i, 'step'))
    close(list(step.x), plus([1, next], [1, list(step.guidance)]), `z of step ${step.i}`)
    z = list(step.x)
  }
})

describe('in closed form', () => {
  it('held at no class and without projection it is LDPS, bit for bit', async () => {
    const options = { steps: 10, seed: 1, scale: 0.1, spacing: 'linspace' } as const
    const a = await run(p2l(problemOf(0.1), on(told, orthonormal), { ...options, rate: 0, period: 0 }))
    const b = await run(latentDps(problemOf(0.1), on(gaussian, orthonormal), options))
    expect(list(a)).toEqual(list(b))
  })

  it('the projection comes to the ridge solution, and for λ → 0 to A x = y', () => {
    const operator = matrixOperator(rows(A))
    const x = rows([[0.3, 0.1, -0.5, 0.2]])
    const posed = { operator, y: rows([y]) }
    close(
      list(agreeingLatent(posed, on(gaussian, orthonormal), x, 0.4).picture),
      agreeing(list(x), 0.4),
      'exact',
    )
    // Two steps of conjugate gradients solve a problem of rank two.
    close(
      list(agreeingLatent(posed, on(gaussian, orthonormal), x, 0.4, 2).picture),
      agreeing(list(x), 0.4),
      'by CG',
    )
    const { picture } = agreeingLatent(posed, on(gaussian, orthonormal), x, 1e-12)
    close(list(operator.forward(picture)), y, 'A x')
  })

  it('the embedding goes to where the told mean fits y, the class being all that is unknown', async () => {
    // A prior sure of z₀ = M c, of which A sees both numbers of c as they are.
    const shift = rows([[1, 0], [0, 1], [0.5, -0.5]]) // biome-ignore format: a matrix
    const sure = shiftedByClass(gaussianPrior({ mean: [0, 0, 0], covariance: 1e-8 }), { classes, shift })
    const c = [0.6, -0.4]
    const operator = matrixOperator(rows([0, 1].map((k) => W.map((row) => row[k]!))))
    const problem = { ...problemOf(0.1), operator, y: rows([c]) }
    let found: number[] = []
    await run(p2l(problem, on(sure, orthonormal), { steps: 200, rate: 0.02, scale: 0, period: 0 }), {
      onStep: ({ embedding }) => void (found = list(embedding as ReturnType<typeof tensor>)),
    })
    found.forEach((v, k) => expect(v).toBeCloseTo(c[k]!, 2))
  })
})

it('refuses a prior that cannot be told a class, and a class that it does not have, before any work', () => {
  expect(() => p2l(problemOf(0.1), on(gaussian, orthonormal))).toThrow(UnfitError)
  expect(() => p2l(problemOf(0.1), on(told, orthonormal), { class: '7' })).toThrow(
    "class: must be one of first, second, got '7'",
  )
  expect(float64.dtype).toBe('float64')
})
