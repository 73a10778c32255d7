import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { encode } from 'fast-png'
import jpeg from 'jpeg-js'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { encodePicture, isOurPng } from './png.ts'
import { readPicture } from './read.ts'

/** Reads bytes by way of a file. */
async function reading(bytes: Uint8Array, accept?: (width: number, height: number) => void) {
  using folder = temporaryFolder()
  const path = join(folder.path, 'picture')
  writeFileSync(path, bytes)
  return await readPicture(path, accept)
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  let crc = 0xffffffff
  for (const byte of body) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 8 + data.length)
  return out
}
/** A PNG from its parts, so that it can be wrong in any way. */
function png(options: {
  width: number
  height: number
  depth: number
  type: number
  rows: Uint8Array
  extra?: Buffer[]
}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(options.width, 0)
  header.writeUInt32BE(options.height, 4)
  header.set([options.depth, options.type, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(options.extra ?? []),
    chunk('IDAT', deflateSync(options.rows)),
    chunk('IEND', new Uint8Array()),
  ])
}

describe('what is read', () => {
  test('grey of 8 bits, there and back', async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i / 51)
    const { picture, notes } = await reading(encodePicture({ channels: 1, width: 4, height: 3, data }))
    expect(picture).toMatchObject({ channels: 1, width: 4, height: 3 })
    picture.data.forEach((value, i) => void expect(value).toBeCloseTo(data[i]!, 6))
    expect(notes).toEqual([])
  })

  test('colour, as planes; three equal planes are grey', async () => {
    const colour = encode({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 51, 0, 255, 102) })
    expect([...(await reading(colour)).picture.data]).toEqual(
      [1, 0, 0, 1, 51 / 255, 102 / 255].map(Math.fround),
    )
    const grey = encode({ width: 2, height: 1, channels: 3, data: Uint8Array.of(9, 9, 9, 51, 51, 51) })
    expect((await reading(grey)).picture).toMatchObject({ channels: 1, data: Float32Array.of(9 / 255, 0.2) })
  })

  test('16 bits, and transparency on black', async () => {
    const deep = encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(65535, 13107) })
    expect([...(await reading(deep)).picture.data]).toEqual([1, 0.2].map(Math.fround))
    const clear = encode({
      width: 2,
      height: 1,
      channels: 4,
      data: Uint8Array.of(255, 255, 255, 0, 51, 51, 51, 255),
    })
    const { picture, notes } = await reading(clear)
    expect([...picture.data]).toEqual([0, 0.2].map(Math.fround))
    expect(notes).toEqual(['transparent pixels were put on black'])
  })

  test('grey of 1 bit and a palette', async () => {
    const bits = png({
      width: 10,
      height: 2,
      depth: 1,
      type: 0,
      rows: Uint8Array.of(0, 0b10100000, 0b01000000, 0, 0, 0b11000000),
    })
    expect([...(await reading(bits)).picture.data]).toEqual([
      1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1,
    ])
    const palette = chunk('PLTE', Uint8Array.of(0, 0, 0, 255, 0, 0))
    const indexed = png({
      width: 2,
      height: 1,
      depth: 8,
      type: 3,
      rows: Uint8Array.of(0, 1, 0),
      extra: [palette],
    })
    expect((await reading(indexed)).picture).toMatchObject({
      channels: 3,
      data: Float32Array.of(1, 0, 0, 0, 0, 0),
    })
  })

  test('JPEG', async () => {
    const data = Buffer.alloc(16 * 8 * 4, 128)
    const { picture } = await reading(jpeg.encode({ width: 16, height: 8, data }, 95).data)
    expect(picture).toMatchObject({ channels: 1, width: 16, height: 8 })
    expect(picture.data[5]).toBeCloseTo(128 / 255, 2)
  })
})

describe('what is refused', () => {
  const good = encodePicture({
    channels: 1,
    width: 28,
    height: 28,
    data: Float32Array.from({ length: 784 }, (_, i) => (i % 7) / 7),
  })
  const goodJpeg = jpeg.encode({ width: 28, height: 28, data: Buffer.alloc(28 * 28 * 4, 99) }, 90).data
  const refused = (bytes: Uint8Array) => expect(reading(bytes)).rejects

  test('what is no picture', async () => {
    await refused(new Uint8Array()).toThrow('the file is empty')
    await refused(Buffer.from('hello')).toThrow(/picture: not a PNG or JPEG image$/)
    await refused(Buffer.from('GIF89a')).toThrow('not a PNG or JPEG')
  })

  test('every way of cutting one off', async () => {
    for (let length = 1; length < good.length; length += 7) {
      await refused(good.subarray(0, length)).toMatchObject({ name: 'FileFormatError' })
    }
    await refused(good.subarray(0, good.length - 20)).toThrow(/broken PNG: cut off after \d+ bytes/)
    for (const length of [2, 10, 100, 250]) {
      await refused(goodJpeg.subarray(0, length)).toMatchObject({ name: 'FileFormatError' })
    }
  })

  test('flipped bits', async () => {
    for (let at = 8; at < good.length; at += 5) {
      const bytes = Uint8Array.from(good)
      bytes[at]! ^= 0x10
      // A text that pixels do not need may be damaged; all else must be noticed.
      const result = await reading(bytes).then(
        (read) => read.picture,
        (error: Error) => error.name,
      )
      if (typeof result === 'string') expect(result).toBe('FileFormatError')
      else expect(result.data).toEqual((await reading(good)).picture.data)
    }
  })

  test('absurd sizes, before anything is decoded', async () => {
    const huge = png({ width: 60000, height: 60000, depth: 8, type: 0, rows: new Uint8Array(10) })
    await refused(huge).toThrow('60000×60000 pixels are too many; at most 4096 a side')
    await refused(png({ width: 0, height: 5, depth: 8, type: 0, rows: new Uint8Array(10) })).toThrow(
      '0×5 pixels',
    )
  })

  test('a bomb: little that unpacks to much', async () => {
    const packed = deflateSync(Buffer.alloc(40_000_000))
    const bomb = png({
      width: 4,
      height: 4,
      depth: 8,
      type: 0,
      rows: new Uint8Array(20),
      extra: [chunk('IDAT', packed)],
    })
    await refused(bomb).toThrow(/bytes of data are too many for 4×4 pixels/)
    const profile = chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), packed]))
    const hidden = png({
      width: 2,
      height: 1,
      depth: 8,
      type: 0,
      rows: Uint8Array.of(0, 0, 255),
      extra: [profile],
    })
    expect([...(await reading(hidden)).picture.data]).toEqual([0, 1])
  })

  test('too few pixels for its header', async () => {
    await refused(png({ width: 4, height: 4, depth: 8, type: 0, rows: new Uint8Array(10) })).toMatchObject({
      name: 'FileFormatError',
    })
  })

  test('a size that the caller does not accept', async () => {
    const seen: number[] = []
    await reading(good, (...size) => void seen.push(...size))
    await reading(goodJpeg, (...size) => void seen.push(...size))
    expect(seen).toEqual([28, 28, 28, 28])
  })

  test('ours are known again', () => {
    expect(isOurPng(good)).toBe(true)
    expect(isOurPng(encode({ width: 1, height: 1, channels: 1, data: Uint8Array.of(3) }))).toBe(false)
    expect(isOurPng(Buffer.from('text'))).toBe(false)
  })
})
