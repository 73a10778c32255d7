import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, ones } from '@tweedie/tensor'
import { coupledGradient, measuredScore } from '../../inner/coupled.ts'
import { mala } from '../../inner/hmc.ts'
import type { ProximalNoise } from '../../inner/proximal.ts'
import { proximalDraw } from '../../inner/proximal.ts'
import { batchOf, sumPerSample } from '../../linalg/per-sample.ts'
import type { Problem } from '../../types.ts'
import { isLinear } from '../../types.ts'
import { UnfitError } from '../fit.ts'

/** Ways of the proximal consistency sampler; `auto` is exact where it can be. */
export const consistencyWays = ['auto', 'exact', 'mala'] as const

interface Given {
  readonly data: (typeof consistencyWays)[number]
  readonly stepSize: number
  readonly malaSteps: number
}

/** What a draw takes of a run, asked for where it is used. */
interface Draws {
  noise(): ProximalNoise
  keys(): readonly Key[]
}

/** z, and the mean chance with which its proposals were accepted, [N]: 1 where there were none. */
interface Consistent {
  readonly z: Tensor
  readonly acceptance: Tensor
}

/**
 * The proximal consistency sampler of DPnP, z ~ p(y | z)·N(z; x, η²I): exact for linear A and Gaussian noise, else by MALA from x.
 *
 * @throws {UnfitError} where the problem has not what the way takes.
 */
export function consistencySampler(
  { operator, noise, y }: Problem,
  { data, stepSize: step, malaSteps: steps }: Given,
): (x: Tensor, eta: number, draws: Draws) => Consistent {
  const { sigma: sigmaY, likelihood } = noise
  if (data !== 'mala' && isLinear(operator) && sigmaY !== undefined) {
    return (x, eta, draws) => ({
      z: proximalDraw({ operator, y, sigmaY }, x, eta, draws.noise()),
      acceptance: ones([batchOf(x)], { dtype: x.dtype, device: x.device }),
    })
  }
  if (data === 'exact')
    throw new UnfitError(
      'dpnp',
      isLinear(operator) ? 'sigma' : 'linear',
      "data 'exact' needs a linear operator and Gaussian noise",
    )
  if (likelihood === undefined)
    throw new UnfitError('dpnp', 'likelihood', `MALA needs a likelihood; '${noise.name}' has none`)
  const score = measuredScore(operator, y, likelihood.score)
  return (x, eta, draws) => {
    const gradient = coupledGradient(score, x, eta)
    const potential = (z: Tensor) => ({
      value: sumPerSample(z.sub(x).square())
        .mul(0.5 / eta ** 2)
        .sub(likelihood.log(y, operator.forward(z))),
      gradient: gradient(z),
    })
    const { x: z, acceptance } = mala(potential, x, { steps, step, keys: draws.keys() })
    return { z, acceptance: fromData(acceptance, [batchOf(x)], { dtype: x.dtype, device: x.device }) }
  }
}
