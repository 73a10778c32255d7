import type { Tensor } from '@tweedie/tensor'
import { square, sum } from '@tweedie/tensor'

/** The axes of one sample in a batch. */
export const sampleAxes = (x: Tensor): number[] => x.shape.slice(1).map((_, i) => i + 1)

/** ‖x‖₂ of each sample, [N, 1, …] so that it broadcasts against x. */
export const sampleNorms = (x: Tensor): Tensor => sum(square(x), sampleAxes(x), true).sqrt()

/** [N, 1, …] as [N]. */
export const perSample = (x: Tensor): Tensor => x.reshape([x.shape[0]!])
