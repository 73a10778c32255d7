import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openPicture } from '../read.ts'
import { chunk, packRows, png } from './png-writer.test.helper.ts'

const kinds = [
  { type: 0, samples: 1, depths: [1, 2, 4, 8, 16] },
  { type: 2, samples: 3, depths: [8, 16] },
  { type: 3, samples: 1, depths: [1, 2, 4, 8] },
  { type: 4, samples: 2, depths: [8, 16] },
  { type: 6, samples: 4, depths: [8, 16] },
].flatMap(({ depths, ...kind }) =>
  depths.flatMap((depth) => [false, true].map((interlaced) => ({ ...kind, depth, interlaced }))),
)

/** A sample that differs from its neighbours in every direction. */
const varied = (depth: number) => (x: number, y: number, s: number) =>
  (x * 7919 + y * 104729 + s * 1299709 + x * y * 31) % 2 ** depth

/** What the planes of a picture must be: colours times alpha, in [0, 1]; one plane where they are all the same. */
function expected(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number, number],
): number[] {
  const pixels = Array.from({ length: width * height }, (_, i) => pixel(i % width, Math.floor(i / width)))
  const grey = pixels.every(([r, g, b, a]) => a === 0 || (r === g && g === b))
  return (grey ? [0] : [0, 1, 2]).flatMap((c) => pixels.map((p) => (p[c] ?? 0) * p[3]))
}

function check(
  bytes: Buffer,
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number, number],
) {
  const { picture, notes } = openPicture(bytes, 'x.png').decode()
  const wanted = expected(width, height, pixel)
  expect([picture.width, picture.height, picture.data.length]).toEqual([width, height, wanted.length])
  let worst = 0
  wanted.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - (picture.data[i] ?? Number.NaN)))
  })
  expect(worst).toBeLessThan(1e-6)
  return notes
}

test.for(kinds)(
  'colour type $type, $depth bits, interlaced $interlaced: every size from 1×1 to 9×9 and 28×28, every filter',
  ({ type, samples, depth, interlaced }) => {
    const value = varied(depth)
    const top = 2 ** depth - 1
    const colour = (index: number, c: number) => (index * [37, 91, 151][c]! + 13 * c) % 256
    const palette = Uint8Array.from({ length: 3 * 2 ** depth }, (_, i) => colour(Math.floor(i / 3), i % 3))
    const sizes = [
      ...Array.from({ length: 81 }, (_, i) => [1 + (i % 9), 1 + Math.floor(i / 9)] as const),
      [28, 28] as const,
    ]
    for (const [width, height] of sizes) {
      const rows = packRows({
        width,
        height,
        depth,
        samples,
        interlaced,
        value,
        filter: (row) => (row + width) % 5,
      })
      const bytes = png({
        width,
        height,
        depth,
        type,
        rows,
        interlace: interlaced ? 1 : 0,
        extra: type === 3 ? [chunk('PLTE', palette)] : [],
      })
      check(bytes, width, height, (x, y) => {
        const sample = (s: number) => value(x, y, s)
        if (type === 3)
          return [0, 1, 2].map((c) => colour(sample(0), c) / 255).concat(1) as [
            number,
            number,
            number,
            number,
          ]
        const [g, r] = [sample(0) / top, [0, 1, 2].map((s) => sample(s) / top)]
        if (samples <= 2) return [g, g, g, samples === 2 ? sample(1) / top : 1]
        return [r[0]!, r[1]!, r[2]!, samples === 4 ? sample(3) / top : 1]
      })
    }
  },
)

test("Paeth's ties (ISO/IEC 15948, 9.4): left before above before corner", () => {
  // Rows of two pixels: corner and above, then left and the pixel, which is what was predicted plus 100.
  const predicted = (corner: number, above: number, left: number) => {
    const rows = Uint8Array.of(0, corner, above, 4, left - corner, 100)
    const bytes = png({ width: 2, height: 2, depth: 8, type: 0, rows })
    return Math.round(255 * openPicture(bytes, 'x.png').decode().picture.data[3]!) - 100
  }
  // left + above − corner is 8, as far from left (9) as from corner (7), and farther from above (6).
  expect(predicted(7, 6, 9)).toBe(9)
  // 8 again, as far from above (9) as from corner (7), and farther from left (6).
  expect(predicted(7, 9, 6)).toBe(9)
  expect(predicted(10, 30, 20)).toBe(30)
})

