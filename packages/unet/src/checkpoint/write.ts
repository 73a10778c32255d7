import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
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

/**
 * The bytes of a safetensors file of tensors on a CPU device; the data starts at a multiple of 8 bytes.
 * @throws {OptionError} for a tensor named `__metadata__`.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  options: WriteOptions = {},
): Uint8Array {
  const host = Object.entries(tensors).map(
    ([name, t]) => [name, { shape: t.shape, values: t.dataSync() }] as const,
  )
  return encodeSafetensors(Object.fromEntries(host), options)
}

/** {@link writeSafetensors} from arrays. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  options: WriteOptions = {},
): Uint8Array {
  const half = options.dtype === 'float16'
  const width = half ? 2 : 4
  const header: [name: string, value: unknown][] = []
  if (options.metadata !== undefined) header.push(['__metadata__', options.metadata])
  let offset = 0
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (name === '__metadata__') throw new OptionError('tensors', "'__metadata__' is reserved by the format")
    const end = offset + values.length * width
    header.push([name, { dtype: half ? 'F16' : 'F32', shape, data_offsets: [offset, end] }])
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const padded = Math.ceil(json.length / 8) * 8
  const out = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded)
  const view = new DataView(out.buffer)
  view.setUint32(0, padded, true)
  out.set(json, 8)
  let at = 8 + padded
  for (const { values } of Object.values(tensors)) {
    if (half) {
      const stored = new Uint16Array(out.buffer, at, values.length)
      for (let i = 0; i < values.length; i++) stored[i] = toFloat16(values[i]!)
    } else {
      new Float32Array(out.buffer, at, values.length).set(values)
    }
    at += values.length * width
  }
  return out
}
