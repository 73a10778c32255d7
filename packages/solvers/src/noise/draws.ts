import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, randomWords } from '@tweedie/tensor'

/** The next number of a stream. */
export type Next = () => number

/** Uniform numbers on (0, 1), of 52 random bits each, one after another from the stream of a key. */
export function uniforms(key: Key): Next {
  let words = randomWords(key, 0)
  let [at, block] = [0, 0]
  return () => {
    if (at === words.length) [words, at] = [randomWords(key.fold(block++), 1024), 0]
    const high = words[at++]! >>> 6
    const low = words[at++]! >>> 6
    return (high * 2 ** 26 + low + 0.5) / 2 ** 52
  }
}

/**
 * A draw for each element of clean measurements, on the host: `element` gets the clean value and the stream of its
 * sample. A sample depends on its key and its clean measurement alone.
 * @throws {DeviceError} on a device that the host cannot read at once.
 */
export function drawEach(
  keys: readonly Key[],
  clean: Tensor,
  element: (clean: number, next: Next) => number,
): Tensor {
  const values = Float64Array.from(clean.dataSync())
  const per = values.length / keys.length
  keys.forEach((key, sample) => {
    const next = uniforms(key)
    for (let i = sample * per; i < (sample + 1) * per; i++) values[i] = element(values[i]!, next)
  })
  return fromData(values, clean.shape, { dtype: clean.dtype, device: clean.device })
}

/** Standard normal, by Box and Muller. */
export const normalDraw = (next: Next): number =>
  Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())

/**
 * Gamma of mean `shape` and variance `shape`, for a shape of at least 1: rejection from the cube of a normal
 * (Marsaglia & Tsang 2000, doi 10.1145/358407.358414).
 */
export function gammaDraw(shape: number, next: Next): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = normalDraw(next)
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(next()) < z ** 2 / 2 + d * (1 - v + Math.log(v))) return d * v
  }
}
