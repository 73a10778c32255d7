import { addElements } from './arrays.ts'

/**
 * The value of an 8-bit float with neither infinity nor −0, whose pattern is the only NaN (arXiv 2206.02915): E4M3FNUZ of 3
 * bits of fraction, E5M2FNUZ of 2.
 */
function fromFloat8Fnuz(byte: number, fractionBits: number): number {
  if (byte === 0x80) return Number.NaN
  const bias = 2 ** (6 - fractionBits)
  const fraction = (byte & (2 ** fractionBits - 1)) / 2 ** fractionBits
  const exponent = (byte & 0x7f) >> fractionBits
  const sign = byte & 0x80 ? -1 : 1
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias))
}

/** The value of an exponent alone, 2^(byte − 127) (OCP MX E8M0), a scale of blocks. */
const fromFloat8E8M0 = (byte: number): number => (byte === 0xff ? Number.NaN : 2 ** (byte - 127))

/** Has the element types read that hardly a file has: a page that reads networks alone does not carry them. */
export const readRareElements = (): void =>
  addElements({
    F8_E4M3FNUZ: { bytes: 1, get: (v, at) => fromFloat8Fnuz(v.getUint8(at), 3) },
    F8_E5M2FNUZ: { bytes: 1, get: (v, at) => fromFloat8Fnuz(v.getUint8(at), 2) },
    F8_E8M0: { bytes: 1, get: (v, at) => fromFloat8E8M0(v.getUint8(at)) },
  })
