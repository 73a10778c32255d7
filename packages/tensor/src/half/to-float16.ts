const f32 = new Float32Array(1)
const bits = new Uint32Array(f32.buffer)

/** The half-precision number nearest to a float32 (ties to even); beyond 65504 infinity. */
export function toFloat16(value: number): number {
  f32[0] = value
  const sign = (bits[0]! >>> 16) & 0x8000
  const magnitude = bits[0]! & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // rounds to 65536 or more
  if (magnitude < 0x38800000) return sign | roundEven(Math.abs(f32[0]!) * 2 ** 24) // subnormal
  const rebased = magnitude - 0x38000000 // exponent bias 127 → 15
  return sign | ((rebased + 0xfff + ((rebased >> 13) & 1)) >> 13)
}

function roundEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