describe('a transparent colour', () => {
  test.for(kinds.filter(({ type }) => type === 0 || type === 2))(
    'type $type, $depth bits, interlaced $interlaced: its pixels on black, those that differ in one sample are not',
    ({ type, samples, depth, interlaced }) => {
      const top = 2 ** depth - 1
      // White is the key; some pixels have it in one sample only, or (16 bits) in the high byte only.
      const value = (x: number, y: number, s: number) => {
        if ((x + y) % 3 === 0) return top
        if ((x + y) % 3 === 1) return samples === 1 ? top - 1 : s === y % samples ? top : 0
        return depth === 16 ? 0xff00 : 0
      }
      const [width, height] = [7, 5]
      const rows = packRows({ width, height, depth, samples, interlaced, value, filter: (row) => row % 5 })
      const key = Buffer.alloc(2 * samples)
      // Bits above the depth do not count.
      for (let s = 0; s < samples; s++) key.writeUInt16BE((0xaa00 & ~top) | top, 2 * s)
      const bytes = png({
        width,
        height,
        depth,
        type,
        rows,
        interlace: interlaced ? 1 : 0,
        extra: [chunk('tRNS', key)],
      })
      const notes = check(bytes, width, height, (x, y) => {
        const at = samples === 1 ? [0, 0, 0] : [0, 1, 2]
        const [r, g, b] = at.map((s) => value(x, y, s) / top)
        return [r!, g!, b!, (x + y) % 3 === 0 ? 0 : 1]
      })
      expect(notes).toEqual(['transparent pixels were put on black'])
    },
  )

  test('a palette with alpha for its first colours: the others are opaque', () => {
    const rows = packRows({
      width: 4,
      height: 1,
      depth: 2,
      samples: 1,
      interlaced: false,
      value: (x) => x,
      filter: () => 0,
    })
    const palette = chunk('PLTE', Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255))
    const extra = [palette, chunk('tRNS', Uint8Array.of(0, 51))]
    const notes = check(
      png({ width: 4, height: 1, depth: 2, type: 3, rows, extra }),
      4,
      1,
      (x) =>
        (
          [
            [1, 0, 0, 0],
            [0, 1, 0, 0.2],
            [0, 0, 1, 1],
            [1, 1, 1, 1],
          ] as const
        )[x]!,
    )
    expect(notes).toHaveLength(1)
  })
})

test('of a part that may stand once, the first counts', () => {
  const value = (x: number) => x
  const rows = packRows({
    width: 2,
    height: 1,
    depth: 1,
    samples: 1,
    interlaced: false,
    value,
    filter: () => 0,
  })
  const extra = [chunk('PLTE', Uint8Array.of(255, 0, 0, 0, 255, 0)), chunk('PLTE', new Uint8Array(6))]
  check(png({ width: 2, height: 1, depth: 1, type: 3, rows, extra }), 2, 1, (x) => [1 - x, x, 0, 1])
})

test('files of others that were read wrongly once', () => {
  const open = (...name: string[]) => {
    const path = join(import.meta.dirname, '../../../../../tests/fixtures/cases', ...name)
    return openPicture(readFileSync(path), name.join('/')).decode()
  }
  for (const depth of [1, 4]) {
    const { picture } = open('png-adam7-low-depth', `i_grey${depth}.png`)
    const levels = new Set([...picture.data].map((v) => Math.round(v * (2 ** depth - 1) * 1e4) / 1e4))
    expect(levels.size).toBe(2 ** depth)
    for (const level of levels) expect(Number.isInteger(level)).toBe(true)
  }
  for (const name of ['grey8_trns.png', 'rgb8_trns.png']) {
    const { picture, notes } = open('png-colour-key', name)
    expect(notes).toEqual(['transparent pixels were put on black'])
    expect(picture.data.some((v) => v === 0)).toBe(true)
  }
  const stripes = open('jpeg-adobe-rgb', 'stripes-rgb.jpg').picture
  const at = (c: number, x: number) => Math.round(255 * (stripes.data[(c * 28 + 14) * 28 + x] ?? Number.NaN))
  for (const [x, colour] of [
    [4, [200, 40, 40]],
    [14, [40, 200, 40]],
    [24, [40, 40, 200]],
  ] as const)
    colour.forEach((level, c) => expect(Math.abs(at(c, x) - level)).toBeLessThanOrEqual(3))
  const letter = open('exif-orientation', 'upright.png').picture
  expect(open('exif-orientation', 'orientation6.png').picture).toEqual(letter)
  const jpeg = open('exif-orientation', 'orientation6.jpg').picture
  expect([jpeg.data[5 * 28 + 9], jpeg.data[14 * 28 + 4]].map((v) => Math.round(v ?? Number.NaN))).toEqual([
    1, 0,
  ])
})

