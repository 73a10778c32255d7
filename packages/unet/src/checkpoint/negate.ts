import type { ElementType } from './arrays.ts'
import { bytesPerStored } from './arrays.ts'
import type { Pieces } from './bytes.ts'

const floats: readonly ElementType[] = [
  'F64',
  'F32',
  'F16',
  'BF16',
  'F8_E4M3',
  'F8_E5M2',
  'F8_E4M3FNUZ',
  'F8_E5M2FNUZ',
]

/** Stored elements (little-endian, in pieces of any length) negated: a float's sign, an integer's complement. */
export function* negated(pieces: Pieces, type: ElementType): Generator<Uint8Array> {
  const width = bytesPerStored(type)
  const isFloat = floats.includes(type)
  let place = 0
  let carry = 1
  for (const piece of pieces) {
    const out = new Uint8Array(piece.length)
    for (let i = 0; i < piece.length; i++) {
      const last = place === width - 1
      if (isFloat) out[i] = piece[i]! ^ (last ? 0x80 : 0)
      else {
        const sum = (piece[i]! ^ 0xff) + carry
        out[i] = sum
        carry = last ? 1 : sum >> 8
      }
      place = last ? 0 : place + 1
    }
    yield out
  }
}
