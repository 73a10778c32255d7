import { inflateSync } from 'node:zlib'

/** Unpacks a piece of a TIFF, to at most `most` bytes. */
export type Unpack = (packed: Uint8Array, most: number) => Uint8Array

/** PackBits (TIFF 6.0, section 9): runs of equal bytes and runs of different ones. */
function unpackBits(packed: Uint8Array, most: number): Uint8Array {
  const out = new Uint8Array(most)
  let to = 0
  for (let at = 0; at < packed.length && to < most; ) {
    const code = packed[at++] ?? 0
    if (code < 128) {
      const run = packed.subarray(at, at + Math.min(code + 1, most - to))
      out.set(run, to)
      to += run.length
      at += code + 1
    } else if (code > 128) {
      const end = Math.min(to + 257 - code, most)
      out.fill(packed[at++] ?? 0, to, end)
      to = end
    }
  }
  return out.subarray(0, to)
}

const [clear, stop] = [256, 257]

/** LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, the high bit first, each width left one code early. */
function unpackLzw(packed: Uint8Array, most: number): Uint8Array {
  const out = new Uint8Array(most)
  // A code stands for bytes that were written before: where they start in `out`, and how many they are.
  const [starts, lengths] = [new Int32Array(4096), new Int32Array(4096)]
  let [to, bits, held, at] = [0, 0, 0, 0]
  let [width, next] = [9, 258]
  while (to < most) {
    while (bits < width) {
      if (at >= packed.length) return out.subarray(0, to)
      held = ((held << 8) | (packed[at++] ?? 0)) & 0xffffff
      bits += 8
    }
    const code = (held >> (bits - width)) & ((1 << width) - 1)
    bits -= width
    if (code === stop) break
    if (code === clear) {
      ;[width, next] = [9, 258]
      continue
    }
    const start = to
    if (code < clear) out[to++] = code
    else if (code < next) {
      const [from, length] = [starts[code] ?? 0, lengths[code] ?? 0]
      for (let i = 0; i < length && to < most; i++) out[to++] = out[from + i] ?? 0
    } else throw new RangeError('its LZW data are damaged')
    // A new code: this string and the byte after it, which the next code will write.
    if (next < 4096) {
      starts[next] = start
      lengths[next] = to - start + 1
      next++
    }
    if (next >= 2 ** width && width < 12) width++
  }
  return out.subarray(0, to)
}

function unpackDeflate(packed: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: most + 65536 })
  } catch (error) {
    throw new RangeError('its compressed data are damaged', { cause: error })
  }
}

/** By TIFF's numbers of compression. */
export const unpackers: Readonly<Record<number, Unpack>> = {
  1: (packed, most) => packed.subarray(0, most),
  5: unpackLzw,
  8: unpackDeflate,
  32773: unpackBits,
  32946: unpackDeflate,
}
