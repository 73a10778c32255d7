import type { Format, Raster } from './format.ts'
import { requirePixels } from './format.ts'

/** A frame of a GIF: where it lies on the canvas, and its packed numbers of colours. */
interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly interlaced: boolean
  readonly palette: Buffer
  /** The colour that is see-through, if any. */
  readonly clear: number | undefined
  /** Bits of the first codes, less one. */
  readonly codeSize: number
  readonly packed: Buffer
}

interface Scan {
  readonly width: number
  readonly height: number
  readonly frame: Frame
  /** Whether another frame follows. */
  readonly more: boolean
}

/** GIF87a and GIF89a: the first frame of what may be an animation, on a see-through canvas. */
export const gif: Format = {
  name: 'GIF',
  matches: (bytes) => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)),
  scan(bytes) {
    const scan = readBlocks(bytes)
    const { width, height, more } = scan
    requirePixels(width, height)
    return {
      width,
      height,
      orientation: 1,
      notes: more ? ['it is an animation, of which the first picture was read'] : [],
      decode: () => decode(scan),
    }
  },
}

const [extension, image, trailer] = [0x21, 0x2c, 0x3b]
const graphicControl = 0xf9

/** @throws {RangeError} where the file ends before its first frame does, or is no sequence of blocks. */
function readBlocks(bytes: Buffer): Scan {
  const need = (end: number) => {
    if (end > bytes.length)
      throw new RangeError(`cut off after ${bytes.length} bytes, within its first picture`)
  }
  need(13)
  const [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)]
  const colours = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1))
  const flags = bytes[10] ?? 0
  let at = 13 + colours(flags)
  need(at)
  const common = bytes.subarray(13, at)
  let clear: number | undefined
  let frame: Frame | undefined
  while (at < bytes.length) {
    const kind = bytes[at]
    if (kind === trailer) break
    if (kind === image && frame !== undefined) return { width, height, frame, more: true }
    if (kind === extension) {
      if (bytes[at + 1] === graphicControl && at + 8 <= bytes.length)
        clear = ((bytes[at + 3] ?? 0) & 1) === 1 ? bytes[at + 6] : undefined
      const blocks = subBlocks(bytes, at + 2)
      if (blocks === undefined && frame === undefined) need(Infinity)
      at = blocks?.end ?? bytes.length
      continue
    }
    if (kind !== image) {
      if (frame !== undefined) break // what follows a whole picture does it no harm
      throw new RangeError(`a block of kind ${kind}, which there is not`)
    }
    need(at + 10)
    const own = bytes[at + 9] ?? 0
    const start = at + 10 + colours(own)
    need(start + 1)
    const blocks = subBlocks(bytes, start + 1) ?? need(Infinity)
    if (blocks === undefined) break
    frame = {
      left: bytes.readUInt16LE(at + 1),
      top: bytes.readUInt16LE(at + 3),
      width: bytes.readUInt16LE(at + 5),
      height: bytes.readUInt16LE(at + 7),
      interlaced: (own & 0x40) !== 0,
      palette: colours(own) === 0 ? common : bytes.subarray(at + 10, start),
      clear,
      codeSize: bytes[start] ?? 0,
      packed: blocks.data,
    }
    at = blocks.end
  }
  if (frame === undefined) throw new RangeError('it has no picture, or is cut off before it')
  return { width, height, frame, more: false }
}

/** Blocks of up to 255 bytes each, to the empty one; undefined where the file ends before it. */
function subBlocks(bytes: Buffer, from: number): { data: Buffer; end: number } | undefined {
  const parts: Buffer[] = []
  for (let at = from; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    if (length === 0) return { data: Buffer.concat(parts), end: at + 1 }
    parts.push(bytes.subarray(at + 1, at + 1 + length))
    at += 1 + length
  }
  return undefined
}

/** @throws {RangeError} where the frame lies beyond the canvas, or a number is of no colour. */
function decode({ width, height, frame }: Scan): Raster {
  const { left, top, palette, clear } = frame
  requirePixels(frame.width, frame.height)
  if (left + frame.width > width || top + frame.height > height)
    throw new RangeError('its first picture lies beyond its canvas')
  const numbers = unpack(frame)
  const colours = palette.length / 3
  const data = new Uint8Array(4 * width * height)
  const rows = rowOrder(frame.height, frame.interlaced)
  for (const [r, row] of rows.entries()) {
    for (let x = 0; x < frame.width; x++) {
      const number = numbers[r * frame.width + x] ?? 0
      if (number === clear) continue
      if (number >= colours) throw new RangeError(`a pixel is of colour ${number} of a palette of ${colours}`)
      const to = 4 * ((top + row) * width + left + x)
      data.set(palette.subarray(3 * number, 3 * number + 3), to)
      data[to + 3] = 255
    }
  }
  return { width, height, channels: 4, top: 255, data }
}

/** The rows in the order in which they are stored: every eighth, those between, those between again. */
function rowOrder(height: number, interlaced: boolean): number[] {
  const passes = interlaced
    ? ([
        [0, 8],
        [4, 8],
        [2, 4],
        [1, 2],
      ] as const)
    : ([[0, 1]] as const)
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  )
}

/** LZW with codes of up to 12 bits, the low bit first. @throws {RangeError} where pixels are missing or a code is none. */
function unpack({ width, height, codeSize, packed }: Frame): Uint8Array {
  if (codeSize < 1 || codeSize > 11) throw new RangeError(`its codes start with ${codeSize} bits`)
  const size = width * height
  const out = new Uint8Array(size)
  const [clear, stop] = [2 ** codeSize, 2 ** codeSize + 1]
  // A code stands for pixels that were written before: where they start, and how many they are.
  const [starts, lengths] = [new Int32Array(4096), new Int32Array(4096)]
  let [to, at, held, bits] = [0, 0, 0, 0]
  let [wide, next] = [codeSize + 1, stop + 1]
  let former: { start: number; length: number } | undefined
  while (to < size) {
    while (bits < wide) {
      if (at >= packed.length) throw new RangeError('its first picture has too few pixels')
      held |= (packed[at++] ?? 0) << bits
      bits += 8
    }
    const code = held & (2 ** wide - 1)
    held >>>= wide
    bits -= wide
    if (code === clear) {
      ;[wide, next] = [codeSize + 1, stop + 1]
      former = undefined
      continue
    }
    if (code === stop) throw new RangeError('its first picture has too few pixels')
    // The string before, and the first pixel of this one: that of the string before itself where the code is the new one.
    if (former !== undefined && next < 4096) {
      starts[next] = former.start
      lengths[next] = former.length + 1
    }
    const known = code < clear || code < next || (code === next && former !== undefined && next < 4096)
    if (!known) throw new RangeError('its LZW data are damaged')
    const start = to
    if (code < clear) out[to++] = code
    else {
      const [from, length] = [starts[code] ?? 0, lengths[code] ?? 0]
      // One at a time: the string may reach into itself.
      for (let i = 0; i < length && to < size; i++) out[to++] = out[from + i] ?? 0
    }
    if (former !== undefined && next < 4096) {
      next++
      if (next === 2 ** wide && wide < 12) wide++
    }
    former = { start, length: to - start }
  }
  return out
}
