import type { DType, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { crc32 } from './checkpoint/crc32.ts'
import type { ParamSpec, Params } from './params.ts'

/** Numbers in [−1, 1) from the CRC-32 of the name and the index; as in the scripts of the fixtures. */
function hashed(name: string, size: number): Float64Array {
  const seed = crc32(new TextEncoder().encode(name))
  return Float64Array.from({ length: size }, (_, i) => {
    let h = (Math.imul(i, 2654435761) + seed) >>> 0
    h = Math.imul(h ^ (h >>> 15), 2246822519) >>> 0
    return ((h ^ (h >>> 13)) >>> 0) / 2 ** 31 - 1
  })
}

/** Parameters without a trivial value among them. */
export function hashedParams(spec: ParamSpec, options: { dtype: DType; device: string }): Params {
  const params: Record<string, Tensor> = {}
  for (const [name, shape] of Object.entries(spec)) {
    const size = shape.reduce((product, extent) => product * extent, 1)
    const u = hashed(name, size)
    const deviation = /running_(var|sd)\b/.test(name)
    const norm = spec[name.replace(/\.bias$/, '.weight')]!.length === 1
    const scale = shape.length > 1 && !deviation ? Math.sqrt(3 / (size / shape[0]!)) : 0.3
    const centre = deviation || (norm && name.endsWith('.weight')) ? 1 : 0
    params[name] = fromData(
      u.map((v) => centre + scale * v),
      shape,
      options,
    )
  }
  return params
}
