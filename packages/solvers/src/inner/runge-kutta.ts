import type { Tensor } from '@tweedie/tensor'
import { abs, maximum, NonFiniteError, OptionError, scope } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { combine } from '../samplers/steps.ts'

/** An explicit Runge–Kutta method, by Butcher's tableau. */
export interface Tableau {
  readonly order: number
  /** c_i and, of the stages before, a_ij. */
  readonly nodes: readonly number[]
  readonly stages: readonly (readonly number[])[]
  readonly weights: readonly number[]
  /** What its step has over that of a lower order, by the slopes and the one at its end. */
  readonly error?: readonly number[]
}

const dormandPrinceStages = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
]
const dormandPrinceWeights = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
const dormandPrinceError = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

/** By name; `dormand-prince` is the pair of orders 5 and 4 (Dormand & Prince 1980). */
export const tableaus = {
  euler: { order: 1, nodes: [0], stages: [[]], weights: [1] },
  heun: { order: 2, nodes: [0, 1], stages: [[], [1]], weights: [1 / 2, 1 / 2] },
  rk4: {
    order: 4,
    nodes: [0, 1 / 2, 1 / 2, 1],
    stages: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
    weights: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  },
  'dormand-prince': {
    order: 5,
    nodes: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1],
    stages: dormandPrinceStages,
    weights: dormandPrinceWeights,
    error: dormandPrinceError,
  },
} as const satisfies Readonly<Record<string, Tableau>>

/** The explicit midpoint method, with a look at both ends of half a step. */
export const midpoint: Tableau = { order: 2, nodes: [0, 1 / 2], stages: [[], [1 / 2]], weights: [0, 1] }

/** Tensors [N, …] that are integrated together. */
export type OdeState = readonly Tensor[]

/** dy/dt, like y. */
export type Slope = (y: OdeState, t: number) => OdeState

/** y + h·Σ w_j·k_j. */
const moved = (y: OdeState, h: number, weights: readonly number[], slopes: readonly OdeState[]): OdeState =>
  y.map((part, p) =>
    combine([1, part], ...weights.map((w, j): [number, Tensor | undefined] => [h * w, slopes[j]?.[p]])),
  )

/** The slopes of a step, after those that are there already. */
function slopesOf(
  { nodes, stages }: Tableau,
  slope: Slope,
  y: OdeState,
  t: number,
  h: number,
  known: readonly OdeState[] = [],
): OdeState[] {
  const slopes = [...known]
  for (let j = slopes.length; j < stages.length; j++)
    slopes.push(slope(moved(y, h, stages[j] ?? [], slopes), t + h * (nodes[j] ?? 0)))
  return slopes
}

/** y after a step from t to t + h. Differentiable. */
export const rungeKuttaStep = (tableau: Tableau, slope: Slope, y: OdeState, t: number, h: number): OdeState =>
  moved(y, h, tableau.weights, slopesOf(tableau, slope, y, t, h))

/** A step that was taken. */
export interface OdeStep {
  readonly t: number
  readonly h: number
}

/** Steps of one length from `from` to `to`. */
export const evenSteps = (from: number, to: number, count: number): OdeStep[] =>
  Array.from({ length: count }, (_, i) => ({
    t: from + ((to - from) * i) / count,
    h: (to - from) / count,
  }))

/** Options of {@link dormandPrince}. */
export interface AdaptiveOptions {
  /** What an element may be off by in a step: atol + rtol·|y|. */
  rtol: number
  atol: number
}

/** The end of an adaptive integration. */
export interface AdaptiveResult {
  readonly y: OdeState
  /** Those that were accepted. */
  readonly steps: readonly OdeStep[]
  /** Of the slope. */
  readonly evaluations: number
}

/** Steps tried, at most. */
const mostTries = 10_000

/**
 * y at `to` from y at `from` by the pair of Dormand and Prince of orders 5 and 4: a step is taken where the root mean square of
 * what both differ by, over what is allowed, is at most 1 for every sample, and the next is as long as that would have let it be
 * (0.9·E^{−1/5}, from a fifth to five times). All samples take the same steps: one that is to have steps of its own goes alone.
 *
 * @param y - Tensors [N, …] on a device that the host can read at once; they stay valid.
 * @throws {OptionError} where rtol or atol are not positive, or cannot be reached in 10 000 steps or in the element type of y;
 * {NonFiniteError} where a slope is not finite.
 * @example
 * ```ts
 * import { dormandPrince } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const y = [tensor([[1]], { dtype: 'float64' })]
 * const end = dormandPrince(([x]) => (x === undefined ? [] : [x.neg()]), y, 0, 1, { rtol: 1e-10, atol: 1e-10 })
 * end.y[0]?.dataSync()[0]! * Math.E // ≈ 1.000000
 * ```
 */
export function dormandPrince(
  slope: Slope,
  y: OdeState,
  from: number,
  to: number,
  { rtol, atol }: AdaptiveOptions,
): AdaptiveResult {
  for (const [name, value] of Object.entries({ rtol, atol }))
    if (!(value > 0 && value < Infinity))
      throw new OptionError(name, `must be positive and finite, got ${value}`)
  const tableau = tableaus['dormand-prince']
  const unreached = `cannot be reached: no step from`
  return scope(() => {
    const steps: OdeStep[] = []
    let evaluations = 1
    let at = { t: from, y, first: slope(y, from) }
    let h = (to - from) / 100
    for (let tries = 0; at.t !== to; tries++) {
      const last = Math.abs(to - at.t) <= Math.abs(h) * (1 + 1e-12)
      if (last) h = to - at.t
      if (tries === mostTries || at.t + h === at.t)
        throw new OptionError('rtol', `${unreached} ${at.t} to ${to} is short enough for ${rtol}`)
      const { error, next } = scope(() => {
        const slopes = slopesOf(tableau, slope, at.y, at.t, h, [at.first])
        const end = moved(at.y, h, tableau.weights, slopes)
        const first = slope(end, at.t + h)
        const off = errorOf(at.y, end, h, [...slopes, first], { rtol, atol })
        return { error: off, next: { t: last ? to : at.t + h, y: end, first } }
      })
      evaluations += 6
      if (!Number.isFinite(error))
        throw new NonFiniteError(`dormandPrince: the slope is not finite in the step from ${at.t}`)
      const old = error <= 1 ? at : next
      for (const x of [...(old.y === y ? [] : old.y), ...old.first]) x.dispose()
      if (error <= 1) {
        steps.push({ t: at.t, h })
        at = next
      }
      h *= Math.min(5, Math.max(0.2, 0.9 * error ** -0.2))
    }
    return { y: at.y, steps, evaluations }
  })
}

/** The largest error of a sample, over what is allowed. */
function errorOf(
  y: OdeState,
  end: OdeState,
  h: number,
  slopes: readonly OdeState[],
  { rtol, atol }: AdaptiveOptions,
): number {
  const squares = y.map((part, p) => {
    const off = combine(
      ...tableaus['dormand-prince'].error.map((e, j): [number, Tensor | undefined] => [
        h * e,
        slopes[j]?.[p],
      ]),
    )
    const allowed = maximum(abs(part), abs(end[p] ?? part))
      .mul(rtol)
      .add(atol)
    return sumPerSample(off.div(allowed).square())
  })
  const numbers = y.reduce((sum, part) => sum + sampleSize(part), 0)
  const worst =
    squares
      .reduce((sum, part) => sum.add(part))
      .max()
      .dataSync()[0] ?? 0
  return Math.sqrt(worst / numbers)
}
