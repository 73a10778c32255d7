import type { Key, Tensor } from '@tweedie/tensor'
import { coupledGradient, measuredScore } from '../../inner/coupled.ts'
import { langevin } from '../../inner/langevin.ts'
import type { ProximalNoise } from '../../inner/proximal.ts'
import { proximalDraw } from '../../inner/proximal.ts'
import type { Problem } from '../../types.ts'
import { isLinear } from '../../types.ts'
import { UnfitError } from '../fit.ts'

/** Ways to draw z; `auto` is exact where it can be. */
export const dataWays = ['auto', 'exact', 'langevin'] as const

interface Given {
  readonly data: (typeof dataWays)[number]
  readonly langevinStep: number
  readonly langevinSteps: number
  readonly iterations?: number | undefined
}

/** What a draw takes of a run, asked for where it is used. */
interface Draws {
  noise(): ProximalNoise
  keys(): readonly Key[]
}

/**
 * The likelihood step of PnP-DM, z ~ p(y | z)·N(z; x, ρ²I): exact for linear A and Gaussian noise, else by Langevin steps from x.
 *
 * @throws {UnfitError} where the problem has not what the way takes.
 */
export function likelihoodStep(
  { operator, noise, y }: Problem,
  { data, langevinStep: step, langevinSteps: steps, iterations }: Given,
): (x: Tensor, rho: number, draws: Draws) => Tensor {
  const { sigma: sigmaY, likelihood } = noise
  if (data !== 'langevin' && isLinear(operator) && sigmaY !== undefined) {
    const solving = iterations === undefined ? {} : ({ solver: 'cg', iterations } as const)
    return (x, rho, draws) => proximalDraw({ operator, y, sigmaY }, x, rho, draws.noise(), solving)
  }
  if (data === 'exact')
    throw new UnfitError(
      'pnp-dm',
      isLinear(operator) ? 'sigma' : 'linear',
      "data 'exact' needs a linear operator and Gaussian noise",
    )
  if (likelihood === undefined)
    throw new UnfitError('pnp-dm', 'likelihood', `Langevin steps need a likelihood; '${noise.name}' has none`)
  const score = measuredScore(operator, y, likelihood.score)
  return (x, rho, draws) => langevin(coupledGradient(score, x, rho), x, { steps, step, keys: draws.keys() })
}
