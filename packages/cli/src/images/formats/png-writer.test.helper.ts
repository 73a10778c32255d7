import { crc32, deflateSync } from 'node:zlib'

/** A chunk of a PNG, its checksum right. */
export function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), 8 + data.length)
  return out
}

/** A PNG from its parts, so that it can be wrong in any way. `rows` are filtered bytes, not compressed yet. */
export function png(options: {
  width: number
  height: number
  depth: number
  type: number
  rows: Uint8Array
  interlace?: number
  extra?: readonly Buffer[]
}): Buffer {
  const { width, height, depth, type, rows, interlace = 0, extra = [] } = options
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, type, 0, 0, interlace], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ])
}

/** Samples of a whole picture as filtered rows: `filter(row)` names the filter of each. */
export function packRows(options: {
  width: number
  height: number
  depth: number
  samples: number
  interlaced: boolean
  value: (x: number, y: number, sample: number) => number
  filter: (row: number) => number
}): Uint8Array {
  const { width, height, depth, samples, interlaced, value, filter } = options
  const out: number[] = []
  let row = 0
  // The pattern of the specification, written as its 8×8 square: which pass a pixel is of.
  const square = [
    '16462646',
    '77777777',
    '56565656',
    '77777777',
    '36463646',
    '77777777',
    '56565656',
    '77777777',
  ]
  const passOf = (x: number, y: number) => (interlaced ? Number(square[y % 8]?.[x % 8]) : 1)
  for (let pass = 1; pass <= 7; pass++) {
    let above: number[] | undefined
    for (let y = 0; y < height; y++) {
      let bits = ''
      for (let x = 0; x < width; x++)
        if (passOf(x, y) === pass)
          for (let s = 0; s < samples; s++) bits += value(x, y, s).toString(2).padStart(depth, '0')
      if (bits === '') continue
      const bytes = (bits.match(/.{1,8}/g) ?? []).map((part) => Number.parseInt(part.padEnd(8, '0'), 2))
      const former = above ?? bytes.map(() => 0)
      const kind = filter(row++)
      const step = Math.max(1, (samples * depth) / 8)
      out.push(
        kind,
        ...bytes.map(
          (byte, i) =>
            (byte - predicted(kind, bytes[i - step] ?? 0, former[i] ?? 0, former[i - step] ?? 0)) & 255,
        ),
      )
      above = bytes
    }
  }
  return Uint8Array.from(out)
}

function predicted(kind: number, a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  const nearest = pa <= pb && pa <= pc ? a : pb <= pc ? b : c
  return [0, a, b, Math.floor((a + b) / 2), nearest][kind] ?? 0
}
