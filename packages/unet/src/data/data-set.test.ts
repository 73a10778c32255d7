import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { DataOptions, ReadDataOptions } from './data-set.ts'
import { readDataSet } from './data-set.ts'
import { FilePixels } from './file-pixels.ts'
import { idxBytes } from './idx.test.helper.ts'
import type { TestArray } from './npy.test.helper.ts'
import { npyBytes, npzBytes } from './npy.test.helper.ts'
import { openPicture, picture } from './picture.test.helper.ts'
import type { Samples } from './pictures.ts'
import { isPictureSet } from './pictures.ts'

const base = mkdtempSync(join(tmpdir(), 'tweedie-data-set-'))
const set = join(base, 'set')
afterAll(() => rmSync(base, { recursive: true }))
beforeEach(() => rmSync(set, { recursive: true, force: true }))
const put = (name: string, bytes: Uint8Array | string): string => {
  const path = join(set, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

const said: string[] = []
beforeEach(() => said.splice(0))
const read = (options: Partial<DataOptions> = {}, wanted: Partial<ReadDataOptions> = {}) =>
  readDataSet(
    { path: set, ...options },
    { shape: [1, 2, 2], labels: false, openPicture, onMessage: (message) => said.push(message), ...wanted },
  )
const pixelsOf = (images: Samples, from: number, to: number) => Array.from(images.pixels.subarray(from, to))

describe('a folder of pictures', () => {
  const fill = () => {
    put('a.png', picture(1, 2, 3, 10))
    put('B/deep/c.JPG', picture(3, 3, 4, 100))
    put('b.webp', picture(1, 4, 2, 200))
    put('notes.txt', 'text')
    put('.hidden.png', 'nothing')
    put('.git/x.png', 'nothing')
    put('__MACOSX/x.png', 'nothing')
  }

  test('is read with the folders in it, in the order of names, at any sizes', async () => {
    fill()
    const { images, test: tested, record, title } = await read({}, { test: false })
    expect(images).toMatchObject({ count: 3, shape: [1, 2, 2], flip: false, turn: false })
    if (!isPictureSet(images)) throw new Error('no pictures')
    expect(images.pictures).toEqual([
      { height: 3, width: 4, at: 0 },
      { height: 2, width: 3, at: 12 },
      { height: 4, width: 2, at: 18 },
    ])
    expect(pixelsOf(images, 0, 3)).toEqual([100, 101, 102])
    expect(pixelsOf(images, 12, 18)).toEqual([10, 11, 12, 13, 14, 15])
    expect(pixelsOf(images, 24, 26)).toEqual([206, 207])
    expect(tested).toBeUndefined()
    expect(record).toMatchObject({
      folder: 'set',
      shape: [1, 2, 2],
      training: { file: 'set', images: 3 },
      draw: { crop: [2, 2], flip: false, turn: false },
      test: null,
    })
    expect(title).toBe('3 pictures in set, in crops of 2×2')
  })

  test('has the same digest wherever it lies, and another one for other pixels, names of files or sizes', async () => {
    fill()
    const digests = async () => {
      const { record } = await read({}, { test: false })
      return [record.imagesSha256, record.training.sha256]
    }
    const first = await digests()
    expect(await digests()).toEqual(first)
    put('a.png', picture(1, 2, 3, 11))
    const changed = await digests()
    expect(changed[0]).not.toBe(first[0])
    expect(changed[1]).not.toBe(first[1])
    put('a.png', picture(1, 3, 2, 10))
    expect((await digests())[0]).not.toBe(first[0])
    rmSync(join(set, 'a.png'))
    put('a0.png', picture(1, 2, 3, 10))
    const renamed = await digests()
    expect([renamed[0] === first[0], renamed[1] === first[1]]).toEqual([true, false])
  })

  test('in colour has three planes', async () => {
    put('a.png', picture(3, 2, 2, 10))
    put('b.png', picture(1, 2, 2, 20))
    const { images, title } = await read({}, { shape: [3, 2, 2], test: false })
    expect(pixelsOf(images, 0, 12)).toEqual([10, 11, 12, 13, 60, 61, 62, 63, 110, 111, 112, 113])
    expect(pixelsOf(images, 12, 24)).toEqual([20, 21, 22, 23, 20, 21, 22, 23, 20, 21, 22, 23])
    expect(title).toBe('2 pictures with 3 channels in set, in crops of 2×2')
    await expect(read({}, { shape: [4, 2, 2], test: false })).rejects.toThrow(
      'pictures are grey or in colour, 1 or 3 channels; the network takes 4',
    )
  })

  test('is split by a draw: as many as were asked for, none of them trained on, the same each time', async () => {
    for (let i = 0; i < 20; i++) put(`${i}.png`, picture(1, 3, 3, 11 * i))
    for (const [holdOut, count] of [
      [3, 3],
      [0.1, 2],
      [0.001, 1],
    ] as const) {
      const { images, test: tested, record, title, testTitle } = await read({ holdOut })
      expect([images.count, record.splitOff, record.test?.images]).toEqual([20 - count, count, count])
      expect(title).toBe(`20 pictures in set less ${count} held out, in crops of 2×2`)
      expect(testTitle).toBe(`crops of set, of which ${count} were held out`)
      // Crops of pictures of 9 bytes each: the first byte of a crop tells the picture.
      const held = new Set(Array.from(tested!.pixels, (v) => v).map((v) => Math.floor(v / 11)))
      if (!isPictureSet(images)) throw new Error('no pictures')
      const trained = images.pictures.map(({ at }) => Math.floor(pixelsOf(images, at, at + 1)[0]! / 11))
      expect(trained.filter((i) => held.has(i))).toEqual([])
      expect((await read({ holdOut })).record).toEqual(record)
    }
    await expect(read({ holdOut: 20 })).rejects.toThrow('20 images to hold out of 20 leave none to train on')
    for (const holdOut of [0, -1, 2.5, Number.NaN])
      await expect(read({ holdOut })).rejects.toBeInstanceOf(OptionError)
    await expect(read()).rejects.toThrow(/no test images: hold some .* out \(holdOut, --hold-out 5%\)/)
  })

  test('with folders for its parts is read by parts', async () => {
    for (const part of ['train', 'val', 'test'])
      for (let i = 0; i < 2; i++) put(`${part}/${i}.png`, picture(1, 3, 3, 20 * i + part.length))
    const { images, validation, test: tested, record, title } = await read()
    expect([images.count, validation?.shape, tested?.shape]).toEqual([2, [1, 2, 2], [1, 2, 2]])
    expect(record).toMatchObject({
      training: { file: 'set/train', images: 2 },
      validation: { file: 'set/val', images: 2 },
      test: { file: 'set/test', images: 2 },
    })
    expect(title).toBe('2 pictures in set/train, in crops of 2×2')
    rmSync(join(set, 'test'), { recursive: true })
    expect((await read()).record).toMatchObject({ test: { file: 'set/val' } })
    expect((await read({}, { test: false })).record.test).toBeNull()
  })

  test('counts what is among the pictures to evaluate on as well, and leaves it out where that is asked for', async () => {
    for (const name of ['train/1', 'train/2', 'test/2', 'test/3'])
      put(`${name}.png`, picture(1, 3, 3, 50 * Number(name.at(-1))))
    const kept = await read()
    expect([kept.images.count, kept.record.duplicates, kept.record.dropped]).toEqual([2, 1, undefined])
    expect(kept.notes).toEqual([expect.stringMatching(/^1 of 2 training images are, pixel for pixel, among/)])
    const { images, record, title, notes } = await read({ dropDuplicates: true })
    expect([images.count, record.duplicates, record.dropped, notes]).toEqual([1, undefined, 1, []])
    expect(title).toBe('2 pictures in set/train less 1 that are among those to evaluate on, in crops of 2×2')
    rmSync(join(set, 'train/1.png'))
    await expect(read({ dropDuplicates: true })).rejects.toThrow(
      'no training image is left: all 1 are among those to evaluate on',
    )
  })

  test('has copies of what is held out left out of the training', async () => {
    for (let i = 0; i < 10; i++) put(`${i}.png`, picture(1, 3, 3, 50 * (i % 5)))
    const { images, record } = await read({ holdOut: 1 })
    expect([images.count, record.splitOff, record.dropped]).toEqual([8, 1, 1])
  })

  test('has its folders for classes, where they are asked for', async () => {
    for (const name of ['dog/1', 'cat/2', 'cat/x/3', 'dog/4'])
      put(`${name}.png`, picture(1, 3, 3, 50 * Number(name.at(-1))))
    const { images, record } = await read({ holdOut: 1 }, { labels: true })
    expect(record.classes).toEqual(['cat', 'dog'])
    expect(Array.from(images.labels ?? [])).toHaveLength(3)
    put('5.png', picture(1, 3, 3, 5))
    await expect(read({ holdOut: 1 }, { labels: true })).rejects.toThrow(
      'the names of the folders that pictures lie in; 5.png lies in none',
    )
    expect((await read({ holdOut: 1 })).record.classes).toBeUndefined()
  })

  test('resized, at the shorter side; turned and mirrored crops', async () => {
    put('a.png', picture(1, 8, 12, 0))
    put('b.png', picture(1, 3, 1, 0))
    const { images, record, title } = await read(
      { resize: 4, crop: [4, 3], flip: true, turn: true },
      { test: false },
    )
    if (!isPictureSet(images)) throw new Error('no pictures')
    expect(images.pictures.map(({ height, width }) => [height, width])).toEqual([
      [4, 6],
      [12, 4],
    ])
    expect(record).toMatchObject({
      shape: [1, 4, 3],
      resize: 4,
      draw: { crop: [4, 3], flip: true, turn: true },
    })
    expect(title).toBe('2 pictures in set, resized to 4, in crops of 4×3, mirrored, turned')
    for (const wrong of [
      { resize: 0 },
      { resize: 2.5 },
      { crop: [0, 3] as const },
      { crop: [3, 1e9] as const },
    ])
      await expect(read(wrong, { test: false })).rejects.toBeInstanceOf(OptionError)
  })

  test('with pictures that cannot be used is refused: the first few are named, all are counted', async () => {
    fill()
    put('bad/1.png', 'no picture')
    put('bad/2.png', picture(1, 3, 3, 0, 'damaged'))
    put('bad/3.png', picture(1, 3, 3, 0, 'lies'))
    put('bad/4.png', picture(1, 1, 9))
    for (let i = 5; i < 9; i++) put(`bad/${i}.gif`, 'GIF')
    const error: Error = await read({}, { test: false }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(FileFormatError)
    expect(error.message).toContain('8 of 11 pictures cannot be used')
    expect(error.message).toContain(
      'bad/1.png: broken PIC: no mark; bad/4.png: is 1×9, smaller than a crop of 2×2',
    )
    expect(error.message).toMatch(/and 3 more$/)
    const { images, record } = await read({ skipBroken: true }, { test: false })
    expect([images.count, record.skipped?.count]).toEqual([3, 8])
    expect(record.skipped?.first).toEqual(
      expect.arrayContaining([
        'bad/2.png: broken PIC: the pixels end',
        expect.stringMatching(/^bad\/3\.png: is 3×3, not the 4×3 of its header$/),
      ]),
    )
    expect(said.join()).toContain('left out 8 pictures that cannot be used: bad/1.png')
    for (const name of ['a.png', 'b.webp', 'B/deep/c.JPG']) rmSync(join(set, name))
    await expect(read({ skipBroken: true }, { test: false })).rejects.toThrow('none of its pictures is left')
  })

  test('beyond the memory lies in a file, which goes at the end; the samples are the same', async () => {
    for (let i = 0; i < 5; i++) put(`${i}.png`, picture(1, 3 + i, 4, 31 * i))
    const whole = await read({}, { test: false })
    const scratch = (part: number) => join(base, `scratch${part}`)
    const filed = await read({ memory: 30 }, { test: false, scratch })
    expect(filed.images.pixels).toBeInstanceOf(FilePixels)
    expect(filed.record).toEqual(whole.record)
    expect(readdirSync(base)).toContain('scratch0')
    filed.close()
    expect(readdirSync(base)).not.toContain('scratch0')
    // Without a place for the file, all are checked and those that fit are kept.
    const some = await read({ memory: 30 }, { test: false })
    expect(some.images.count).toBe(2)
    expect(said.join()).toContain('3 pictures were read but not kept, for want of memory')
  })

  test('can be left between two pictures', async () => {
    fill()
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(read({}, { test: false, signal: stop })).rejects.toThrow('enough')
  })

  test('with a link to a folder above is read once', async () => {
    fill()
    symlinkSync(set, join(set, 'B', 'up'))
    expect((await read({}, { test: false })).images.count).toBe(3)
  })

  test('of one picture, named itself', async () => {
    const path = put('only.png', picture(1, 5, 5))
    const { images, title } = await read({ path }, { test: false })
    expect([images.count, title]).toEqual([1, '1 picture in only.png, in crops of 2×2'])
  })
})

describe('a file of NumPy', () => {
  const bytes = (count: number, first: number, ...shape: number[]): TestArray => ({
    shape: [count, ...shape],
    data: Uint8Array.from({ length: count * shape.reduce((a, b) => a * b) }, (_, i) => (first + i) % 256),
  })

  test('in the form of MedMNIST: training, validation and test images', async () => {
    const path = put(
      'x.npz',
      npzBytes({
        train_images: bytes(5, 0, 2, 2),
        val_images: bytes(3, 100, 2, 2),
        test_images: bytes(4, 200, 2, 2),
        train_labels: bytes(5, 0, 1),
      }),
    )
    for (const at of [path, set]) {
      const { images, validation, test: tested, record, title, testTitle } = await read({ path: at })
      expect([images.count, validation?.count, tested?.count]).toEqual([5, 3, 4])
      expect([pixelsOf(images, 0, 3), tested?.pixels[0]]).toEqual([[0, 1, 2], 200])
      expect(images.labels).toBeUndefined()
      expect(record).toMatchObject({ test: { file: 'x.npz:test_images', images: 4 } })
      expect(title).toBe('5 images of 2×2 in set/x.npz:train_images')
      expect(testTitle).toBe('x.npz:test_images')
    }
    await expect(read({ path }, { labels: true })).rejects.toThrow('no labels, which the model has use for')
    const labelled = await read({ path }, { labels: true, test: false })
    expect(Array.from(labelled.images.labels ?? [])).toEqual([0, 1, 2, 3, 4])
  })

  test.each<[string, TestArray, readonly number[]]>([
    ['[N, H, W]', bytes(3, 0, 4, 5), [1, 4, 5]],
    ['[N, H, W, 3]', bytes(3, 0, 4, 5, 3), [3, 4, 5]],
    ['[N, H, W, 1]', bytes(3, 0, 4, 5, 1), [1, 4, 5]],
    ['[N, 3, H, W]', bytes(3, 0, 3, 4, 5), [3, 4, 5]],
    ['[N, 2, H, W]', bytes(3, 0, 2, 4, 5), [2, 4, 5]],
  ])('of %s', async (_, array, shape) => {
    const path = put('x.npy', npyBytes(array))
    const { images, title } = await read({ path }, { test: false })
    expect(images).toMatchObject({ count: 3, shape })
    expect(title).toContain(
      `3 images of 4×5${shape[0] === 1 ? '' : ` with ${shape[0]} channels`} in set/x.npy`,
    )
  })

  test.each<[string, TestArray['data'], readonly number[] | undefined, number[]]>([
    ['16 bits', Uint16Array.of(0, 65535, 32768, 13107), undefined, [-1, 1, 1 / 65535, -0.6]],
    ['floats in [0, 1]', Float32Array.of(0, 1, 0.5, 0.25), undefined, [-1, 1, 0, -0.5]],
    ['floats in [−1, 1]', Float64Array.of(-0.5, 1, 0.5, 0), undefined, [-0.5, 1, 0.5, 0]],
    ['integers with a range', Int32Array.of(0, 4095, 1365, 2730), [0, 4095], [-1, 1, -1 / 3, 1 / 3]],
    ['bytes with a range', Uint8Array.of(0, 100, 50, 25), [0, 100], [-1, 1, 0, -0.5]],
  ])('of %s', async (_, data, range, expected) => {
    const path = put('x.npy', npyBytes({ shape: [1, 2, 2], data }))
    const { images, record } = await read(
      { path, ...(range === undefined ? {} : { range: range as [number, number] }) },
      { test: false },
    )
    expect(images.pixels).toBeInstanceOf(Float32Array)
    pixelsOf(images, 0, 4).forEach((value, i) => void expect(value).toBeCloseTo(expected[i]!, 5))
    expect(record.range).toHaveLength(2)
  })

  test.each<[string, TestArray['data'], string]>([
    [
      'integers',
      Int32Array.of(0, 255, 7, 9),
      'x.npy:array: holds I32 from 0 to 255: say which values are black',
    ],
    [
      'floats beyond 1',
      Float32Array.of(0, 255, 7, 9),
      'holds F32 from 0 to 255: say which values are black and white (range, --range 0..255)',
    ],
    ['NaN', Float32Array.of(0, Number.NaN, 7, 9), 'holds NaN'],
  ])('of %s is refused', async (_, data, message) => {
    const path = put('x.npy', npyBytes({ shape: [1, 2, 2], data }))
    await expect(read({ path }, { test: false })).rejects.toThrow(message)
  })

  test('with values outside of the range, or a range upside down, is refused', async () => {
    const path = put('x.npy', npyBytes({ shape: [1, 2, 2], data: Uint8Array.of(0, 1, 2, 3) }))
    await expect(read({ path, range: [0, 2] }, { test: false })).rejects.toThrow('holds 3, which is outside')
    await expect(read({ path, range: [2, 0] }, { test: false })).rejects.toThrow('black below white')
  })

  test('with labels that are none is refused, where they matter', async () => {
    const images = bytes(3, 0, 2, 2)
    const path = () => join(set, 'x.npz')
    for (const [labels, message] of [
      [bytes(2, 0, 1), '3 images have one label each, [3] or [3, 1]'],
      [bytes(3, 0, 14), 'holds [3, 14]'],
      [{ shape: [3], data: Float32Array.of(0, 0.5, 1) }, 'holds 0.5 at 1, no class number'],
      [{ shape: [3], data: Int32Array.of(0, -1, 1) }, 'holds -1 at 1'],
    ] as const) {
      put('x.npz', npzBytes({ images, labels }))
      await expect(read({ path: path() }, { test: false, labels: true })).rejects.toThrow(message)
      expect((await read({ path: path() }, { test: false })).images.count).toBe(3)
    }
    put('x.npz', npzBytes({ x_train: images, y_train: { shape: [3], data: Int32Array.of(0, 999, 1) } }))
    const { images: read999 } = await read({ path: path() }, { test: false, labels: true })
    expect(Array.from(read999.labels ?? [])).toEqual([0, 999, 1])
  })

  test('without images says what was looked for and what there is', async () => {
    const path = put('x.npz', npzBytes({ foo: bytes(3, 0, 2, 2), bar: bytes(3, 0, 2) }))
    await expect(read({ path }, { test: false })).rejects.toThrow(
      "holds no training images: looked for train_images, or x_train, images, x, array; there are 'foo' [3, 2, 2], 'bar' [3, 2]",
    )
    const flat = put('flat.npy', npyBytes(bytes(3, 0, 64)))
    await expect(read({ path: flat }, { test: false })).rejects.toThrow(
      'flat.npy:array: holds [3, 64]; images are [N, H, W], [N, C, H, W] or [N, H, W, C]',
    )
    await expect(read({ path: set })).rejects.toThrow('several files of arrays, flat.npy, x.npz: name one')
  })
})

describe('other paths', () => {
  test('one IDX file, and a folder of them with some held out', async () => {
    const path = put('train-images-idx3-ubyte.gz', gzipSync(idxBytes([10, 4, 4])))
    const one = await read({ path }, { test: false })
    expect([one.images.count, one.title]).toEqual([10, '10 images of 4×4 in set/train-images-idx3-ubyte.gz'])
    await expect(read({ path })).rejects.toThrow('no test images')
    const split = await read({ holdOut: 3 })
    expect([split.images.count, split.test?.count, split.validation]).toEqual([7, 3, undefined])
    put('t10k-images-idx3-ubyte', idxBytes([4, 4, 4], 2))
    const three = await read({ holdOut: 3 })
    expect([three.images.count, three.validation?.count, three.test?.count]).toEqual([7, 3, 4])
    const cropped = await read({ crop: [2, 3] })
    expect(cropped.images).toMatchObject({ shape: [1, 2, 3], count: 10 })
    expect(cropped.title).toMatch(/, in crops of 2×3$/)
    expect(cropped.test?.shape).toEqual([1, 2, 3])
    const resized = await read({ resize: 2 })
    expect([resized.images.shape, resized.test?.shape, resized.record.resize]).toEqual([
      [1, 2, 2],
      [1, 2, 2],
      2,
    ])
  })

  test('what is none of these says so', async () => {
    const path = put('x.txt', 'hello, world')
    await expect(read({ path })).rejects.toThrow(`${basename(path)}: is no data set`)
    await expect(read({ path: join(set, 'none') })).rejects.toThrow('no such file or folder')
    await expect(read()).rejects.toThrow('no training images: looked for train-images-idx3-ubyte')
  })
})
