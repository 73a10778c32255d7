import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { PathStep } from '../schedules/time-travel.ts'
import type { Kernel, ReverseStep, Schedule } from '../types.ts'
import type { DdpmVariance } from './steps.ts'
import {
  combine,
  ddimStep,
  ddpmStep,
  ddpmVariances,
  forwardTransition,
  renoiseStep,
  requireFraction,
} from './steps.ts'

export type { Kernel } from '../types.ts'

/** An ancestral step of one variance. */
export interface AncestralStep {
  /** A draw of q(x_s | x_t, x₀); without noise on the way to the clean end. */
  readonly kernel: Kernel
  /** The standard deviation of that draw, one for all or like x. */
  deviation(at: ReverseStep): number | Tensor
}

/** z where a step draws: not with weight 0, not on the way to the clean end. */
const drawn = (weight: number, z: () => Tensor, { s, schedule }: ReverseStep): Tensor | undefined =>
  weight > 0 && s !== schedule.clean ? z() : undefined

/** Ancestral sampling, {@link ddpmStep}, of either variance. @throws {OptionError} for another. */
export function ddpm(variance: DdpmVariance = 'small'): Kernel {
  if (!ddpmVariances.includes(variance)) {
    throw new OptionError('variance', `must be ${ddpmVariances.join(' | ')}, got ${String(variance)}`)
  }
  return (x, x0, z, at) => ddpmStep(x, x0, drawn(1, z, at), { ...at, variance })
}

/** {@link ddimStep} with η: 0 is deterministic, 1 ancestral. @throws {OptionError} where η leaves [0, 1]. */
export function ddim(eta: number): Kernel {
  requireFraction('eta', eta)
  return (x, x0, z, at) => ddimStep(x, x0, drawn(eta, z, at), { ...at, eta })
}

/**
 * {@link renoiseStep}: a fraction `fresh` of the noise is drawn anew, √(1 − fresh²) of it kept. DDRM, DDNM and DDS call
 * it η, which is not DDIM's; DiffPIR's ζ is its square. @throws {OptionError} where it leaves [0, 1].
 */
export function renoise(fresh: number): Kernel {
  requireFraction('fresh', fresh)
  return (x, x0, z, at) => renoiseStep(x, x0, drawn(fresh, z, at), { ...at, fresh })
}

/** x_t of more noise from x_s, a draw of p(x_t | x_s): the way back up of time travel. */
export function noiseUp(x: Tensor, z: Tensor, { t: from, s: to, schedule }: ReverseStep): Tensor {
  const { ratio, variance } = forwardTransition({ t: to, s: from, schedule })
  return combine([ratio, x], [Math.sqrt(variance), z])
}

/** x_t at which a step of a path looks at the prior: x, noised up to t first where the step has a `from`. */
export const noisedTo = (x: Tensor, { t, from }: PathStep, z: () => Tensor, schedule: Schedule): Tensor =>
  from === undefined ? x : noiseUp(x, z(), { t: from, s: t, schedule })
