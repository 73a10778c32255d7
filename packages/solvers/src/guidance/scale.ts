import { integer } from '../options/index.ts'
import type { ReverseStep } from '../samplers/steps.ts'
import { forwardTransition } from '../samplers/steps.ts'

/**
 * The option of every method whose scale is the length of a step, and not tied to how far the step goes: it takes a scale
 * that was found at one number of steps to another. See {@link stepScale}.
 */
export const scaleSteps = integer(
  'the number of steps that scale was found at: it is multiplied by scaleSteps/steps, so that the sum over a run stays',
  { min: 1, otherwise: 'the steps of the run: scale as it is' },
)

/**
 * A scale for a run of another number of steps, the sum of all guidance kept: scale·found/steps. DPS and MPGD add
 * ζ·(a direction) after each step, however short that is: at fewer steps ζ has to be larger by as much (authors do so: MPGD
 * has 17.5, 7.5 and 4 at 20, 50 and 100 steps).
 *
 * @example
 * ```ts
 * import { stepScale } from '@tweedie/solvers'
 * stepScale(0.3, 1000, 100) // => 3
 * stepScale(0.3, undefined, 100) // => 0.3
 * ```
 */
export const stepScale = (scale: number, found: number | undefined, steps: number): number =>
  found === undefined ? scale : (scale * found) / steps

/** Where a scale was tried: the sum ζ·steps, from and to, and by whom. */
export interface TriedScale {
  readonly from: number
  readonly to: number
  readonly by: string
}

/**
 * What there is to say of a scale: nothing where its sum over the run was tried.
 *
 * @param scale - ζ of one step.
 * @example
 * ```ts
 * import { scaleAdvice } from '@tweedie/solvers'
 * const tried = { from: 70, to: 1000, by: 'published configurations' }
 * scaleAdvice(0.3, 1000, tried) // => []
 * scaleAdvice(0.3, 20, tried) // => ['scale·steps = 6 is outside 70 … 1000 (published configurations); scale = 3.5 … 50 is inside']
 * ```
 */
export function scaleAdvice(scale: number, steps: number, { from, to, by }: TriedScale): readonly string[] {
  const sum = scale * steps
  if (scale === 0 || (sum >= from * (1 - 1e-9) && sum <= to * (1 + 1e-9))) return []
  const short = (v: number) => Number(v.toPrecision(3))
  return [
    `scale·steps = ${short(sum)} is outside ${from} … ${to} (${by}); scale = ${short(from / steps)} … ${short(to / steps)} is inside`,
  ]
}

/**
 * What a method of a scale that is a length has to say of one that is given: {@link scaleAdvice} of what a step comes to.
 *
 * @example
 * ```ts
 * import { lengthAdvice } from '@tweedie/solvers'
 * const advice = lengthAdvice({ from: 300, to: 1000, by: 'somebody' })
 * advice({ scale: 0.3, scaleSteps: 1000 }, 20) // => []
 * advice({ scale: 0.3 }, 20).length // => 1
 * ```
 */
export const lengthAdvice =
  (tried: TriedScale) =>
  (
    { scale, scaleSteps: found }: { scale?: number | undefined; scaleSteps?: number | undefined },
    steps: number,
  ) =>
    scale === undefined ? [] : scaleAdvice(stepScale(scale, found, steps), steps, tried)

/**
 * How an author writes a guidance step of residual r = y − A(x̂₀):
 *
 * - `norm`: x ← x − c·∇‖r‖, ours (the code of DPS, MPGD and DSG);
 * - `squared-over-norm`: x ← x − (c/‖r‖)·∇‖r‖² (Algorithm 1 of DPS; the mixture benchmark of MCGDiff);
 * - `half-squared-over-norm`: x ← x − (c/(2‖r‖))·∇‖r‖² (InverseBench, 0.5/√loss);
 * - `squared`: x ← x − c·∇‖r‖²;
 * - `half-squared`: x ← x − c·∇½‖r‖²;
 * - `mean-squared`: x ← x − c·∇(‖r‖²/m), m numbers measured.
 */
export type ScaleForm =
  | 'norm'
  | 'squared-over-norm'
  | 'half-squared-over-norm'
  | 'squared'
  | 'half-squared'
  | 'mean-squared'

const forms: Readonly<Record<ScaleForm, (norm: number, m: number) => number>> = {
  norm: () => 1,
  'squared-over-norm': () => 2,
  'half-squared-over-norm': () => 1,
  squared: (norm) => 2 * norm,
  'half-squared': (norm) => norm,
  'mean-squared': (norm, m) => (2 * norm) / m,
}

/**
 * ζ of our convention, −ζ·∇‖r‖ added to x_s, from an author's c. By ∇‖r‖² = 2‖r‖·∇‖r‖ it is c, 2c or c·‖r‖·…; the forms that
 * are not divided by the norm have no constant ζ: it is that at one residual.
 *
 * @param form - How the author writes the step.
 * @param c - The author's scale.
 * @param at - ‖r‖ and m, for the forms that depend on them. Near the end of a run ‖r‖ is about σ_y√m.
 * @param inside - Where the author's term is part of the score, and so is multiplied by the step: that factor,
 *   {@link scoreWeight}. Left out: it is added to x_s.
 * @example
 * ```ts
 * import { zetaOf } from '@tweedie/solvers'
 * zetaOf('squared-over-norm', 0.1) // => 0.2
 * zetaOf('half-squared', 0.5, { norm: 4, m: 100 }) // => 2
 * ```
 */
export function zetaOf(
  form: ScaleForm,
  c: number,
  at: { readonly norm: number; readonly m: number } = { norm: Number.NaN, m: Number.NaN },
  inside = 1,
): number {
  return c * forms[form](at.norm, at.m) * inside
}

/**
 * The weight of a score in a DDIM step: x_s grows by it times g where the conditional Tweedie formula puts
 * x̂₀ + (σ_t²/α_t)·g in the place of x̂₀ (ε recomputed). (σ_t²/α_t)·(α_s − (α_t/σ_t)·√(σ_s² − σ̃²)); for η = 1 it is
 * (α_s/α_t)·(σ_t² − (α_t/α_s)²σ_s²), β_t/√(1 − β_t) for DDPM's steps.
 *
 * @example
 * ```ts
 * import { scoreWeight, vpLinear } from '@tweedie/solvers'
 * scoreWeight({ t: 999, s: 998, schedule: vpLinear() }, 1) // ≈ 0.020203
 * ```
 */
export function scoreWeight(step: ReverseStep, eta: number): number {
  const { schedule, t, s } = step
  const { variance } = forwardTransition(step)
  const alphaT = schedule.alpha(t)
  const sigmaT = schedule.sigma(t)
  const sigmaS = schedule.sigma(s)
  const kept = Math.sqrt(Math.max(0, sigmaS ** 2 - ((eta * sigmaS * Math.sqrt(variance)) / sigmaT) ** 2))
  return (sigmaT ** 2 / alphaT) * (schedule.alpha(s) - (alphaT / sigmaT) * kept)
}
