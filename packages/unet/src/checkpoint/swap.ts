import type { Pieces } from './bytes.ts'

/** Stored elements (in pieces of any length) with the bytes of each in the other order. */
export function* swapped(pieces: Pieces, width: number): Generator<Uint8Array> {
  const element = new Uint8Array(width)
  let place = 0
  for (const piece of pieces) {
    // As many elements as are whole now: what is carried and what is new.
    const out = new Uint8Array(piece.length + place - ((piece.length + place) % width))
    let at = 0
    for (const byte of piece) {
      element[place++] = byte
      if (place < width) continue
      for (let i = width - 1; i >= 0; i--) out[at++] = element[i]!
      place = 0
    }
    yield out
  }
}
