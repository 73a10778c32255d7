import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { GuidedStep, LinearOperator, Prior, Problem, RunOptions } from '../types.ts'
import { ddrm, ddrmDocs, ddrmOptions, ddrmTraits } from './explicit/ddrm.ts'
import { dps, dpsDocs, dpsOptions, dpsTraits } from './explicit/dps.ts'
import type { MethodTraits } from './fit.ts'
import type { OptionSpec } from './options.ts'
import { documented } from './options.ts'
import { redDiff, redDiffDocs, redDiffOptions, redDiffTraits } from './variational/red-diff.ts'

/** All there is to know of a method. */
export interface MethodInfo extends MethodTraits {
  /** As in the literature. */
  readonly title: string
  /** The family of the survey arXiv 2410.00083. */
  readonly family: 'explicit' | 'variational' | 'csgm' | 'exact' | 'latent'
  readonly paper: { readonly arxiv: string; readonly algorithm: string; readonly authors: string }
  readonly options: Readonly<Record<string, OptionSpec>>
  /**
   * Calls of the denoiser (a batch counts once) in a run of so many steps: as its steps say (`Step.steps`), since
   * a grid may take more or fewer than were asked for.
   */
  evaluations(steps: number): number
  /**
   * The method, for options known at run time; where they are known to the compiler, call it by its name.
   * @throws {UnfitError | ShapeError | OptionError} before any work.
   */
  run(problem: Problem, prior: Prior, options?: RunOptions): AsyncGenerator<GuidedStep, Tensor>
}

/** The methods by name; see {@link findMethod}. */
export const methods = {
  dps: {
    ...dpsTraits,
    title: 'Diffusion posterior sampling',
    family: 'explicit',
    paper: { arxiv: '2209.14687', algorithm: 'Algorithm 1', authors: 'Chung et al. 2022' },
    options: documented(dpsOptions, dpsDocs),
    evaluations: (steps) => steps,
    run: dps,
  },
  ddrm: {
    ...ddrmTraits,
    title: 'Denoising diffusion restoration models',
    family: 'explicit',
    paper: { arxiv: '2201.11793', algorithm: 'eq. 7 and 8', authors: 'Kawar et al. 2022' },
    options: documented(ddrmOptions, ddrmDocs),
    evaluations: (steps) => steps,
    // checkFit, which it starts with, makes sure of the linear operator.
    run: (problem, prior, options): AsyncGenerator<GuidedStep, Tensor, unknown> =>
      ddrm(problem as Problem<LinearOperator>, prior, options),
  },
  'red-diff': {
    ...redDiffTraits,
    title: 'RED-diff',
    family: 'variational',
    paper: { arxiv: '2305.04391', algorithm: 'Algorithm 1', authors: 'Mardani et al. 2023' },
    options: documented(redDiffOptions, redDiffDocs),
    evaluations: (steps) => steps,
    run: redDiff,
  },
} as const satisfies Record<string, MethodInfo>

/** Names of {@link methods}. */
export type MethodName = keyof typeof methods

/**
 * A method by name.
 * @throws {OptionError} where there is none, listing those there are.
 */
export function findMethod(name: string): MethodInfo {
  const found = (methods as Readonly<Record<string, MethodInfo>>)[name]
  if (found === undefined || !Object.hasOwn(methods, name)) {
    throw new OptionError('method', `no method '${name}'; there are ${Object.keys(methods).join(', ')}`)
  }
  return found
}
