import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { readRange } from '../checkpoint/bytes.ts'
import { fileSource } from '../checkpoint/regular-file.ts'
import type { Range } from './array-file.ts'
import { openArrays } from './array-file.ts'
import type { SetPart } from './idx-folder.ts'
import { imageFileNames, readImageFile, readImages, withLabels } from './idx-folder.ts'
import type { ImageSet, Values } from './images.ts'
import type { PartName } from './part.ts'
import { isPictureName, listPictures, readFolder } from './picture-files.ts'

/** What a record says of one file, or folder, of images. */
export interface FileRecord {
  readonly file: string
  /** SHA-256 of the file as it was on disk; of a folder over the names and contents of its pictures. */
  readonly sha256: string
  readonly images: number
}

/** Images of one part of a set, and what they are. */
export interface Part<I = ImageSet<Values>> {
  readonly images: I
  readonly record: FileRecord
}

/** What a path holds: its parts, of which the test images and those to look at on the way may be missing. */
export interface Source<I = ImageSet<Values>> {
  readonly kind: 'idx' | 'arrays' | 'pictures'
  /** Name of the folder, or of the file. */
  readonly folder: string
  readonly training: Part<I>
  readonly validation?: Part<I> | undefined
  readonly test?: Part<I> | undefined
  /** Values of the file that became −1 and 1, where it does not hold bytes. */
  readonly range?: Range | undefined
}

/** What is wanted of a source. */
export interface SourceOptions {
  /** Whether there have to be labels. */
  readonly labels: boolean
  /** Whether images to evaluate on are read: they have to be there, where they are there, or not at all. */
  readonly test: 'required' | 'optional' | 'none'
  readonly range?: Range | undefined
}

/** Folders of pictures, or one picture. */
export interface FoundPictures {
  readonly kind: 'pictures'
  readonly training: string
  readonly validation?: string
  readonly test?: string
}

/** What a path holds, by its contents. */
export type Found =
  | { readonly kind: 'idx'; readonly path: string }
  | { readonly kind: 'arrays'; readonly path: string }
  | FoundPictures

/** Folders that hold parts of a folder of pictures. */
const partFolders: Readonly<Record<PartName, readonly string[]>> = {
  training: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test'],
}

/**
 * What a path holds: a folder with files in MNIST's form, a file in that form, a file of NumPy or a folder with one, a folder of
 * pictures, or a picture.
 * @throws {FileFormatError} where it is none of them: it says what was looked for.
 */
export function findSource(path: string): Found {
  const seen = statSync(path, { throwIfNoEntry: false })
  if (seen === undefined) throw new FileFormatError(path, 'no such file or folder')
  if (!seen.isDirectory()) return findFile(path)
  const present = readFolder(path)
  const idx = (['train', 't10k'] as const).flatMap(imageFileNames)
  if (present.some((name) => idx.includes(name))) return { kind: 'idx', path }
  const arrays = present.filter((name) => /\.np[yz]$/i.test(name))
  if (listPictures(path).length > 0) return { kind: 'pictures', ...picturesIn(path, present) }
  if (arrays.length === 1) return { kind: 'arrays', path: join(path, arrays[0]!) }
  if (arrays.length > 1)
    throw new FileFormatError(path, `holds several files of arrays, ${arrays.join(', ')}: name one of them`)
  return { kind: 'idx', path } // Whose reader says what it looked for.
}

function picturesIn(path: string, present: readonly string[]) {
  const folderOf = (part: PartName) => {
    const name = partFolders[part].find(
      (each) => present.includes(each) && statSync(join(path, each)).isDirectory(),
    )
    return name === undefined ? undefined : join(path, name)
  }
  const [training, validation, test] = [folderOf('training'), folderOf('validation'), folderOf('test')]
  if (training === undefined) return { training: path }
  return {
    training,
    ...(validation === undefined ? {} : { validation }),
    ...(test === undefined ? {} : { test }),
  }
}

function findFile(path: string): Found {
  const start = readStart(path)
  if (start.startsWith('\x93NUMPY') || start.startsWith('PK')) return { kind: 'arrays', path }
  if (start.startsWith('\x1f\x8b') || start.startsWith('\0\0')) return { kind: 'idx', path }
  if (isPictureName(basename(path))) return { kind: 'pictures', training: path }
  throw new FileFormatError(
    path,
    'is no data set: a folder of pictures, a picture, an IDX file or a folder with them, an npz or an npy file',
  )
}

function readStart(path: string): string {
  const source = fileSource(path)
  return String.fromCharCode(...readRange(source, 0, Math.min(8, source.size)))
}

/** Images in MNIST's form, of a folder or one file. @throws {FileFormatError} */
export function idxSource(path: string, { labels, test }: SourceOptions): Source<ImageSet> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isFile() !== true
  const read = (part: SetPart): Part<ImageSet> => {
    const file = isFolder ? readImageFile(path, part) : readImages(path)
    const { images, name, sha256 } = labels ? withLabels(file, part) : file
    return { images, record: { file: name, sha256, images: images.count } }
  }
  const training = read('train')
  const isThere = () => readFolder(path).some((name) => imageFileNames('t10k').includes(name))
  const tested =
    isFolder && (test === 'required' || (test === 'optional' && isThere())) ? read('t10k') : undefined
  return {
    kind: 'idx',
    folder: basename(resolve(isFolder ? path : dirname(path))),
    training,
    ...(tested === undefined ? {} : { test: tested }),
  }
}

/** Images of a file of NumPy. @throws {FileFormatError} */
export function arraySource(path: string, { labels, test, range }: SourceOptions): Source {
  const file = openArrays(path)
  const options = { labels, ...(range === undefined ? {} : { range }) }
  const name = basename(path)
  let read: Range | undefined
  const part = (which: PartName): Part | undefined => {
    if (which !== 'training' && (test === 'none' || !file.has(which))) return undefined
    const { array, images, range: used } = file.read(which, options)
    if (images.count === 0) throw new FileFormatError(`${path}:${array}`, 'holds no images')
    read = used
    return {
      images,
      record: {
        file: array === 'array' ? name : `${name}:${array}`,
        sha256: file.sha256,
        images: images.count,
      },
    }
  }
  const [training, validation, tested] = [part('training')!, part('validation'), part('test')]
  return {
    kind: 'arrays',
    folder: basename(resolve(dirname(path))),
    training,
    validation: tested === undefined ? undefined : validation,
    test: tested ?? validation,
    range: read,
  }
}
