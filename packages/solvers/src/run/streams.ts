import type { Device, DType, Key, Shape, Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey } from '@tweedie/tensor'

/** Standard normal draws of a run: one per sample, [N, …shape], for a step and a purpose. */
export interface NoiseStreams {
  /** Keys of the samples, each the root of all that its sample draws. */
  readonly keys: readonly Key[]
  /** The samples' keys for a step and a purpose, for draws of other laws. */
  keysOf(step: number, name: string): readonly Key[]
  /**
   * z ~ N(0, I), [N, …shape]; equal arguments give equal draws.
   * @param step - 0-based step of the run.
   * @param name - What the draw is for.
   */
  normal(step: number, name: string, shape: Shape): Tensor
}

/**
 * The random streams of a batch: seed → sample → step → name. A draw depends on nothing else, so that a
 * batch of k equals k single runs and a resumed run equals an unbroken one, bit for bit.
 *
 * @param options - `seed` (default 0), `firstSample`, the number of the batch's first sample (default 0),
 *   `count`, how many samples, and the element type and device of the draws.
 * @throws {OptionError} where a number is negative or fractional.
 */
export function noiseStreams(options: {
  seed?: number | undefined
  firstSample?: number | undefined
  count: number
  dtype?: DType
  device?: Device
}): NoiseStreams {
  const { seed = 0, firstSample = 0, count, dtype = 'float32', device } = options
  for (const [name, value] of Object.entries({ firstSample, count })) {
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new OptionError(name, `must be a non-negative integer, got ${value}`)
    }
  }
  const root = randomKey(seed)
  const keys = Array.from({ length: count }, (_, i) => root.fold(firstSample + i))
  const keysOf = (step: number, name: string) => keys.map((key) => key.fold(step).fold(name))
  return {
    keys,
    keysOf,
    normal: (step, name, shape) =>
      normal(keysOf(step, name), shape, device === undefined ? { dtype } : { dtype, device }),
  }
}
