import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import { readIdx, readIdxFile } from './files.ts'
import type { ImageSet } from './images.ts'
import { imagesOfArray } from './images.ts'
import { readFolder } from './picture-files.ts'

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
  const present = readFolder(folder)
  const name = imageFileNames(part).find((candidate) => present.includes(candidate))
  if (name !== undefined) return join(folder, name)
  const [packed, plain, , dotted] = imageFileNames(part)
  throw new FileFormatError(
    folder,
    `no ${part === 'train' ? 'training' : 'test'} images: looked for ${plain} or ${dotted}, with or without .gz, as in ` +
      `${packed} (idx4 for colour); the folder holds ${summary(present)}` +
      `${part === 't10k' ? '; hold some of the training images out (holdOut, --hold-out 5%), or train without any (testSet: false, --no-test-set)' : ''}`,
  )
}

/** Reads a part's images. @throws {FileFormatError} where they are missing, damaged or none. */
export const readImageFile = (folder: string, part: SetPart): ImageFile =>
  readImages(findImageFile(folder, part))

/** Reads a file of images. @throws {FileFormatError} where it is damaged or holds none. */
export function readImages(path: string): ImageFile {
  const { idx, bytes } = readIdxFile(path)
  const images = imagesOfArray(idx, path)
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
  const present = readFolder(folder)
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

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The first names of a list, and how many more there are. */
function summary(names: readonly string[]): string {
  if (names.length === 0) return 'nothing'
  const shown = names.slice(0, 6).map(show)
  return names.length > 6 ? `${shown.join(', ')} and ${names.length - 6} more` : shown.join(', ')
}
