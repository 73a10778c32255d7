import { createHash } from 'node:crypto'
import { FileFormatError } from '@tweedie/tensor'
import { bytesPerStored, isElementType, sizeOf } from '../checkpoint/arrays.ts'
import type { ByteSource } from '../checkpoint/bytes.ts'
import { joinPieces, rangePieces } from '../checkpoint/bytes.ts'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import { fileSource } from '../checkpoint/regular-file.ts'
import { show } from '../fields.ts'
import type { ImageSet, Labels, Values } from './images.ts'
import { imagesOfArray } from './images.ts'
import type { PartName } from './part.ts'

/** Names under which a file of NumPy has images and their labels, in any letters, the first that is there. */
const arrayNames: Readonly<
  Record<PartName, { readonly images: readonly string[]; readonly labels: readonly string[] }>
> = {
  training: {
    images: ['train_images', 'x_train', 'images', 'x', 'array'],
    labels: ['train_labels', 'y_train', 'labels', 'y'],
  },
  validation: {
    images: ['val_images', 'valid_images', 'validation_images', 'x_val', 'x_valid'],
    labels: ['val_labels', 'valid_labels', 'validation_labels', 'y_val', 'y_valid'],
  },
  test: { images: ['test_images', 'x_test'], labels: ['test_labels', 'y_test'] },
}

/** Values of an array that stand for black and white. */
export type Range = readonly [black: number, white: number]

/** Images of one file of NumPy, and how their values were read. */
export interface ArrayImages {
  readonly array: string
  readonly images: ImageSet<Values>
  /** The values that became −1 and 1; undefined for bytes, which are kept. */
  readonly range?: Range
}

export interface ReadArrays {
  /** The values that stand for black and white; default: see {@link rangeOf}. */
  readonly range?: Range
  /** Whether labels have to be there; they are left alone otherwise. */
  readonly labels: boolean
}

/** An opened npz or npy file. */
export interface ArrayFile {
  readonly path: string
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string
  /** Whether it has images of a part. */
  has(part: PartName): boolean
  /**
   * Images of a part.
   * @throws {FileFormatError} naming the array.
   */
  read(part: PartName, options: ReadArrays): ArrayImages
}

/** Opens a file of NumPy. @throws {FileFormatError} where it is damaged, or something else. */
export function openArrays(path: string): ArrayFile {
  const source = fileSource(path)
  const file = openCheckpoint(source, path)
  if (file.format !== 'npz' && file.format !== 'npy')
    throw new FileFormatError(path, `is a checkpoint (${file.format}), no npz or npy file of images`)
  const nameOf = (names: readonly string[]) =>
    names.flatMap((name) => file.entries.filter((entry) => entry.name.toLowerCase() === name))[0]?.name
  const imagesOf = (part: PartName): string | undefined => {
    const named = nameOf(arrayNames[part].images)
    const [only] = file.entries
    return named ?? (part === 'training' && file.entries.length === 1 ? only?.name : undefined)
  }
  return {
    path,
    sha256: sha256Of(source),
    has: (part) => imagesOf(part) !== undefined,
    read: (part, { range, labels }) => {
      const name = imagesOf(part)
      if (name === undefined) throw new FileFormatError(path, noImages(part, file))
      const { values, range: read } = imageValues(file, name, path, range)
      const { shape } = entryOf(file, name)
      const images = imagesOfArray({ shape, values }, `${path}:${name}`)
      const facts = { array: name, ...(read === undefined ? {} : { range: read }) }
      if (!labels) return { ...facts, images }
      const labelled = nameOf(arrayNames[part].labels)
      if (labelled === undefined)
        throw new FileFormatError(
          path,
          `no labels, which the model has use for: looked for ${arrayNames[part].labels.join(', ')}`,
        )
      return { ...facts, images: { ...images, labels: labelsOf(file, labelled, images.count, path) } }
    },
  }
}

