import type { Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { Io } from './io.ts'

/** A prior as `tweedie priors` shows it. */
export interface PriorInfo {
  readonly name: string
  readonly shape: readonly number[]
  readonly title: string
  readonly license: string
  /** Whether its weights are there. */
  readonly ready: boolean
}

/** Names that `--prior` takes. */
export const priorNames = (io: Io): string[] => [...shippedNames, ...Object.keys(io.priors ?? {})]

const shippedNames: readonly string[] = ['digits']

/**
 * The prior of a name: a shipped network as a denoiser.
 * @throws {OptionError} for a name that is none, listing those that are.
 */
export async function loadPrior(io: Io, name: string, option = '--prior'): Promise<Prior> {
  const own = io.priors !== undefined && Object.hasOwn(io.priors, name) ? io.priors[name] : undefined
  if (own !== undefined) return own()
  if (!shippedNames.includes(name)) {
    throw new OptionError(option, `no prior '${name}'; there are ${priorNames(io).join(', ')}`)
  }
  const { loadShippedPrior } = await import('@tweedie/unet')
  const { epsilonPrior } = await import('@tweedie/solvers')
  throw new OptionError(option, `the prior '${name}' is not there yet ${typeof loadShippedPrior} ${typeof epsilonPrior}`)
}
