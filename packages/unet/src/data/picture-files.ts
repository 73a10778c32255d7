import { readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'

/** A picture as planes of values in [0, 1]. */
export interface Planes {
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
  /** Row-major, [channels, height, width]. */
  readonly data: Float32Array
  /** What a user should know of how it was read. */
  readonly notes?: readonly string[]
}

/** A picture file of which the header was looked at. */
export interface OpenedPicture {
  readonly height: number
  readonly width: number
  /** Its pixels, grey or in colour as asked for. @throws {FileFormatError} where they are damaged. */
  decode(channels: 1 | 3): Planes
}

/**
 * Reads the header of a picture file. This package has no codec: who trains on pictures brings one.
 * @throws {FileFormatError} where it is no picture, or of a kind that is not read.
 */
export type OpenPicture = (bytes: Uint8Array, file: string) => OpenedPicture

/** A picture file of a folder: where it lies, and its path within the folder, with `/` between the names. */
export interface PictureFile {
  readonly path: string
  readonly name: string
}

/** Files that are taken for pictures; whether they can be read is for the reader to say. */
const pictures = /\.(png|jpe?g|jfif|webp|tiff?|bmp|gif|avif|hei[cf]|jp2|jxl)$/i

export const isPictureName = (name: string): boolean => pictures.test(name) && !name.startsWith('.')

/** Folders within folders, at most. */
const deepest = 32

/** All pictures of a folder and of the folders in it, by name, or the one that is named. Hidden ones are left alone. */
export function listPictures(folder: string): PictureFile[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() === true)
    return [{ path: folder, name: basename(folder) }]
  const files: PictureFile[] = []
  const walk = (path: string, name: string, above: readonly string[]) => {
    const real = realpathSync(path)
    // A link to a folder above would go on for ever.
    if (above.includes(real) || above.length > deepest) return
    for (const entry of readFolder(path)) {
      if (entry.startsWith('.') || entry === '__MACOSX') continue
      const [inner, inName] = [join(path, entry), name === '' ? entry : `${name}/${entry}`]
      const seen = statSync(inner, { throwIfNoEntry: false })
      if (seen?.isDirectory() === true) walk(inner, inName, [...above, real])
      else if (isPictureName(entry)) files.push({ path: inner, name: inName })
    }
  }
  walk(folder, '', [])
  return files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The names in a folder, sorted. @throws {FileFormatError} where it is none. */
export function readFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    throw new FileFormatError(folder, `cannot be read as a folder: ${(error as Error).message}`)
  }
}

/**
 * The classes of pictures by the folder that each lies in: the names of the folders, and the class of each picture.
 * @param known - The classes there are; default: those of these pictures.
 * @throws {FileFormatError} for a picture in no folder, or in one of another name.
 */
export function classesOfFolders(
  folder: string,
  files: readonly PictureFile[],
  known?: readonly string[],
): { classes: readonly string[]; labels: Int32Array } {
  const names = files.map(({ name }) => {
    const at = name.indexOf('/')
    if (at > 0) return name.slice(0, at)
    throw new FileFormatError(
      folder,
      `the model has use for classes, which are the names of the folders that pictures lie in; ${name} lies in none`,
    )
  })
  const classes = known ?? [...new Set(names)].sort()
  const labels = Int32Array.from(names, (name) => classes.indexOf(name))
  const lost = labels.indexOf(-1)
  if (lost >= 0)
    throw new FileFormatError(
      folder,
      `${names[lost]} is none of the classes of the training pictures, ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ' …' : ''}`,
    )
  return { classes, labels }
}
