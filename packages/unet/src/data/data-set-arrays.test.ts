import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { dataFolder } from './data-folder.test.helper.ts'
import { idxBytes } from './idx.test.helper.ts'
import type { TestArray } from './npy.test.helper.ts'
import { npyBytes, npzBytes } from './npy.test.helper.ts'

const { set, put, read, pixelsOf } = dataFolder()

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
