import type { Tensor } from '@tweedie/tensor'
import type { Specs } from '../options/index.ts'
import type { Recurrence, SampleNumbers, Shows } from '../run/drive.ts'
import type { RunSpecs } from '../run/options.ts'
import type { ConditionalPrior, LatentPrior, Need, StateTree } from '../types.ts'
import type { AnyMethod, Method, MethodSpec, Run } from './define.ts'
import { defineMethod } from './define.ts'
import type { CommonNeed, NeedRule, WordOf } from './fit.ts'
import { needsLatent } from './rare-needs.ts'

/** What a method on latents gets to plan a run with: the problem is of pictures, the prior and all draws of latents. */
export interface LatentRun<S extends Specs, N extends Need> extends Omit<Run<S, N>, 'prior'> {
  readonly prior: LatentPrior & ([Extract<N, 'conditional'>] extends [never] ? unknown : ConditionalPrior)
}

type Shown = { readonly x0hat: Tensor }
type Residual = { readonly residual: Tensor }

/** What {@link latentMethod} makes a method of. */
export interface LatentSpec<
  N extends CommonNeed | NeedRule,
  S extends Specs,
  X extends StateTree,
  T extends Shown,
  R extends SampleNumbers & Residual,
> extends Omit<MethodSpec<N, S, X, T, R>, 'plan'> {
  /** As of every method; x of the state are latents z, x̂₀ to show is the picture D(ẑ₀), and the result D(z) where it says no other. */
  plan(run: LatentRun<S, WordOf<N>>): Recurrence<X, T, R>
}

/**
 * A method on latents from its description: `defineMethod` with a prior on latents. The operator and y are of pictures, x of
 * a step are latents z [N, …latentShape], x̂₀ the picture D(ẑ₀), and what it returns are pictures [N, …shape].
 *
 * @throws {TweedieError} as `defineMethod`. The method: {UnfitError} where the prior is not one on latents, or lacks what else
 * is needed, and {ShapeError} where the operator does not take what the autoencoder makes, before any work.
 */
export function latentMethod<
  const N extends CommonNeed | NeedRule,
  S extends Specs,
  X extends StateTree,
  T extends Shown,
  R extends SampleNumbers & Residual,
>(spec: LatentSpec<N, S, X, T, R>): Method<RunSpecs & S, Shows<T, R>>
export function latentMethod(
  spec: LatentSpec<CommonNeed | NeedRule, Specs, StateTree, Shown, SampleNumbers & Residual>,
): AnyMethod {
  return defineMethod({
    ...spec,
    needs: [needsLatent, ...spec.needs],
    plan: (run) => {
      const prior = run.prior as LatentPrior & ConditionalPrior
      return { result: ({ x }) => prior.autoencoder.decode(x), ...spec.plan({ ...run, prior }) }
    },
  })
}
