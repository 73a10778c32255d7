import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { littleHost } from './arrays.ts'
import type { Pieces } from './bytes.ts'
import { toFloat16 } from './half.ts'

/** How numbers are stored; float16 keeps 11 significant bits. */
export interface WriteOptions {
  readonly dtype?: 'float32' | 'float16'
  readonly metadata?: Readonly<Record<string, string>>
}

/** Values on the host with their shape. */
export interface HostTensor {
  readonly shape: Shape
  readonly values: ArrayLike<number>
}

/** A tensor as a safetensors file has it; its bytes are made when they are written. */
export interface StoredTensor {
  readonly name: string
  /** In the format's own names. */
  readonly dtype: string
  readonly shape: Shape
  /** Number of bytes of all pieces. */
  readonly bytes: number
  /** The elements, row-major and little-endian. */
  pieces(): Pieces
}

/**
 * The bytes of a safetensors file of tensors on a CPU device; the data starts at a multiple of 8 bytes.
 * @throws {OptionError} for a tensor named `__metadata__`.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  options: WriteOptions = {},
): Uint8Array {
  return encoded(hostTensors(tensors), options)
}

/** {@link writeSafetensors} from arrays. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  options: WriteOptions = {},
): Uint8Array {
  return encoded(Object.entries(tensors), options)
}

/** Tensors of a CPU device as arrays. */
export const hostTensors = (tensors: Readonly<Record<string, Tensor>>): [name: string, HostTensor][] =>
  Object.entries(tensors).map(([name, t]) => [name, { shape: t.shape, values: t.dataSync() }])

function encoded(tensors: readonly (readonly [string, HostTensor])[], options: WriteOptions): Uint8Array {
  const stored = tensors.map(([name, tensor]) => storedTensor(name, tensor, options.dtype))
  const header = safetensorsHeader(stored, options.metadata)
  const out = new Uint8Array(stored.reduce((sum, { bytes }) => sum + bytes, header.length))
  let at = 0
  const put = (piece: Uint8Array) => {
    out.set(piece, at)
    at += piece.length
  }
  put(header)
  for (const { pieces } of stored) for (const piece of pieces()) put(piece)
  return out
}

/** Elements that are converted at a time. */
const chunk = 2 ** 18

/** An array stored as float32 or float16. */
export function storedTensor(
  name: string,
  { shape, values }: HostTensor,
  dtype: WriteOptions['dtype'] = 'float32',
): StoredTensor {
  const half = dtype === 'float16'
  const width = half ? 2 : 4
  function* pieces(): Generator<Uint8Array> {
    for (let start = 0; start < values.length; start += chunk) {
      const count = Math.min(chunk, values.length - start)
      if (littleHost && !half && values instanceof Float32Array) {
        yield new Uint8Array(values.buffer, values.byteOffset + 4 * start, 4 * count)
        continue
      }
      const bytes = new Uint8Array(width * count)
      const view = new DataView(bytes.buffer)
      for (let i = 0; i < count; i++)
        if (half) view.setUint16(2 * i, toFloat16(values[start + i]!), true)
        else view.setFloat32(4 * i, values[start + i]!, true)
      yield bytes
    }
  }
  return { name, dtype: half ? 'F16' : 'F32', shape, bytes: values.length * width, pieces }
}

/** The length and the header of a file of these tensors, one after the other. */
function safetensorsHeader(
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  const header: [name: string, value: unknown][] = []
  if (metadata !== undefined) header.push(['__metadata__', metadata])
  let offset = 0
  for (const { name, dtype, shape, bytes } of tensors) {
    if (name === '__metadata__') throw new OptionError('tensors', "'__metadata__' is reserved by the format")
    header.push([name, { dtype, shape, data_offsets: [offset, offset + bytes] }])
    offset += bytes
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const padded = Math.ceil(json.length / 8) * 8
  const out = new Uint8Array(8 + padded).fill(0x20, 8)
  new DataView(out.buffer).setUint32(0, padded, true)
  out.set(json, 8)
  return out
}

/**
 * A safetensors file of any length, piece by piece, each tensor made when its turn comes.
 * @throws {OptionError} for a tensor named `__metadata__` or one whose pieces have not the length it says.
 */
export function* safetensorsPieces(
  tensors: readonly StoredTensor[],
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  yield safetensorsHeader(tensors, metadata)
  for (const { name, bytes, pieces } of tensors) {
    let length = 0
    for (const piece of pieces()) {
      length += piece.length
      yield piece
    }
    if (length !== bytes) throw new OptionError('tensors', `'${name}' has ${length} bytes, not ${bytes}`)
  }
}
