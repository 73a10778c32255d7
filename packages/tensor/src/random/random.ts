import type { Device, LeftRange } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost } from '../dtype.ts'
import { DTypeError, OptionError } from '../errors.ts'
import { hostArray } from '../host-memory.ts'
import type { CreateOptions, Fresh } from '../ops/filled.ts'
import { written } from '../ops/filled.ts'
import type { Shape } from '../shape.ts'
import { requireCount, sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { eachPiece } from '../times.ts'
import { philox4x32 } from './philox.ts'

/**
 * Names one stream of random numbers. Draws depend on the key alone, never on the order of calls, the
 * number of threads or the device. {@link fold} derives keys for a sample, a step or a purpose.
 */
export interface Key {
  readonly words: readonly [number, number]
  fold(by: number | string): Key
}

const makeKey = (k0: number, k1: number): Key => ({
  words: [k0 >>> 0, k1 >>> 0],
  fold: (by) => {
    const out = new Uint32Array(4)
    if (typeof by === 'number') {
      if (!Number.isSafeInteger(by) || by < 0)
        throw new OptionError('fold', `needs a non-negative integer or a name, got ${by}`)
      philox4x32(by >>> 0, Math.floor(by / 2 ** 32), 0, 1, k0, k1, out, 0)
      return makeKey(out[0]!, out[1]!)
    }
    if (typeof by !== 'string')
      throw new OptionError('fold', `needs a non-negative integer or a name, got ${String(by)}`)
    // Names are absorbed 8 UTF-16 units at a time, the block number and total length included.
    let [a, b] = [k0, k1]
    for (let block = 0; block === 0 || block * 4 < by.length; block++) {
      const unit = (i: number) => (by.charCodeAt(block * 4 + i) || 0) >>> 0
      philox4x32(unit(0) | (unit(1) << 16), unit(2) | (unit(3) << 16), by.length, 2 + block, a, b, out, 0)
      ;[a, b] = [out[0]!, out[1]!]
    }
    return makeKey(a, b)
  },
})

/**
 * The key of a seed.
 * @param seed - A non-negative integer of at most 2⁵³ − 1.
 * @example
 * ```ts
 * import { normal, randomKey } from '@tweedie/tensor'
 * const key = randomKey(7).fold('noise')
 * const both = normal([key.fold(0), key.fold(1)], [3]).dataSync()
 * const second = normal(key.fold(1), [3]).dataSync()
 * both[3] === second[0] // => true
 * ```
 */
export function randomKey(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new OptionError('seed', `must be an integer from 0 to 2^53 − 1, got ${seed}`)
  return makeKey(seed >>> 0, Math.floor(seed / 2 ** 32))
}

/**
 * `count` random 32-bit words of a key's stream.
 * @throws {OutOfMemoryError} for 2 GiB and more.
 */
export function randomWords(key: Key, count: number): Uint32Array {
  requireCount('count', count)
  const words = hostArray('host', Uint32Array, Math.ceil(count / 4) * 4)
  writeWords(key, 0, count, words)
  return words.subarray(0, count)
}

/** Writes words `first` (a multiple of four) … first + count − 1 of a key's stream, and those up to a multiple of four. */
function writeWords({ words: [k0, k1] }: Key, first: number, count: number, words: Uint32Array): void {
  for (let at = 0; at < count; at += 4) philox4x32((first + at) / 4, 0, 0, 0, k0, k1, words, at)
}

/** Words that a draw makes at a time, a multiple of four. */
const chunk = 2 ** 14

/** Writes `count` draws of `words`, which are as many or more by up to three, to `out` from place `from` on. */
type Fill = (words: Uint32Array, out: TypedArray, from: number, count: number) => void

/** Uniform on [0, 1) with 24 random bits, so that float32 holds each value exactly. */
const fillUniform: Fill = (words, out, from, count) => {
  for (let i = 0; i < count; i++) out[from + i] = (words[i]! >>> 8) / 2 ** 24
}

/** Standard normal by Box and Muller in double precision, from 32 bits of radius and 32 of angle. */
const fillNormal: Fill = (words, out, from, count) => {
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((words[i]! + 0.5) / 2 ** 32))
    const angle = (2 * Math.PI * (words[i + 1]! + 0.5)) / 2 ** 32
    out[from + i] = radius * Math.cos(angle)
    if (i + 1 < count) out[from + i + 1] = radius * Math.sin(angle)
  }
}