function sha256Of(source: ByteSource): string {
  const hash = createHash('sha256')
  for (const piece of rangePieces(source, 0, source.size)) hash.update(piece)
  return hash.digest('hex')
}

const entryOf = (file: Checkpoint, name: string) => file.entries.find((entry) => entry.name === name)!

function noImages(part: PartName, { entries }: Checkpoint): string {
  const [first, ...others] = arrayNames[part].images
  const there = entries.map(({ name, shape }) => `${show(name)} [${shape.join(', ')}]`)
  const more = there.length > 6 ? ` and ${there.length - 6} more` : ''
  return `holds no ${part} images: looked for ${first}, or ${others.join(', ')}; there ${there.length === 1 ? 'is' : 'are'} ${there.slice(0, 6).join(', ')}${more}`
}

/** The values of an array of images: bytes as they are, all else as floats in [−1, 1] by the range. */
function imageValues(
  file: Checkpoint,
  name: string,
  path: string,
  range: Range | undefined,
): { values: Values; range?: Range } {
  const { shape, dtype } = entryOf(file, name)
  const where = `${path}:${name}`
  if (!isElementType(dtype)) throw new FileFormatError(where, `holds ${dtype}, no plain numbers`)
  const size = sizeOf(shape)
  if (dtype === 'U8' && range === undefined)
    return { values: joinPieces(file.stored(name), size * bytesPerStored(dtype)) }
  const given = file.values(name)
  const [black, white] = range ?? rangeOf(given, dtype, where)
  if (!(Number.isFinite(black) && Number.isFinite(white) && black < white))
    throw new FileFormatError(where, `a range of values has black below white, got ${black} and ${white}`)
  const values = new Float32Array(given.length)
  for (let i = 0; i < given.length; i++) {
    const value = given[i]!
    if (!(value >= black && value <= white))
      throw new FileFormatError(where, `holds ${value}, which is outside of the range ${black} … ${white}`)
    values[i] = (2 * (value - black)) / (white - black) - 1
  }
  return { values, range: [black, white] }
}

/**
 * Black and white of an array that does not say: 0 and 65535 of 16-bit integers, 0 and 1 of booleans, 0 or −1 and 1 of floats
 * that lie between.
 * @throws {FileFormatError} where values tell nothing.
 */
function rangeOf(values: Float32Array | Float64Array, dtype: string, where: string): Range {
  if (dtype === 'U16') return [0, 65535]
  if (dtype === 'BOOL') return [0, 1]
  let [least, largest] = [Infinity, -Infinity]
  for (const value of values) {
    if (!Number.isFinite(value))
      throw new FileFormatError(where, `holds ${value}; images are of finite numbers`)
    least = Math.min(least, value)
    largest = Math.max(largest, value)
  }
  const isFloat = dtype.startsWith('F') || dtype === 'BF16'
  if (isFloat && least >= 0 && largest <= 1) return [0, 1]
  if (isFloat && least >= -1 && largest <= 1) return [-1, 1]
  throw new FileFormatError(
    where,
    `holds ${dtype} from ${least} to ${largest}: say which values are black and white (range, --range 0..255)`,
  )
}

/** Class numbers [N] or [N, 1]. */
function labelsOf(file: Checkpoint, name: string, count: number, path: string): Labels {
  const { shape, dtype } = entryOf(file, name)
  const where = `${path}:${name}`
  const isColumn = shape.length === 2 && shape[1] === 1
  if (shape[0] !== count || !(shape.length === 1 || isColumn))
    throw new FileFormatError(
      where,
      `holds [${shape.join(', ')}]; ${count} images have one label each, [${count}] or [${count}, 1]`,
    )
  if (!isElementType(dtype)) throw new FileFormatError(where, `holds ${dtype}, no class numbers`)
  const values = file.values(name)
  const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < 2 ** 31))
  if (wrong >= 0) throw new FileFormatError(where, `holds ${values[wrong]} at ${wrong}, no class number`)
  return values.every((value) => value < 256) ? Uint8Array.from(values) : Int32Array.from(values)
}
