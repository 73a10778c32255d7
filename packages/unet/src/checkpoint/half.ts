import { fromFloat16, toFloat16 } from '@tweedie/tensor'

export { fromFloat16, toFloat16 }

const f32 = new Float32Array(1)
const bits = new Uint32Array(f32.buffer)

/** The value of a bfloat16: the upper half of a float32. */
export function fromBFloat16(half: number): number {
  bits[0] = half << 16
  return f32[0]!
}

/** The value of an 8-bit float of sign, exponent and `fractionBits` bits of fraction, without infinities and NaNs. */
function fromFloat8(byte: number, fractionBits: number, bias: number): number {
  const sign = byte & 0x80 ? -1 : 1
  const exponent = (byte & 0x7f) >> fractionBits
  const fraction = (byte & (2 ** fractionBits - 1)) / 2 ** fractionBits
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias))
}

/** The value of an 8-bit float with 5 bits of exponent (OCP FP8 E5M2): the upper half of a float16. */
export const fromFloat8E5M2 = (byte: number): number => fromFloat16(byte << 8)

/** The value of an 8-bit float with 4 bits of exponent and no infinity (OCP FP8 E4M3). */
export const fromFloat8E4M3 = (byte: number): number =>
  (byte & 0x7f) === 0x7f ? Number.NaN : fromFloat8(byte, 3, 7)

/** As {@link fromFloat8E5M2} with neither infinity nor −0, whose pattern is the only NaN (arXiv 2206.02915). */
export const fromFloat8E5M2Fnuz = (byte: number): number =>
  byte === 0x80 ? Number.NaN : fromFloat8(byte, 2, 16)

/** As {@link fromFloat8E4M3} with neither infinity nor −0, whose pattern is the only NaN (arXiv 2206.02915). */
export const fromFloat8E4M3Fnuz = (byte: number): number =>
  byte === 0x80 ? Number.NaN : fromFloat8(byte, 3, 8)

/** The value of an exponent alone, 2^(byte − 127) (OCP MX E8M0), a scale of blocks. */
export const fromFloat8E8M0 = (byte: number): number => (byte === 0xff ? Number.NaN : 2 ** (byte - 127))