describe('what is refused', () => {
  const refused = (bytes: Buffer, message: string | RegExp) => {
    const read = () => openPicture(bytes, 'x.png').decode()
    expect(read).toThrow(message)
    expect(read).toThrow(expect.objectContaining({ name: 'FileFormatError' }))
  }
  const one = { width: 1, height: 1, depth: 8, type: 0, rows: Uint8Array.of(0, 9) }

  test('a palette that is missing, too short, or no list of colours', () => {
    refused(png({ ...one, type: 3 }), 'its pixels are numbers of a palette, and it has none')
    refused(png({ ...one, type: 3, extra: [chunk('PLTE', new Uint8Array(9))] }), 'colour 9 of a palette of 3')
    refused(
      png({ ...one, type: 3, extra: [chunk('PLTE', new Uint8Array(8))] }),
      'has 8 bytes, which are no colours',
    )
  })

  test('colour types, depths and methods that there are not', () => {
    refused(png({ ...one, type: 5 }), 'colour type 5 of 8 bits')
    refused(png({ ...one, type: 2, depth: 4 }), 'colour type 2 of 4 bits')
    refused(png({ ...one, interlace: 2 }), 'interlace 2')
    refused(png({ ...one, rows: Uint8Array.of(5, 9) }), 'filter 5')
    refused(png({ ...one, extra: [chunk('tRNS', Uint8Array.of(1))] }), 'its tRNS part has 1 bytes, not 2')
  })

  test('data that unpack to less, or to much more, than the pixels', () => {
    refused(png({ ...one, rows: Uint8Array.of(0) }), 'its data unpack to 1 bytes, its pixels are 2')
    const most = { ...one, width: 64, height: 64 }
    for (const bytes of [100_000, 10_000_000])
      refused(png({ ...most, rows: Buffer.alloc(bytes) }), 'unpack to more than its pixels')
    const bomb = chunk('IDAT', deflateSync(Buffer.alloc(40_000_000)))
    refused(png({ ...one, extra: [bomb] }), 'bytes of data are too many for 1×1 pixels')
  })

  test('a part that does not match its checksum; EXIF that does not is passed over', () => {
    const bytes = png(one)
    bytes[bytes.length - 14]! ^= 1
    refused(bytes, 'its IDAT part does not match its checksum')
    const exif = chunk('eXIf', Buffer.from('II*\0'))
    exif[8]! ^= 1
    expect(openPicture(png({ ...one, extra: [exif] }), 'x').decode().notes).toEqual([])
  })
})

describe('how the samples are meant', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values)
  const gamma = (value: number) => chunk('gAMA', bytes(value >> 24, value >> 16, value >> 8, value))
  const said = (...extra: Buffer[]) => {
    const file = png({ width: 1, height: 1, depth: 8, type: 0, rows: bytes(0, 9), extra })
    return openPicture(file, 'x.png').decode().notes
  }
  const profile = (text: string) =>
    chunk('iCCP', Buffer.concat([Buffer.from('name\0\0'), deflateSync(Buffer.from(text))]))

  test('a gamma that is not that of sRGB is told, unless sRGB or a profile says more', () => {
    expect(said(gamma(45455))).toEqual([])
    expect(said(gamma(45000))).toEqual([])
    expect(said(gamma(100000))).toEqual([
      'its gamma is 1, where 0.45455 is usual: the values are taken as they are',
    ])
    expect(said(gamma(100000), chunk('sRGB', bytes(0)))).toEqual([])
    expect(said(gamma(100000), profile('no profile'))).toEqual([
      'its colour profile was not applied: the values are taken as they are',
    ])
  })

  test('a code of ITU-T H.273 counts before all else', () => {
    expect(said(chunk('cICP', bytes(1, 13, 0, 1)), gamma(100000))).toEqual([])
    expect(said(chunk('cICP', bytes(9, 16, 0, 1)), chunk('sRGB', bytes(0)))).toEqual([
      expect.stringContaining('primaries 9 and transfer 16'),
    ])
  })

  test('what is damaged, or a bomb, says what little it can', () => {
    const unnamed = ['its colour profile was not applied: the values are taken as they are']
    expect(said(chunk('iCCP', Buffer.from('name\0\0damaged')))).toEqual(unnamed)
    expect(said(chunk('iCCP', bytes()))).toEqual(unnamed)
    expect(said(profile('\0'.repeat(2 ** 23)))).toEqual(unnamed)
    expect(said(chunk('gAMA', bytes(1)))).toEqual([])
    const broken = gamma(100000)
    broken[broken.length - 1]! ^= 1
    expect(said(broken)).toEqual([])
  })
})
