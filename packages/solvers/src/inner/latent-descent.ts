import type { Tensor } from '@tweedie/tensor'
import { zerosLike } from '@tweedie/tensor'
import { batchOf, choose, sumPerSample } from '../linalg/per-sample.ts'
import type { Recurrence } from '../run/drive.ts'
import { residualAt, residualNorm } from '../run/residual.ts'
import type { Problem } from '../types.ts'
import type { StopRule, StopState } from './early-stop.ts'
import type { LatentMap } from './generator.ts'
import type { Evaluated, StepwiseOptimizer } from './stepwise.ts'

/** A latent z, the picture x = R(z) it stands for, and the objective there. */
export interface LatentPoint extends Evaluated {
  readonly x: Tensor
}

/**
 * The objective of a latent, of each sample, with its gradient in z:
 *
 *     f(z) = w·‖y − A(R(z))‖² + λ·‖z‖².
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, generatorThrough, latentObjective, matrixOperator } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1 })
 * const z = tensor([[2]], { dtype: 'float64' })
 * const options = { samplerSteps: 500, samplerSpacing: 'linspace', clip: undefined, slots: 9, memory: undefined } as const
 * const problem = { operator: matrixOperator(tensor([[3]])), noise: gaussianNoise(0.1), y: z.mul(0) }
 * const generate = generatorThrough(prior, options, { y: z })
 * const { value } = latentObjective(problem, { weight: 1, lambda: 0.5 })(generate, z)
 * Math.round(value.dataSync()[0]!) // => 38
 * ```
 */
export const latentObjective =
  (
    { operator, y }: Pick<Problem, 'operator' | 'y'>,
    { weight, lambda }: { readonly weight: number; readonly lambda: number },
  ) =>
  (generate: LatentMap, z: Tensor): LatentPoint => {
    const { x, pull } = generate(z)
    const { r, back } = residualAt(operator, y, x)
    const value = sumPerSample(r.square()).mul(weight)
    const gradient = pull(back(r)).mul(-2 * weight)
    if (lambda === 0) return { x, value, gradient }
    return {
      x,
      value: value.add(sumPerSample(z.square()).mul(lambda)),
      gradient: gradient.add(z.mul(2 * lambda)),
    }
  }

/** What {@link latentDescent} is told. */
export interface LatentDescent<S> extends Pick<Problem, 'operator' | 'y'> {
  readonly optimizer: StepwiseOptimizer<S>
  evaluate(z: Tensor): LatentPoint
  /** The latents where restart j begins, [N, …]. */
  begin(j: number): Tensor
  /** Steps of the run. */
  readonly steps: number
  /** Of them, from one start; default all. With more than one start the picture of the least last objective is kept. */
  readonly perStart?: number
  readonly stop?: StopRule<StopState>
}

type Shown = { readonly x0hat: Tensor }
type Numbers = { readonly residual: Tensor }

/** Where a rule is: its own state, the samples that have ended, and the best estimates so far, x first. */
export interface Stopping {
  readonly rule: StopState
  readonly done: readonly number[]
  readonly best: readonly Tensor[]
}

/** A rule before the first step, for estimates like x. */
export const beginRule = (rule: StopRule<StopState>, x: Tensor, ...others: readonly Tensor[]): Stopping => ({
  rule: rule.init(x),
  done: new Array<number>(batchOf(x)).fill(0),
  best: [x, ...others],
})

/**
 * Asks a rule about estimates, x first. Of samples that end, or whose run does, the best is given back, of those that had
 * ended before what is held.
 */
export function askRule(
  rule: StopRule<StopState>,
  { rule: state, done, best: former }: Stopping,
  estimates: readonly Tensor[],
  held: readonly Tensor[],
  residual: Tensor,
  last: boolean,
): { readonly stop: Stopping; readonly estimates: readonly Tensor[]; readonly ended: boolean } {
  const [x] = estimates
  if (x === undefined) throw new RangeError('a rule needs an x')
  const active = done.map((end) => end === 0)
  const checked = rule.check(state, x, Array.from(residual.dataSync()))
  const best = former.map((old, k) => choose(checked.best, estimates[k] ?? old, old))
  const ends = checked.ends.map((end) => end || last)
  const now = best.map((of, k) => choose(active, choose(ends, of, estimates[k] ?? of), held[k] ?? of))
  const after = done.map((end, j) => (end === 1 || checked.ends[j] ? 1 : 0))
  return { stop: { rule: checked.state, done: after, best }, estimates: now, ended: !after.includes(0) }
}

/** Where a {@link latentDescent} is. */
export type LatentState<S = unknown> = {
  readonly x: Tensor
  readonly latent: S
  /** Of former starts. */
  readonly kept?: { readonly x: Tensor; readonly values: readonly number[] }
  readonly stop?: Stopping
}

/**
 * The optimisation of latents as a run: each evaluation of the objective and its gradient is a step, whose x is R of the
 * sample's iterate: that of the point evaluated, not of the update made from it, so that no evaluation is spent on showing
 * it. A sample that a rule stops keeps its x; the run ends when all have.
 */
export function latentDescent<S>(told: LatentDescent<S>): Recurrence<LatentState, Shown, Numbers> {
  const { operator, y, optimizer, evaluate, begin, steps, perStart = steps, stop } = told
  const rows = new Array<number>(batchOf(y)).fill(0)
  const recurrence: Recurrence<LatentState<S>, Shown, Numbers> = {
    start: () => {
      const z = begin(0)
      const x = zerosLike(z)
      return {
        x,
        latent: optimizer.init(z),
        ...(perStart < steps && { kept: { x, values: rows.map(() => -1) } }),
        ...(stop !== undefined && { stop: beginRule(stop, x) }),
      }
    },
    step: (state, _, i) => {
      const last = i === steps - 1
      const done = state.stop?.done ?? rows
      const active = done.map((end) => end === 0)
      const from = i > 0 && i % perStart === 0 ? optimizer.init(begin(i / perStart)) : state.latent
      const point = evaluate(optimizer.at(from))
      const { state: latent, taken, values } = optimizer.update(from, point, active)
      let x = choose(taken, point.x, state.x)
      let { kept } = state
      if (kept !== undefined && (i + 1) % perStart === 0) {
        const before = kept.values
        const better = values.map((value, j) => (before[j] ?? -1) < 0 || value < (before[j] ?? 0))
        kept = {
          x: choose(better, x, kept.x),
          values: values.map((value, j) => (better[j] ? value : (before[j] ?? 0))),
        }
        if (last) x = kept.x
      }
      let after: LatentState<S> = { x, latent, ...(kept && { kept }) }
      let ended = false
      if (stop !== undefined && state.stop !== undefined) {
        const told = askRule(stop, state.stop, [x], [state.x], residualNorm(operator, y, x), last)
        x = told.estimates[0] ?? x
        ended = told.ended
        after = { ...after, x, stop: told.stop }
      }
      return { state: after, shown: { x0hat: x }, numbers: { residual: residualNorm(operator, y, x) }, ended }
    },
  }
  return recurrence
}
