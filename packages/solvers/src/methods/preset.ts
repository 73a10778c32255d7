import type { Settings } from '../options/index.ts'
import type { Need } from '../types.ts'

/**
 * Settings for a task, as their authors have them, in the conventions of this project.
 */
export interface Preset {
  /** Such as `ffhq-sr4`: `tweedie restore --preset dps/ffhq-sr4`. */
  readonly name: string
  /** The operator and the noise that they were made for, as texts, where there is one of ours. */
  readonly operator?: string
  readonly noise?: string
  readonly settings: Settings
  /** Where each number comes from: section of the paper, or file of a repository; and how it was converted. */
  readonly from: string
}

/**
 * What a step costs beside one call of the denoiser: `vjp`, gradients through it; `svd`, a decomposition or
 * pseudo-inverse of the operator; `prox`, an inner linear solve; `inner`, an inner optimisation or Markov chain;
 * `particles`, a population that is resampled.
 */
export type Cost = 'vjp' | 'svd' | 'prox' | 'inner' | 'particles'

/** What follows from needs, and the rest. */
export const costOf = (needs: readonly Need[], rest: readonly Cost[] = []): readonly Cost[] => [
  ...(needs.includes('denoiserVjp') ? (['vjp'] as const) : []),
  ...(needs.includes('svd') || needs.includes('pinv') ? (['svd'] as const) : []),
  ...rest,
]
