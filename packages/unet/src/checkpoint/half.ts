import { fromFloat16, toFloat16 } from '@tweedie/tensor'

export { fromFloat16, toFloat16 }

const f32 = new Float32Array(1)
const bits = new Uint32Array(f32.buffer)

/** The value of a bfloat16: the upper half of a float32. */
export function fromBFloat16(half: number): number {
  bits[0] = half << 16
  return f32[0]!
}

/** The value of an 8-bit float with 5 bits of exponent (OCP FP8 E5M2): the upper half of a float16. */
export const fromFloat8E5M2 = (byte: number): number => fromFloat16(byte << 8)

/** The value of an 8-bit float with 4 bits of exponent and no infinity (OCP FP8 E4M3), 2⁸ times that of a float16. */
export const fromFloat8E4M3 = (byte: number): number =>
  (byte & 0x7f) === 0x7f ? Number.NaN : 256 * fromFloat16(((byte & 0x80) << 8) | ((byte & 0x7f) << 7))
