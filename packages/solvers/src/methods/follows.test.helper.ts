// Holds each step of a guided method to its formula in plain numbers, on the problem of the written-out tests.
import { expect } from 'vitest'
import { respace } from '../schedules/index.ts'
import type { Problem } from '../types.ts'
import type { AnyMethod } from './index.ts'
import type { Levels, Vector } from './written-out.test.helper.ts'
import { ddimFrom, evaluate, length, plus, pullBack, times } from './written-out.test.helper.ts'
import type { Name } from './written-out-problem.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  list,
  network,
  priorOn,
  schedules,
  seed,
} from './written-out-problem.test.helper.ts'

/** What a formula may know of a step, in plain numbers. */
export interface At {
  readonly i: number
  readonly t: number
  readonly s: number
  readonly x: Vector
  readonly x0: Vector
  readonly levels: Levels
  /** α_t and σ_t. */
  readonly alpha: number
  readonly sigma: number
  /** v ↦ Jᵀv of the denoiser, with its clipping. */
  back(v: Vector): number[]
}

/** What a formula says: what is shown as guidance, what takes the place of x̂₀, and what is added to x_s. */
export interface Said {
  readonly guidance: Vector
  readonly x0?: Vector
  readonly shift?: Vector
  /** x_s whole, where it is not a step of DDIM. */
  readonly x?: Vector
}

/** Guidance by a score: the conditional Tweedie formula. */
export const tweedie = ({ alpha, sigma, x0 }: At, g: Vector): Said => ({
  guidance: g,
  x0: plus([1, x0], [sigma ** 2 / alpha, g]),
})

/**
 * Runs a method and holds every step to `says`, to 1e-9: x̂₀, the guidance, the residual and x_s.
 *
 * @param measured - A(x) in plain numbers.
 */
export async function follows(
  method: AnyMethod,
  problem: Problem,
  name: Name,
  options: Readonly<Record<string, unknown>>,
  says: (at: At) => Said,
  measured: (x0: Vector) => Vector = (x0) => times(A, x0),
  steps = 6,
): Promise<void> {
  const [schedule, levels] = schedules[name]
  const {
    eta = 1,
    clip = [-Infinity, Infinity],
    spacing = 'linspace',
  } = options as {
    eta?: number
    clip?: readonly [number, number]
    spacing?: 'linspace'
  }
  const pairs = respace(schedule, steps, spacing)
  let x: Vector = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
  let seen = 0
  for await (const step of method.run(problem, priorOn(name), { ...options, steps, seed, firstSample })) {
    const { t, s } = pairs[step.i]!
    const raw = evaluate(network, x, t)
    const x0 = raw.map((v) => Math.min(Math.max(v, clip[0]), clip[1]))
    const back = (v: Vector) =>
      pullBack(
        network,
        x,
        t,
        v.map((c, i) => (x0[i] === raw[i] ? c : 0)),
      )
    const at = { i: step.i, t, s, x, x0, levels, alpha: levels.alpha(t), sigma: levels.sigma(t), back }
    const said = says(at)
    const shift = said.shift ?? x0.map(() => 0)
    const moved = ddimFrom(levels, [t, s], eta, x, said.x0 ?? x0, drawn(step.i, 'step'))
    const { guidance } = step as typeof step & { guidance: typeof step.x }
    close(list(step.x0hat), x0, `x̂₀ of step ${step.i}`)
    close(list(guidance), said.guidance, `guidance of step ${step.i}`)
    close(
      step.residual,
      [length(plus([1, list(problem.y)], [-1, measured(x0)]))],
      `residual of step ${step.i}`,
    )
    close(list(step.x), said.x ?? plus([1, moved], [1, shift]), `x of step ${step.i}`)
    // A stiff step may leave the range of numbers on which the two agree: go on from ours.
    x = list(step.x)
    seen++
  }
  expect(seen).toBe(steps)
}
