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
 * `particles`, a population for each sample.
 */
export type Cost = 'vjp' | 'svd' | 'prox' | 'inner' | 'particles'

/**
 * What a step of a method costs: what follows from its needs, and what it says beside.
 * @example
 * ```ts
 * import { costOf, dps } from '@tweedie/solvers'
 * costOf(dps.info) // => ['vjp']
 * ```
 */
export const costOf = ({
  needs,
  cost,
}: {
  readonly needs: readonly Need[]
  readonly cost: readonly Cost[]
}): readonly Cost[] => [
  ...(needs.includes('denoiserVjp') ? (['vjp'] as const) : []),
  ...(needs.includes('svd') || needs.includes('pinv') ? (['svd'] as const) : []),
  ...cost,
]

/** A letter and words for each cost, for tables; S is the one call of the denoiser that every step makes. */
export const costWords: Readonly<Record<Cost, { readonly letter: string; readonly words: string }>> = {
  vjp: { letter: 'V', words: 'gradients through the denoiser, about three times the cost of a call' },
  svd: { letter: 'D', words: 'a decomposition or pseudo-inverse of the operator' },
  prox: { letter: 'P', words: 'an inner linear solve' },
  inner: { letter: 'I', words: 'an inner optimisation or Markov chain' },
  particles: { letter: 'K', words: 'a population of particles for each sample' },
}

/** A cost in letters, such as `V`, `S+D` or `S+P`: S where a step calls the denoiser, V where it goes back through it. */
export const costClass = (cost: readonly Cost[]): string =>
  [
    cost.includes('vjp') ? 'V' : 'S',
    ...cost.filter((one) => one !== 'vjp').map((one) => costWords[one].letter),
  ].join('+')
