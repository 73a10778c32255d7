import type { Tensor } from '@tweedie/tensor'
import type { ReverseStep } from './steps.ts'
import { ddimStep } from './steps.ts'

/**
 * One reverse step: x_s from x_t and an estimate of x₀, all [N, …shape]. z ~ N(0, I) of that shape is asked for where
 * it is used, and then once.
 */
export type Kernel = (x: Tensor, x0: Tensor, z: () => Tensor, at: ReverseStep) => Tensor

/** {@link ddimStep} of a fixed η. */
export const ddim =
  (eta: number): Kernel =>
  (x, x0, z, at) =>
    ddimStep(x, x0, eta > 0 && at.s !== at.schedule.clean ? z() : undefined, { ...at, eta })