/** Numbers of a tensor of draws: places `from` … from + count − 1 of the stream of the key of that index. */
function fillRanges(
  fill: Fill,
  keys: readonly Key[],
  each: number,
  ranges: Iterable<LeftRange>,
  out: TypedArray,
): void {
  let words = new Uint32Array(0)
  for (const { key, from, count } of ranges) {
    const most = Math.min(chunk, Math.ceil(count / 4) * 4)
    if (words.length < most) words = hostArray('host', Uint32Array, most)
    eachPiece(from, from + count, chunk, (at, length) => {
      writeWords(keys[key]!, at, length, words)
      fill(words, out, key * each + at, length)
    })
  }
}

function draw(
  op: 'uniform' | 'normal',
  fill: Fill,
  keys: Key | readonly Key[],
  shape: Shape,
  options: CreateOptions,
): Tensor {
  const dtype: DType = options.dtype ?? 'float32'
  if (dtype === 'int32' || dtype === 'bool')
    throw new DTypeError(op, `draws float32 or float64, not ${dtype}`)
  const list = 'words' in keys ? [keys] : keys
  const count = sizeOf(shape)
  const whole = list.map((_, key): LeftRange => ({ key, from: 0, count }))
  const write = ({ device, size, buffer }: Fresh) => {
    const drawn = op === 'normal' && dtype === 'float32' ? device.normals?.(buffer, list, count) : undefined
    if (drawn?.length === 0) return
    const values = device.hostView?.(buffer, dtype, size) ?? allocateHost(dtype, size)
    fillRanges(fill, list, count, drawn ?? whole, values)
    if (device.hostView === undefined) device.write(buffer, dtype, values)
  }
  return written(op, 'words' in keys ? shape : [list.length, ...shape], write, { ...options, dtype })
}

/** Uniform on [0, 1). With an array of keys, one sample of `shape` per key along a new leading axis. */
export const uniform = (
  key: Key | readonly Key[],
  shape: Shape,
  options: CreateOptions & { device?: string | Device } = {},
): Tensor => draw('uniform', fillUniform, key, shape, options)

/** Standard normal. With an array of keys, one sample of `shape` per key along a new leading axis. */
export const normal = (key: Key | readonly Key[], shape: Shape, options: CreateOptions = {}): Tensor =>
  draw('normal', fillNormal, key, shape, options)

/** An integer in 0 … below−1 for each of `count` places, free of modulo bias. */
export function randomIntegers(key: Key, below: number, count: number): Int32Array {
  if (!Number.isInteger(below) || below < 1 || below > 2 ** 31)
    throw new OptionError('below', `must be in 1 … 2^31, got ${below}`)
  requireCount('count', count)
  const out = hostArray('host', Int32Array, count)
  const limit = Math.floor(2 ** 32 / below) * below
  for (let i = 0, attempt = 0; i < count; attempt++) {
    for (const word of randomWords(attempt === 0 ? key : key.fold(attempt), count - i + 8)) {
      if (word < limit && i < count) out[i++] = word % below
    }
  }
  return out
}

/** `count` numbers on the host, uniform on [0, 1) with 53 random bits, of two words each. */
export function randomUnits(key: Key, count: number): Float64Array {
  requireCount('count', count)
  const words = randomWords(key, 2 * count)
  const out = hostArray('host', Float64Array, count)
  for (let i = 0; i < count; i++) out[i] = (words[2 * i]! * 2 ** 21 + (words[2 * i + 1]! >>> 11)) / 2 ** 53
  return out
}

/** 0 … count−1 in random order (Fisher and Yates). */
export function randomPermutation(key: Key, count: number): Int32Array {
  const units = randomUnits(key, count)
  const order = hostArray('host', Int32Array, count)
  for (let i = 0; i < count; i++) order[i] = i
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(units[i]! * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
