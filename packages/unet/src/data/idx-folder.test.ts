import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { imagesSha256 } from './digest.ts'
import { idxBytes } from './idx.test.helper.ts'
import { imageFileNames, readImageFile } from './idx-folder.ts'
import { imagesOfArray } from './images.ts'

const folder = mkdtempSync(join(tmpdir(), 'tweedie-idx-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
})
const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, name), bytes)
const refusal = (part: 'train' | 't10k' = 'train'): string => {
  try {
    readImageFile(folder, part)
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError)
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

describe('the images of a folder', () => {
  test.each(['train', 't10k'] as const)('are found under every usual name of %s', (part) => {
    for (const name of imageFileNames(part)) {
      const bytes = idxBytes([3, 2, 5])
      put(name, name.endsWith('.gz') ? gzipSync(bytes) : bytes)
      const file = readImageFile(folder, part)
      expect(file).toMatchObject({ name, path: join(folder, name) })
      expect(readImageFile(`./${relative('.', folder)}/`, part).name).toBe(name)
      expect(file.images).toMatchObject({ count: 3, shape: [1, 2, 5] })
      rmSync(join(folder, name))
    }
  })

  test('have one SHA-256, however they are packed, and the file has its own', () => {
    put('train-images-idx3-ubyte', idxBytes([3, 2, 5]))
    put('t10k-images-idx3-ubyte.gz', gzipSync(idxBytes([3, 2, 5])))
    const [plain, packed] = [readImageFile(folder, 'train'), readImageFile(folder, 't10k')]
    expect(imagesSha256(plain.images)).toBe(imagesSha256(packed.images))
    expect(plain.sha256).not.toBe(packed.sha256)
    // The same pixels as images of another shape are other images.
    expect(imagesSha256({ ...plain.images, shape: [1, 5, 2] })).not.toBe(imagesSha256(plain.images))
  })

  test('that are not there: what was looked for, and what is', () => {
    put('labels.txt', new Uint8Array(1))
    expect(refusal()).toBe(
      `${folder}: no training images: looked for train-images-idx3-ubyte or train-images.idx3-ubyte, with or without .gz, ` +
        "as in train-images-idx3-ubyte.gz (idx4 for colour); the folder holds 'labels.txt'",
    )
    for (let i = 0; i < 9; i++) put(`${i}\u001b[31m.png`, new Uint8Array(1))
    expect(refusal('t10k')).toContain('no test images: looked for t10k-images-idx3-ubyte or')
    expect(refusal()).toMatch(/and 4 more$/)
    expect(refusal()).not.toContain('\u001b')
    rmSync(folder, { recursive: true })
    expect(refusal()).toContain('cannot be read as a folder')
    mkdirSync(folder)
    expect(refusal()).toContain('the folder holds nothing')
  })

  const good = idxBytes([3, 2, 5])
  const cases: readonly [string, Uint8Array, string][] = [
    ['an empty file', new Uint8Array(0), 'truncated: 0 bytes'],
    ['a cut file', good.subarray(0, 30), '[3, 2, 5] needs 30 bytes of data, the file has 14'],
    ['a file with a byte too many', Buffer.concat([good, Uint8Array.of(0)]), 'the file has 31'],
    ['a cut packed file', gzipSync(good).subarray(0, -6), 'cannot be unpacked'],
    [
      'a packed file with a wrong checksum',
      gzipSync(good).map((byte, i, all) => (i === all.length - 8 ? byte ^ 1 : byte)),
      'cannot be unpacked',
    ],
    ['a packed file of nothing', gzipSync(new Uint8Array(0)), 'truncated: 0 bytes'],
    ['a packed text', gzipSync(Buffer.from('hello, world')), 'not an IDX file'],
    ['no image', idxBytes([0, 28, 28]), 'holds no images'],
    ['images without rows', idxBytes([3, 0, 5]), 'holds [3, 0, 5]; images are'],
    ['labels', idxBytes([3]), 'holds [3]; images are [N, H, W], [N, C, H, W] or [N, H, W, C]'],
    ['five axes', idxBytes([1, 1, 1, 2, 2]), 'holds [1, 1, 1, 2, 2]; images are'],
    ['floats', good.map((byte, i) => (i === 2 ? 0x0d : byte)), 'holds type 0xd'],
    [
      'more than it says',
      gzipSync(Buffer.concat([good, new Uint8Array(1e7)])),
      'unpacks to more than its header says',
    ],
    [
      '2 GiB and more',
      gzipSync(idxBytes([70_000, 256, 256], new Uint8Array(9))),
      'at most 2147483647 are read',
    ],
  ]
  test.each(cases)('that are %s are refused', (_, bytes, message) => {
    put('train-images-idx3-ubyte', bytes)
    expect(refusal()).toContain(join(folder, 'train-images-idx3-ubyte'))
    expect(refusal()).toContain(message)
  })

  test('that are a folder are refused', () => {
    mkdirSync(join(folder, 'train-images-idx3-ubyte'))
    expect(refusal()).toMatch(/train-images-idx3-ubyte: is no regular file$/)
  })
})

describe('axes of an IDX array', () => {
  const values = Uint8Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i)
  const read = (shape: number[]) =>
    imagesOfArray(
      {
        shape,
        values: values.subarray(
          0,
          shape.reduce((a, b) => a * b),
        ),
      },
      'file',
    )

  test('channels come before the pixels, or after them', () => {
    expect(read([2, 3, 4, 5])).toEqual({ shape: [3, 4, 5], count: 2, pixels: values })
    const last = read([2, 4, 5, 3])
    expect(last).toMatchObject({ shape: [3, 4, 5], count: 2 })
    // Value of image n, channel c, pixel i: the one at (n, i, c) of the file.
    for (const [n, c, i] of [
      [0, 0, 0],
      [0, 2, 7],
      [1, 1, 19],
    ] as const) {
      expect(last.pixels[n * 60 + c * 20 + i]).toBe(values[n * 60 + i * 3 + c])
    }
  })

  test('one channel is grey, wherever its axis is; any other number comes first', () => {
    expect(read([2, 1, 4, 5]).shape).toEqual([1, 4, 5])
    expect(read([2, 4, 5, 1])).toMatchObject({ shape: [1, 4, 5], pixels: values.subarray(0, 40) })
    expect(read([2, 4, 3, 5]).shape).toEqual([4, 3, 5])
    expect(read([2, 3, 4, 3]).shape).toEqual([3, 4, 3])
  })
})
