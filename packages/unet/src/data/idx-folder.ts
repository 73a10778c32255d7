import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import { readIdx, readIdxFile } from './files.ts'
import type { ImageSet, Samples } from './images.ts'
import { imagesOfIdx } from './images.ts'

/** One file of images, and what it was when it was read. */
export interface ImageFile {
  readonly path: string
  /** Name within its folder. */
  readonly name: string
  /** SHA-256 of the file as it is on disk, packed or not; hexadecimal. */
  readonly sha256: string
  readonly images: ImageSet
}

/** The two parts of a set in MNIST's form. */
export type SetPart = 'train' | 't10k'

/** The names under which a part's images are looked for, in this order: rank 3 is grey, rank 4 has channels. */
export const imageFileNames = (part: SetPart): readonly string[] =>
  ['-images-idx3', '-images.idx3', '-images-idx4', '-images.idx4'].flatMap((middle) =>
    ['.gz', ''].map((end) => `${part}${middle}-ubyte${end}`),
  )

/**
 * Path of a part's images in a folder.
 * @throws {FileFormatError} where there are none: it says what was looked for and what the folder holds.
 */
export function findImageFile(folder: string, part: SetPart): string {
  const present = listFolder(folder)
  const name = imageFileNames(part).find((candidate) => present.includes(candidate))
  if (name !== undefined) return join(folder, name)
  const [packed, plain, , dotted] = imageFileNames(part)
  const pictures = present.some((entry) => /\.(png|jpe?g|webp|tiff?|bmp|gif)$/i.test(entry))
  throw new FileFormatError(
    folder,
    `no ${part === 'train' ? 'training' : 'test'} images: looked for ${plain} or ${dotted}, with or without .gz, as in ` +
      `${packed} (idx4 for colour); the folder holds ${summary(present)}` +
      `${part === 't10k' ? '; to train without any, say so (testSet: false, --no-test-set)' : ''}` +
      `${pictures ? '. Folders of pictures are not read: put the pictures into an IDX file' : ''}`,
  )
}

/** Reads a part's images. @throws {FileFormatError} where they are missing, damaged or none. */
export function readImageFile(folder: string, part: SetPart): ImageFile {
  const path = findImageFile(folder, part)
  const { idx, bytes } = readIdxFile(path)
  const images = imagesOfIdx(idx, path)
  if (images.count === 0) throw new FileFormatError(path, 'holds no images')
  return { path, name: basename(path), sha256: sha256(bytes), images }
}

/**
 * The images of a file with their labels, from `train-labels-idx1-ubyte` or `t10k-…` beside it, packed or not.
 * @throws {FileFormatError} where there are none, or not one for each image.
 */
export function withLabels({ path, images, ...rest }: ImageFile, part: SetPart): ImageFile {
  const folder = dirname(path)
  const names = ['-labels-idx1', '-labels.idx1'].flatMap((middle) =>
    ['.gz', ''].map((end) => `${part}${middle}-ubyte${end}`),
  )
  const present = listFolder(folder)
  const name = names.find((candidate) => present.includes(candidate))
  if (name === undefined)
    throw new FileFormatError(
      folder,
      `no labels, which the model has use for: looked for ${names.join(', ')}; the folder holds ${summary(present)}`,
    )
  const { shape, values } = readIdx(join(folder, name))
  if (shape.length !== 1 || shape[0] !== images.count)
    throw new FileFormatError(
      join(folder, name),
      `holds [${shape.join(', ')}], ${rest.name} has ${images.count} images`,
    )
  return { ...rest, path, images: { ...images, labels: values } }
}

/**
 * SHA-256 of an image set: its shape, then its pixels, then its labels where it has some; hexadecimal. The same for every
 * packing of the same images.
 */
export const imagesSha256 = ({ shape, pixels, labels = new Uint8Array() }: Samples): string =>
  createHash('sha256').update(shape.join()).update(pixels).update(labels).digest('hex')

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    throw new FileFormatError(folder, `cannot be read as a folder: ${(error as Error).message}`)
  }
}

/** The first names of a list, and how many more there are. */
function summary(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const shown = names.slice(0, 6).map(show)
  return names.length > 6 ? `${shown.join(', ')} and ${names.length - 6} more` : shown.join(', ')
}
