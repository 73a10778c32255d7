import { createHash } from 'node:crypto'
import { FileFormatError } from '@tweedie/tensor'
import { readRegularFile } from '../checkpoint/regular-file.ts'
import type { OpenPicture, PictureFile } from './picture-files.ts'
import { classesOfFolders, listPictures } from './picture-files.ts'
import { pictureStore } from './picture-store.ts'
import type { PicturePlace, Pixels } from './pictures.ts'
import { holdsCrop } from './pictures.ts'
import { resizedTo, resizePlanes } from './resize.ts'
import { toBytes } from './resize-images.ts'

/** What is wanted of the pictures of a folder. */
export interface PictureOptions {
  /** [C, H, W] of the crops; C is 1 or 3. */
  readonly crop: readonly [number, number, number]
  readonly turn: boolean
  /** Whether the folders that pictures lie in are their classes. */
  readonly labels: boolean
  /** The classes there are; default: those that the folders tell. */
  readonly classes?: readonly string[] | undefined
  /** The shorter side of each picture is resized to this. */
  readonly resize?: number | undefined
  /** Leaves out pictures that cannot be read or are smaller than a crop, instead of refusing the folder. */
  readonly skipBroken?: boolean | undefined
  readonly open: OpenPicture
  /** Bytes of decoded pictures in memory. */
  readonly memory: number
  /** Path of a file for what is beyond that. */
  readonly scratch?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, all: number) => void) | undefined
}

/** The pictures of a folder, decoded. */
export interface FolderPictures {
  readonly count: number
  readonly pixels: Pixels
  readonly pictures: readonly PicturePlace[]
  readonly labels?: Int32Array
  readonly classes?: readonly string[]
  /** The names of the pictures, in order. */
  readonly names: readonly string[]
  /** SHA-256 over the names and contents of their files, hexadecimal. */
  readonly sha256: string
  /** Pictures left out, and why. */
  readonly skipped: readonly string[]
  /** What a user should know of how they were read, and of how many it is true. */
  readonly notes: ReadonlyMap<string, number>
  /** Pictures that were read and checked, but found no place in memory. */
  readonly unkept: number
  close(): void
}

/** Bytes of the largest picture file; the reader may want less. */
const mostBytes = 2 ** 28

/** A picture whose header was read, and its size when it is resized. */
interface Seen {
  readonly file: PictureFile
  readonly size: readonly [height: number, width: number]
}

/** Lets signals through. */
async function breath(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0))
  signal?.throwIfAborted()
}

/**
 * Decodes the pictures of a folder, and of the folders in it, to bytes.
 * @throws {FileFormatError} where there are none, or one cannot be read or is too small, unless `skipBroken`: the message names
 *   the first few and says how many they are.
 * @throws the signal's reason, between two pictures.
 */
export async function readPictures(folder: string, options: PictureOptions): Promise<FolderPictures> {
  const files = listPictures(folder)
  if (files.length === 0) throw new FileFormatError(folder, 'holds no pictures')
  const { crop, turn, resize, memory, scratch, signal, onProgress } = options
  const broken: string[] = []
  const seen: Seen[] = []
  for (const [i, file] of files.entries()) {
    if (i % 16 === 0) await breath(signal)
    attempt(broken, file, () => {
      const { height, width } = options.open(readFile(file), file.path)
      const size = resizedTo(height, width, resize)
      if (!holdsCrop({ height: size[0], width: size[1] }, crop, turn))
        throw new FileFormatError(file.path, tooSmall(height, width, options))
      seen.push({ file, size })
    })
  }
  const total = seen.reduce((sum, { size }) => sum + bytesOf(crop[0], size), 0)
  const store = pictureStore(total, memory, scratch)
  try {
    const hash = createHash('sha256')
    const kept: { file: PictureFile; place: PicturePlace }[] = []
    const notes = new Map<string, number>()
    let unkept = 0
    let at = 0
    for (const [i, one] of seen.entries()) {
      await breath(signal)
      attempt(broken, one.file, () => {
        const contents = readFile(one.file)
        const { bytes, notes: told } = decoded(one, contents, options)
        for (const note of told) notes.set(note, (notes.get(note) ?? 0) + 1)
        hash.update(JSON.stringify(one.file.name)).update(createHash('sha256').update(contents).digest())
        const end = at + bytes.length
        if (!store.holds(end)) {
          unkept++
          return
        }
        store.put(at, bytes)
        kept.push({ file: one.file, place: { height: one.size[0], width: one.size[1], at } })
        at = end
      })
      onProgress?.(i + 1, seen.length)
    }
    if (broken.length > 0 && options.skipBroken !== true)
      throw new FileFormatError(folder, unusable(broken, files.length))
    if (kept.length === 0) throw new FileFormatError(folder, `none of its pictures is left: ${broken[0]}`)
    const names = kept.map(({ file }) => file)
    return {
      count: kept.length,
      pixels: store.pixels(),
      pictures: kept.map(({ place }) => place),
      names: names.map(({ name }) => name),
      sha256: hash.digest('hex'),
      skipped: broken,
      notes,
      unkept,
      ...(options.labels ? classesOfFolders(folder, names, options.classes) : {}),
      close: store.close,
    }
  } catch (error) {
    store.close()
    throw error
  }
}

/** Keeps what was wrong with a picture. */
function attempt(broken: string[], { name, path }: PictureFile, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof FileFormatError)) throw error
    broken.push(`${name}: ${error.message.replace(`${path}: `, '')}`)
  }
}

const readFile = ({ path }: PictureFile) => readRegularFile(path, mostBytes)

const bytesOf = (channels: number, [height, width]: readonly [number, number]) => channels * height * width

/** A picture as bytes [C, H, W] of the size that was wanted, and what is to be known of it. */
function decoded(
  { file, size }: Seen,
  contents: Uint8Array,
  options: PictureOptions,
): { bytes: Uint8Array; notes: readonly string[] } {
  const channels = options.crop[0] === 1 ? 1 : 3
  const { height, width, data, notes = [] } = options.open(contents, file.path).decode(channels)
  const [h, w] = resizedTo(height, width, options.resize)
  if (h !== size[0] || w !== size[1])
    throw new FileFormatError(file.path, `is ${height}×${width}, not the ${size[0]}×${size[1]} of its header`)
  return { bytes: toBytes(resizePlanes(data, [channels, height, width], size)), notes }
}

function tooSmall(height: number, width: number, { crop, turn, resize }: PictureOptions): string {
  const resized = resize === undefined ? '' : `, also when its shorter side is ${resize}`
  return `is ${height}×${width}, smaller than a crop of ${crop[1]}×${crop[2]}${turn ? ', turned or not' : ''}${resized}`
}

/** The first few pictures that cannot be used, and how many there are. */
function unusable(broken: readonly string[], all: number): string {
  const more = broken.length > 5 ? `; and ${broken.length - 5} more` : ''
  return `${broken.length} of ${all} pictures cannot be used (leave them out with skipBroken, --skip-broken): ${broken.slice(0, 5).join('; ')}${more}`
}
