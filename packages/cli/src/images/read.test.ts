import { deflateSync } from 'node:zlib'
import { encode } from 'fast-png'
import { describe, expect, test } from 'vitest'
import { chunk, png } from './formats/png-writer.test.helper.ts'
import { encodePicture, isOurPng } from './png.ts'
import { openPicture } from './read.ts'
import { pillow, reading } from './reading.test.helper.ts'

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

  test('colours that nobody sees make no picture coloured', async () => {
    const data = Uint8Array.of(51, 51, 51, 255, 200, 10, 30, 0)
    const { picture } = await reading(encode({ width: 2, height: 1, channels: 4, data }))
    expect(picture).toMatchObject({ channels: 1, data: Float32Array.of(0.2, 0) })
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
})

describe('what is refused', () => {
  const good = encodePicture({
    channels: 1,
    width: 28,
    height: 28,
    data: Float32Array.from({ length: 784 }, (_, i) => (i % 7) / 7),
  })
  const goodJpeg = pillow('jpeg-420')
  const refused = (bytes: Uint8Array) => expect(reading(bytes)).rejects

  test('what is no picture', async () => {
    await refused(new Uint8Array()).toThrow('the file is empty')
    await refused(Buffer.from('hello')).toThrow(/picture: not a PNG, JPEG, WebP, TIFF, BMP or GIF image$/)
    await refused(Buffer.from('GIF89a')).toThrow('broken GIF: cut off after 6 bytes')
    const boxes: [string, string][] = [
      ['\0\0\0\x1cftypavif', 'an AVIF, which is not read; save it as PNG'],
      ['\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf', 'an AVIF'],
      ['\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf', 'an HEIC picture'],
      ['\0\0\0\x14ftypmif1\0\0\0\0mif1', 'an HEIF picture'],
      ['\0\0\0\x14ftypisom\0\0\0\0mp42', 'a video'],
      ['\0\0\0\x0cjP  \r\n', 'a JPEG 2000 picture'],
      ['P6\n2 2\n255\n', 'a Netpbm picture'],
      [`${'\0'.repeat(128)}DICM`, 'a DICOM file'],
    ]
    for (const [mark, what] of boxes) await refused(Buffer.from(mark, 'latin1')).toThrow(what)
  })

  test('every way of cutting one off', async () => {
    for (let length = 1; length < good.length; length += 7) {
      await refused(good.subarray(0, length)).toMatchObject({ name: 'FileFormatError' })
    }
    await refused(good.subarray(0, good.length - 20)).toThrow(/broken PNG: cut off after \d+ bytes/)
  })

  test.for([
    'jpeg-420',
    'jpeg-420-progressive',
    'webp-lossy',
    'webp-alpha',
    'tiff-RGB-tiff_lzw-differences',
    'bmp-P',
    'gif-colours',
    'gif-animation',
    'webp-animation',
  ])(
    '%s, cut off anywhere, is an error or, where only padding is missing, the same picture',
    async (name) => {
      const whole = pillow(name)
      const { picture } = await reading(whole)
      for (let length = 1; length < whole.length; length += 5) {
        const cut = await reading(whole.subarray(0, length)).catch((error: Error) => error)
        if (cut instanceof Error) expect(cut.name).toBe('FileFormatError')
        else expect(cut.picture).toEqual(picture)
      }
    },
  )

  test.for([
    'jpeg-420-progressive',
    'jpeg-cmyk-adobe',
    'webp-lossy-alpha',
    'tiff-tiles-deflate-differences',
    'tiff-P-tiff_lzw',
    'bmp-565',
    'gif-interlaced-9',
    'gif-animation',
    'webp-animation-alpha',
    'icc-jpeg-p3',
    'icc-png-adobe',
    'icc-tiff-p3',
    'icc-webp-p3',
  ])('%s with a damaged byte is a picture of its size or a typed error', async (name) => {
    const whole = pillow(name)
    for (let at = 0; at < whole.length; at += 11) {
      const bytes = Uint8Array.from(whole)
      bytes[at]! ^= 0xff
      const read = await reading(bytes).catch((error: Error) => error)
      if (read instanceof Error) expect(read).toMatchObject({ name: 'FileFormatError' })
      else
        expect(read.picture.data).toHaveLength(
          read.picture.channels * read.picture.width * read.picture.height,
        )
    }
  })

  test('what no reader of ours knows, by name', async () => {
    const tiff = Uint8Array.from(pillow('tiff-RGB-raw'))
    const tag = Buffer.from(tiff.buffer).indexOf(Buffer.from([0x06, 0x01, 0x03, 0x00])) // photometric
    tiff[tag + 8] = 6
    await refused(tiff).toThrow('a TIFF of photometric interpretation 6 is not read')
    tiff[tag] = 0xff // another tag, so that there is none
    await refused(tiff).toThrow('it does not say what its samples mean')
    const preview = Buffer.from(pillow('tiff-RGB-raw'))
    // The tag of how planes lie, which is 1, in the place of the kind of picture.
    preview.writeUInt16LE(254, preview.indexOf('1c010300', 0, 'hex'))
    await refused(preview).toThrow(
      "a camera's raw file, whose first picture is a preview, is not read; develop it",
    )
    const bmp = Uint8Array.from(pillow('bmp-L'))
    bmp[30] = 1
    await refused(bmp).toThrow('a BMP compressed by RLE8 is not read')
    const arithmetic = Uint8Array.from(goodJpeg)
    arithmetic[Buffer.from(goodJpeg).indexOf('ffc0', 0, 'hex') + 1] = 0xc9
    await refused(arithmetic).toThrow('arithmetic coding is not read')
  })

  test('absurd sizes of every kind, before anything is decoded', async () => {
    const jpeg = Buffer.from(goodJpeg)
    jpeg.writeUInt32BE(0xffffffff, jpeg.indexOf('ffc0', 0, 'hex') + 5)
    await refused(jpeg).toThrow('65535×65535 pixels are too many')
    const webp = Buffer.from(pillow('webp-lossless'))
    webp.writeUInt32LE(0x0fffffff, webp.indexOf('VP8L') + 9)
    await refused(webp).toThrow('16384×16384 pixels are too many')
    const tiff = Buffer.from(pillow('tiff-RGB-raw'))
    tiff.writeUInt32LE(1e9, tiff.indexOf('00010400', 0, 'hex') + 8)
    await refused(tiff).toThrow('1000000000×9 pixels are too many')
    const bmp = Buffer.from(pillow('bmp-RGB'))
    bmp.writeInt32LE(-(2 ** 31), 22)
    await refused(bmp).toThrow('13×2147483648 pixels are too many')
    bmp.writeInt32LE(-40_000, 22)
    await refused(bmp).toThrow('13×40000 pixels are too many; at most 33554432 are read, 32768 a side')
    const many = Buffer.concat([goodJpeg, Buffer.from('ffda'.repeat(600), 'hex')])
    await refused(many).toThrow(/in \d+ scans are too much work/)
  })

  test('EXIF in a text that is no such thing', async () => {
    const whole = pillow('exif-png-1')
    const texts: [string, string][] = [
      ['tEXt', 'Raw profile type exif\0'],
      ['tEXt', 'Raw profile type exif\0\nexif\n 2000000000\n00'],
      ['tEXt', 'Raw profile type exif\0\nexif\n 3\n4949zz'],
      ['tEXt', `Raw profile type exif\0\nexif\n 3${' '.repeat(190_000)}z`],
      ['tEXt', `Raw profile type exif\0${'9'.repeat(20_000_000)}`],
      ['zTXt', 'Raw profile type exif\0\0damaged'],
      ['tEXt', 'Raw profile type icc\0\nicc\n 2\n4949'],
    ]
    const bomb = Buffer.concat([
      Buffer.from('Raw profile type exif\0\0'),
      deflateSync(Buffer.alloc(30_000_000)),
    ])
    const chunks = [
      ...texts.map(([type, text]) => chunk(type, Buffer.from(text, 'latin1'))),
      chunk('zTXt', bomb),
    ]
    for (const part of chunks) {
      const bytes = Buffer.concat([whole.subarray(0, 33), part, whole.subarray(33)])
      expect(await reading(bytes)).toEqual(await reading(whole))
    }
  })

  test('EXIF in a text counts where it is as long as the text says', async () => {
    const plain = encode({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) })
    const png6 = pillow('exif-png-6')
    const at = png6.indexOf('eXIf')
    const exif = png6.subarray(at + 4, at + 4 + png6.readUInt32BE(at - 4))
    const heightSaying = async (length: number) => {
      const text = `Raw profile type exif\0\nexif\n ${length}\n${exif.toString('hex')}\n`
      const part = chunk('tEXt', Buffer.from(text, 'latin1'))
      const { picture } = await reading(Buffer.concat([plain.subarray(0, 33), part, plain.subarray(33)]))
      return picture.height
    }
    expect(await heightSaying(exif.length)).toBe(2)
    for (const length of [0, 1, exif.length - 1, exif.length + 1]) expect(await heightSaying(length)).toBe(1)
  })

  test('a TIFF that ends within its directory: what is missing is not taken for its default', async () => {
    const whole = pillow('tiff-RGB-tiff_lzw-differences')
    const start = whole.readUInt32LE(4)
    const directory = whole.subarray(start, start + 2 + 12 * whole.readUInt16LE(start))
    const moved = Buffer.concat([whole, directory, Buffer.alloc(4)])
    moved.writeUInt32LE(whole.length, 4)
    expect(await reading(moved)).toEqual(await reading(whole))
    await refused(moved.subarray(0, whole.length + directory.length - 12)).toThrow('within its directory')
  })

  test('EXIF that follows the frame header of a JPEG', async () => {
    const bytes = pillow('exif-jpeg-little-6')
    const [from, scan] = [bytes.indexOf('ffe1', 0, 'hex'), bytes.indexOf('ffda', 0, 'hex')]
    const end = from + 2 + bytes.readUInt16BE(from + 2)
    const parts = [
      bytes.subarray(0, from),
      bytes.subarray(end, scan),
      bytes.subarray(from, end),
      bytes.subarray(scan),
    ]
    expect(await reading(Buffer.concat(parts))).toEqual(await reading(bytes))
  })

  test.each([0, 9, 255])('EXIF of orientation %d, which there is not, turns nothing', async (orientation) => {
    const bytes = Buffer.from(pillow('exif-jpeg-little-6'))
    const tag = bytes.indexOf('1201030001000000', 0, 'hex')
    bytes[tag + 8] = 1
    const upright = await reading(bytes)
    bytes[tag + 8] = orientation
    expect(await reading(bytes)).toEqual(upright)
    expect(upright.notes).toEqual([])
  })

  test('EXIF that points anywhere', async () => {
    const upright = (await reading(pillow('exif-png-1'))).picture
    const head = 'II*\0\x08\0\0\0'
    const blocks = [
      '',
      'II',
      'MM\0*\xff\xff\xff\xff',
      head,
      `${head}\xff\xff`,
      `${head}\x01\0\x12\x01`,
      `${head}\x01\0\x12\x01\x03\0\xff\xff\xff\xff\xff\xff\xff\xff`,
      `${head}\x01\0\x12\x01\x02\0\x01\0\0\0\x06\0\0\0`,
    ]
    const plain = pillow('exif-png-1')
    const at = plain.indexOf('eXIf') - 4
    const rest = plain.subarray(at + 12 + plain.readUInt32BE(at))
    for (const block of blocks) {
      const bytes = Buffer.concat([plain.subarray(0, at), chunk('eXIf', Buffer.from(block, 'latin1')), rest])
      expect(await reading(bytes)).toEqual({ picture: upright, notes: [] })
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
    await refused(huge).toThrow('60000×60000 pixels are too many; at most 33554432 are read, 32768 a side')
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

  test('the size that is told before pixels are decoded is that of the upright picture', () => {
    const size = (bytes: Uint8Array) => {
      const { width, height } = openPicture(bytes, 'x')
      return [width, height]
    }
    expect([good, goodJpeg, pillow('exif-jpeg-little-6')].map(size)).toEqual([
      [28, 28],
      [21, 19],
      [4, 7],
    ])
  })

  test('ours are known again', () => {
    expect(isOurPng(good)).toBe(true)
    expect(isOurPng(encode({ width: 1, height: 1, channels: 1, data: Uint8Array.of(3) }))).toBe(false)
    expect(isOurPng(Buffer.from('text'))).toBe(false)
  })
})
