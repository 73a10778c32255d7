import type { GuidedStep } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'

/** Pictures of one size, [N, C, H, W]. */
export interface Pictures {
  readonly shape: readonly [count: number, channels: number, height: number, width: number]
  readonly data: Float32Array<ArrayBuffer>
}

/** All samples after a step of a run, as data. */
export interface Frame {
  /** Steps that are done, 1 … steps. */
  readonly index: number
  readonly steps: number
  /** The time before the step, in the units of the schedule. */
  readonly t: number
  /** The state after the step; of the last, the result. */
  readonly x: Pictures
  /** The denoised guess that the step used. */
  readonly x0hat: Pictures
  /** A x̂₀, as the operator shows measurements. */
  readonly predicted: Pictures
  /** What the step added because of y, where the method shows it. */
  readonly guidance?: Pictures
  /** ‖y − A x̂₀‖ and the PSNR of x̂₀ in dB, of each sample. */
  readonly residual: readonly number[]
  readonly psnr: readonly number[]
}

/** What steps of guided methods show beside. */
export interface Shown extends GuidedStep {
  readonly guidance?: Tensor
}

/** The numbers of a batch, copied. @throws {RangeError} unless they are pictures. */
export function picturesOf(batch: Tensor): Pictures {
  const [count, channels, height, width] = batch.shape
  if (count === undefined || channels === undefined || height === undefined || width === undefined)
    throw new RangeError(`[${batch.shape.join(', ')}] are no pictures`)
  return { shape: [count, channels, height, width], data: Float32Array.from(batch.dataSync(), Number) }
}

/** The buffers of a frame, to be handed over. */
export const buffersOf = ({ x, x0hat, predicted, guidance }: Frame): ArrayBuffer[] =>
  [x, x0hat, predicted, ...(guidance === undefined ? [] : [guidance])].map(({ data }) => data.buffer)
