import type { Tensor } from '@tweedie/tensor'
import { add, mul, OptionError, zerosLike } from '@tweedie/tensor'
import type { ReverseStep, Schedule, Time } from '../types.ts'

export type { ReverseStep } from '../types.ts'

/** A {@link ReverseStep} whose noise is partly drawn anew. */
export interface RenoiseStep extends ReverseStep {
  /** The fraction (of standard deviation) of the new noise that is fresh: 0 keeps ε, 1 forgets it. */
  readonly fresh: number
}

/** Variances of an ancestral step: β̃ or β, in the words of DDPM's code ('fixedsmall', 'fixedlarge'). */
export const ddpmVariances = ['small', 'large'] as const

/** Which variance an ancestral step has; see {@link ddpmStep}. */
export type DdpmVariance = (typeof ddpmVariances)[number]

/**
 * Σ cᵢ·xᵢ of tensors of one shape; terms with coefficient 0 are never looked at.
 * @param terms - Pairs of coefficient and tensor; a tensor may be absent where its coefficient is 0.
 */
export function combine(...terms: readonly (readonly [number, Tensor | undefined])[]): Tensor {
  let total: Tensor | undefined
  for (const [coefficient, x] of terms) {
    if (coefficient === 0) continue
    if (x === undefined) throw new OptionError('noise', 'this step needs a noise tensor, got none')
    const term = mul(x, coefficient)
    total = total === undefined ? term : add(total, term)
  }
  return total ?? zerosLike(terms.find(([, x]) => x !== undefined)![1]!)
}

/** p(x_t | x_s) = N(ratio·x_s, variance·I): α_t/α_s and σ_t² − (α_t/α_s)²σ_s², for VP √(1−β) and β. */
export function forwardTransition({ schedule, t, s }: ReverseStep): { ratio: number; variance: number } {
  const ratio = schedule.alpha(t) / schedule.alpha(s)
  const variance = schedule.sigma(t) ** 2 - (ratio * schedule.sigma(s)) ** 2
  if (!(variance > 0))
    throw new OptionError('s', `a reverse step must go to less noise, got t = ${t}, s = ${s}`)
  return { ratio, variance }
}

/** ε = (x_t − α_t·x̂₀)/σ_t, the noise that takes x̂₀ to x_t. */
export const predictedNoise = (xt: Tensor, x0hat: Tensor, schedule: Schedule, t: Time): Tensor =>
  combine([1 / schedule.sigma(t), xt], [-schedule.alpha(t) / schedule.sigma(t), x0hat])

/**
 * One ancestral step of DDPM (arXiv 2006.11239 eq. 7, for any schedule): a draw of
 * q(x_s | x_t, x₀ = x̂₀) = N((α_s·b/σ_t²)·x̂₀ + (a·σ_s²/σ_t²)·x_t, b·σ_s²/σ_t²), with a, b the
 * {@link forwardTransition}. That variance, `small`, is right where x₀ is one point; `large` is b instead, right where
 * x₀ ~ N(0, I) on VP (§3.2 there); toward the clean end both are 0.
 *
 * @param xt - x_t [N, …shape].
 * @param x0hat - The estimate of x₀, of the same shape.
 * @param noise - z ~ N(0, I) of the same shape; not needed where s is clean.
 */
export function ddpmStep(
  xt: Tensor,
  x0hat: Tensor,
  noise: Tensor | undefined,
  step: ReverseStep & { readonly variance?: DdpmVariance },
): Tensor {
  const { variance, varianceS, small, ofX0, ofX } = posterior(step)
  const drawn = step.variance === 'large' && varianceS > 0 ? variance : small
  return combine([ofX0, x0hat], [ofX, xt], [Math.sqrt(drawn), noise])
}

/** q(x_s | x_t, x₀) = N(ofX0·x₀ + ofX·x_t, small·I), the variance of p(x_t | x_s), and σ_s². */
export function posterior(step: ReverseStep) {
  const { schedule, t, s } = step
  const { ratio, variance } = forwardTransition(step)
  const varianceT = schedule.sigma(t) ** 2
  const varianceS = schedule.sigma(s) ** 2
  return {
    variance,
    varianceS,
    small: (variance * varianceS) / varianceT,
    ofX0: (schedule.alpha(s) * variance) / varianceT,
    ofX: (ratio * varianceS) / varianceT,
  }
}

