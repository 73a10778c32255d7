// Methods on flows once more, in plain numbers and in the variables of their papers, on the network of the written-out
// tests: z = x/(α + σ) on the straight path, τ = σ/(α + σ). Times between the indices of discrete steps are found by bisection.
import { matmul, tanh, tensor } from '@tweedie/tensor'
import { expect } from 'vitest'
import { flow, ve, vpLinear } from '../schedules/index.ts'
import type { Prior, Problem, Schedule } from '../types.ts'
import type { AnyMethod } from './index.ts'
import type { Vector } from './written-out.test.helper.ts'
import {
  evaluate,
  length,
  linearBetas,
  plus,
  pullBack,
  times,
  variancePreserving,
} from './written-out.test.helper.ts'
import { A, close, firstSample, list, n, network, rows, seed, y } from './written-out-problem.test.helper.ts'

/** α and σ of a schedule in plain numbers, at any time, and its ends. */
interface Path {
  readonly schedule: Schedule
  alpha(t: number): number
  sigma(t: number): number
  readonly clean: number
  readonly noisiest: number
  /** The least τ that it is asked at. */
  readonly least: number
}

/** ᾱ between two indices, its logarithm linear. */
function between(t: number): number {
  const { alpha } = variancePreserving(linearBetas(50))
  const [low, part] = [Math.floor(t), t - Math.floor(t)]
  return part === 0 ? alpha(low) ** 2 : alpha(low) ** (2 * (1 - part)) * alpha(low + 1) ** (2 * part)
}
const tauOf = (alpha: number, sigma: number) => sigma / (alpha + sigma)

export const paths: Readonly<Record<'flow' | 've' | 'linear of 50', Path>> = {
  flow: { schedule: flow(), alpha: (t) => 1 - t, sigma: (t) => t, clean: 0, noisiest: 1, least: 0 },
  ve: { schedule: ve({ sigmaMax: 20 }), alpha: () => 1, sigma: (t) => t, clean: 0, noisiest: 20, least: 0 },
  'linear of 50': {
    schedule: vpLinear({ T: 50 }),
    alpha: (t) => Math.sqrt(between(t)),
    sigma: (t) => Math.sqrt(1 - between(t)),
    clean: -1,
    noisiest: 49,
    least: tauOf(Math.sqrt(between(0)), Math.sqrt(1 - between(0))),
  },
}
export type PathName = keyof typeof paths
export const pathNames = Object.keys(paths) as PathName[]

/** t of a τ. */
export function timeAt({ alpha, sigma, clean, noisiest }: Path, tau: number): number {
  let [low, high] = [clean, noisiest]
  for (let k = 0; k < 200; k++) {
    const middle = (low + high) / 2
    if (tauOf(alpha(middle), sigma(middle)) < tau) low = middle
    else high = middle
  }
  return (low + high) / 2
}

export const pathPrior = (name: PathName): Prior => ({
  name: 'written out',
  shape: [n],
  schedule: paths[name].schedule,
  denoise: (x, t) =>
    tanh(
      matmul(x, rows(network.W.map((_, j) => network.W.map((row) => row[j] ?? 0)))).add(
        tensor([[...network.b]], { dtype: 'float64' }),
      ),
    ).mul(network.scale(t)),
})

/** The network on the path: E[x₀ | z] at τ, and v ↦ (∂x̂₀/∂z)ᵀv. */
export function onPath(name: PathName, z: Vector, tau: number) {
  const path = paths[name]
  const t = timeAt(path, tau)
  const scale = path.alpha(t) + path.sigma(t)
  const x = plus([scale, z])
  return {
    t,
    x0: evaluate(network, x, t),
    back: (v: Vector) => plus([scale, pullBack(network, x, t, v)]),
  }
}

/** τ of `count` steps, evenly from `from` or the noisiest on, the last not below the least. */
export function evenTaus(name: PathName, count: number, from = 1): number[] {
  const path = paths[name]
  const top = Math.min(from, tauOf(path.alpha(path.noisiest), path.sigma(path.noisiest)))
  const last = Math.max(top / count, path.least)
  return Array.from({ length: count }, (_, k) => top - (k * (top - last)) / (count - 1))
}

/** What a formula may know of a step. */
export interface OnPath {
  readonly i: number
  readonly z: Vector
  readonly tau: number
  /** τ of where it goes: 0 at the last. */
  readonly next: number
  readonly x0: Vector
  back(v: Vector): number[]
}

/** Holds every step of a run to what a formula says of z, to 1e-9: z after it, x̂₀ and the residual of x̂₀. */
export async function followsPath(
  method: AnyMethod,
  problem: Problem,
  name: PathName,
  options: Readonly<Record<string, unknown>>,
  taus: readonly number[],
  start: (top: number) => Vector,
  says: (at: OnPath) => Vector,
): Promise<void> {
  const path = paths[name]
  let z: Vector = start(taus[0] ?? 0)
  let seen = 0
  for await (const step of method.run(problem, pathPrior(name), { ...options, seed, firstSample })) {
    const [tau, next] = [taus[step.i] ?? Number.NaN, taus[step.i + 1] ?? 0]
    const { t, x0, back } = onPath(name, z, tau)
    expect(step.t, `time of step ${step.i}`).toBeCloseTo(t, 6)
    close(list(step.x0hat), x0, `x̂₀ of step ${step.i}`)
    close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${step.i}`)
    const s = next === 0 ? path.clean : timeAt(path, next)
    const expected = says({ i: step.i, z, tau, next, x0, back })
    close(list(step.x.div(path.alpha(s) + path.sigma(s))), expected, `z of step ${step.i}`)
    z = list(step.x.div(path.alpha(s) + path.sigma(s))) // a stiff step may leave the range on which the two agree
    seen++
  }
  expect(seen).toBe(taus.length)
}

/** Euler's step of the flow: x₀ and the noise stay. */
export const straight = ({ z, tau, next, x0 }: OnPath): number[] =>
  plus([1 - next, x0], [next / tau, z], [-(next * (1 - tau)) / tau, x0])
