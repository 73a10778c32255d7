import type { Sheet } from './sheet.ts'
import { pngOf } from './sheet.ts'

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})

/** The checksum of a chunk (ISO/IEC 15948 annex D). */
function crcOf(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = (crcTable[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/** A chunk with its length and checksum. */
function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, body.length)
  out.set(new TextEncoder().encode(type), 4)
  out.set(body, 8)
  view.setUint32(8 + body.length, crcOf(out.subarray(4, 8 + body.length)))
  return out
}

/** The bodies of the chunks of a PNG, by type. */
function bodiesOf(png: Uint8Array, type: string): Uint8Array[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const found: Uint8Array[] = []
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at)
    if (String.fromCharCode(...png.subarray(at + 4, at + 8)) === type)
      found.push(png.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  return found
}

/** Numbers of 4 bytes, then of 2, then of 1, most significant first. */
function packed(
  fours: readonly number[],
  twos: readonly number[] = [],
  ones: readonly number[] = [],
): Uint8Array {
  const out = new Uint8Array(4 * fours.length + 2 * twos.length + ones.length)
  const view = new DataView(out.buffer)
  fours.forEach((value, i) => view.setUint32(4 * i, value))
  twos.forEach((value, i) => view.setUint16(4 * fours.length + 2 * i, value))
  out.set(ones, 4 * fours.length + 2 * twos.length)
  return out
}

/**
 * An animated PNG (PNG, third edition §11.3.6) of pictures of one size, for ever again; whoever knows no animation shows the
 * first.
 * @param delays - Milliseconds that each is shown.
 */
export function animationOf(sheets: readonly Sheet[], delays: readonly number[]): Uint8Array<ArrayBuffer> {
  const pngs = sheets.map(pngOf)
  const [first] = pngs
  if (first === undefined) throw new RangeError('an animation has a picture at least')
  const parts: Uint8Array[] = [first.subarray(0, 8)]
  for (const body of bodiesOf(first, 'IHDR')) parts.push(chunk('IHDR', body))
  parts.push(chunk('acTL', packed([sheets.length, 0])))
  let sequence = 0
  for (const [i, png] of pngs.entries()) {
    const { width = 0, height = 0 } = sheets[i] ?? {}
    parts.push(chunk('fcTL', packed([sequence++, width, height, 0, 0], [delays[i] ?? 0, 1000], [0, 0])))
    for (const body of bodiesOf(png, 'IDAT')) {
      if (i === 0) parts.push(chunk('IDAT', body))
      else parts.push(chunk('fdAT', new Uint8Array([...packed([sequence++]), ...body])))
    }
  }
  parts.push(chunk('IEND', new Uint8Array()))
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