/** σ̃ = η·σ_s·√b/σ_t, the standard deviation of the fresh noise in a step of DDIM. */
export const ddimNoise = (step: ReverseStep, eta: number): number =>
  (eta * step.schedule.sigma(step.s) * Math.sqrt(forwardTransition(step).variance)) /
  step.schedule.sigma(step.t)

/** The standard deviation of the fresh noise in an ancestral step, {@link ddpmStep}. */
export const ddpmNoise = (step: ReverseStep, variance: DdpmVariance): number => {
  if (step.s === step.schedule.clean) return 0
  return variance === 'large' ? Math.sqrt(forwardTransition(step).variance) : ddimNoise(step, 1)
}

/** @throws {OptionError} where a value leaves [0, 1]. */
export function requireFraction(option: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new OptionError(option, `must lie in [0, 1], got ${value}`)
}

/**
 * One step of DDIM (arXiv 2010.02502 eq. 12, 16, for any schedule): x_s = α_s·x̂₀ + √(σ_s² − σ̃²)·ε + σ̃·z
 * with σ̃² = η²·b·σ_s²/σ_t² and ε the {@link predictedNoise}. η = 0 is deterministic, η = 1 is
 * {@link ddpmStep}.
 *
 * @param xt - x_t [N, …shape].
 * @param x0hat - The estimate of x₀, of the same shape.
 * @param noise - z ~ N(0, I) of the same shape; not needed where η = 0 or s is clean.
 * @throws {OptionError} where η leaves [0, 1].
 */
export function ddimStep(
  xt: Tensor,
  x0hat: Tensor,
  noise: Tensor | undefined,
  step: ReverseStep & { readonly eta: number },
): Tensor {
  const { schedule, t, s, eta } = step
  requireFraction('eta', eta)
  const { ratio, variance } = forwardTransition(step)
  const sigmaT = schedule.sigma(t)
  const sigmaS = schedule.sigma(s)
  // σ_s² − σ̃² as a sum, σ_s²·((1 − η²) + η²·(ratio·σ_s/σ_t)²): the difference may round to less than 0.
  const kept = sigmaS * Math.hypot(Math.sqrt((1 - eta) * (1 + eta)), (eta * ratio * sigmaS) / sigmaT)
  return alongNoise(xt, x0hat, noise, step, kept, (eta * sigmaS * Math.sqrt(variance)) / sigmaT)
}

/**
 * The step of the DDRM family (DDRM, DDNM, DDS, DiffPIR), whose "η" is another knob than DDIM's:
 * x_s = α_s·x̂₀ + σ_s·(√(1 − fresh²)·ε + fresh·z).
 *
 * @param xt - x_t [N, …shape].
 * @param x0hat - The estimate of x₀, of the same shape.
 * @param noise - z ~ N(0, I) of the same shape; not needed where `fresh` = 0 or s is clean.
 * @throws {OptionError} where `fresh` leaves [0, 1].
 */
export function renoiseStep(xt: Tensor, x0hat: Tensor, noise: Tensor | undefined, step: RenoiseStep): Tensor {
  const { schedule, s, fresh } = step
  requireFraction('fresh', fresh)
  const sigma = schedule.sigma(s)
  return alongNoise(xt, x0hat, noise, step, sigma * Math.sqrt(1 - fresh ** 2), sigma * fresh)
}

/** x_s = α_s·x̂₀ + kept·ε + fresh·z, in terms of x_t. */
function alongNoise(
  xt: Tensor,
  x0hat: Tensor,
  noise: Tensor | undefined,
  { schedule, t, s }: ReverseStep,
  kept: number,
  fresh: number,
): Tensor {
  const direction = kept / schedule.sigma(t)
  return combine([schedule.alpha(s) - direction * schedule.alpha(t), x0hat], [direction, xt], [fresh, noise])
}
