import { OptionError } from '@tweedie/tensor'
import { shown } from './fields.ts'

/** Numbers by element on the host, row-major, in double precision. */
export interface HostArray {
  readonly shape: readonly number[]
  readonly values: ArrayLike<number>
}

/** Reads the array of a file that a description names, which may hold what is not finite. */
export type ReadArray = (file: string, place: string) => Promise<HostArray>

/** Axes of the largest array of a description: covariances [K, d, d], and one more for what is not one. */
const mostAxes = 4

/** The most numbers of one array: 512 MiB. */
export const mostNumbers = 2 ** 26

/**
 * The numbers of a list, of lists of one length, or of the file that a text names; a number is an array without axes.
 * @param place - Where it stands, for messages.
 * @throws {OptionError} where lists are ragged, or something is no finite number, saying where.
 */
export async function arrayAt(place: string, value: unknown, read: ReadArray): Promise<HostArray> {
  const { shape, values } = typeof value === 'string' ? await read(value, place) : fromLists(place, value)
  const size = shape.reduce((product, extent) => product * extent, 1)
  if (size > mostNumbers)
    throw new OptionError(
      place,
      `has ${size} numbers, [${shape.join(', ')}]; at most ${mostNumbers} are read`,
    )
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new OptionError(place, `must be finite, but ${placeOf(i, shape)} is ${values[i]}`)
  return { shape, values }
}

/** Where element i of an array is, in words. */
function placeOf(i: number, shape: readonly number[]): string {
  const index: number[] = []
  let rest = i
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent)
    rest = Math.floor(rest / extent)
  }
  return index.length === 0 ? 'it' : `[${index.join(', ')}]`
}

/** The extents along the first element of each list. */
function extents(place: string, value: unknown): number[] {
  const shape: number[] = []
  for (let at = value; Array.isArray(at) || ArrayBuffer.isView(at); at = Object.values(at)[0]) {
    if (shape.length === mostAxes) throw new OptionError(place, `has more than ${mostAxes} axes`)
    const extent = Array.isArray(at) ? at.length : Object.values(at).length
    if (extent === 0) throw new OptionError(place, 'has an empty list')
    shape.push(extent)
  }
  return shape
}

function fromLists(place: string, value: unknown): HostArray {
  const shape = extents(place, value)
  const values: number[] = []
  const gather = (at: unknown, axis: number, index: readonly number[]): void => {
    const where = index.length === 0 ? '' : ` at [${index.join(', ')}]`
    if (axis === shape.length) {
      if (typeof at !== 'number') {
        const wanted = index.length === 0 ? 'numbers, or the name of an npy file' : 'a number'
        throw new OptionError(place, `must be ${wanted}${where}, got ${shown(at)}`)
      }
      values.push(at)
      return
    }
    const list = Array.isArray(at) ? at : ArrayBuffer.isView(at) ? Object.values(at) : undefined
    if (list === undefined || list.length !== shape[axis])
      throw new OptionError(
        place,
        `must have lists of one length: ${shape[axis]} elements are wanted${where}, got ${shown(at)}`,
      )
    list.forEach((inner: unknown, i: number) => {
      gather(inner, axis + 1, [...index, i])
    })
  }
  gather(value, 0, [])
  return { shape, values: Float64Array.from(values) }
}

/** Row i of an array of rows. */
export const rowOf = ({ shape, values }: HostArray, i: number): Float64Array => {
  const size = shape.slice(1).reduce((product, extent) => product * extent, 1)
  return Float64Array.from({ length: size }, (_, j) => values[i * size + j] ?? 0)
}

/** A shape as messages show it. */
export const shapeInWords = (shape: readonly number[]): string =>
  shape.length === 0 ? 'a number' : `[${shape.join(', ')}]`
