import type { Device, Shape, Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  FileFormatError,
  fromData,
  fromFloat16,
  OptionError,
  storeFloat16,
  toFloat16,
} from '@tweedie/tensor'
import type { LoadOptions } from './load.ts'

/** What weights are kept as in memory. */
export const weightTypes = ['float32', 'float16'] as const
export type WeightType = (typeof weightTypes)[number]

/** How weights are kept, and sentences on what that did to them, once they are. */
export interface Keeping {
  readonly keep?: LoadOptions['keep']
  notes(path: string): readonly string[]
}

/**
 * How weights are kept as a type. As float16, what has two axes or more is, in half the memory (`storeFloat16`); biases and
 * the weights of norms are few, and stay float32. A file whose weights are float16 loses nothing, others are rounded, and a
 * note says so.
 * @throws {OptionError} for a type that is none.
 */
export function keeping(type: WeightType = 'float32'): Keeping {
  if (!weightTypes.includes(type))
    throw new OptionError('weights', `must be ${weightTypes.join(' or ')}, got '${String(type)}'`)
  if (type === 'float32') return { notes: () => [] }
  let rounded: string | undefined
  const keep = (
    values: ArrayLike<number>,
    shape: Shape,
    name: string,
    path: string,
    device?: string | Device,
  ): Tensor => {
    const options = device === undefined ? {} : { device }
    if (shape.length < 2) return fromData(Float32Array.from(values), shape, options)
    for (let i = 0; rounded === undefined && i < values.length; i++)
      if (!Object.is(fromFloat16(toFloat16(values[i]!)), values[i])) rounded = name
    try {
      return storeFloat16(values, shape, options)
    } catch (error) {
      if (!(error instanceof DTypeError)) throw error
      throw new FileFormatError(
        path,
        `${name} cannot be kept as float16: ${error.message}; keep the weights as float32`,
      )
    }
  }
  const notes = (path: string) =>
    rounded === undefined
      ? []
      : [`${path}: the weights are no float16 numbers (${rounded} is the first), and are rounded to 11 bits`]
  return { keep, notes }
}
