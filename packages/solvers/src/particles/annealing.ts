import { OptionError } from '@tweedie/tensor'

/** How β rises to 1. */
export type Anneal = 'auto' | 'level' | 'linear'

/** What {@link annealing} goes by. */
export interface Annealing {
  readonly anneal: Anneal
  readonly gamma: number
  /** σ_y; none where noise is not Gaussian. */
  readonly sigma: number | undefined
  /** tr(AAᵀ)/m; 1 where it is not known. */
  readonly gain: number
  /** Whether the first target can be drawn from at a β above 0. */
  readonly exactStart: boolean
}

/**
 * β_0, …, β_n of the targets p_ς(z)·e^{βr(z)} at the n levels ς of a run and at its clean end, where β is 1. Of `level`, with σ_y,
 *
 *     β = σ_y²/(σ_y² + γ²·gain·ς²),     or (β − β_T)/(1 − β_T), β_T at the first level, where that cannot be drawn from;
 *
 * of `linear` the part of the steps that are done; `auto` is `level` where there is a σ_y.
 *
 * @throws {OptionError} for `level` without σ_y; for γ = 0 where the first target cannot be drawn from.
 */
export function annealing(
  levels: readonly number[],
  { anneal, gamma, sigma, gain, exactStart }: Annealing,
): readonly number[] {
  const n = levels.length
  const chosen = anneal === 'auto' ? (sigma === undefined ? 'linear' : 'level') : anneal
  if (chosen === 'linear') return Array.from({ length: n + 1 }, (_, i) => i / n)
  if (sigma === undefined)
    throw new OptionError('anneal', "'level' goes by σ_y, and there is none; take linear")
  const betas = [...levels, 0].map((level) => sigma ** 2 / (sigma ** 2 + gamma ** 2 * gain * level ** 2))
  if (exactStart) return betas
  const first = betas[0] ?? 0
  if (!(first < 1))
    throw new OptionError(
      'gamma',
      'must be above 0: only of a linear operator with an SVD, and Gaussian noise, can the run start at β = 1',
    )
  return betas.map((beta) => (beta - first) / (1 - first))
}
