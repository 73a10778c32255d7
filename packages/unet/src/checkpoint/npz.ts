import { FileFormatError } from '@tweedie/tensor'
import type { ArrayEntry, ArraySource, ElementType } from './arrays.ts'
import { bytesPerStored, readStrided, rowMajor } from './arrays.ts'
import { parseZip } from './zip.ts'

/** NumPy's type strings of what is read. */
const descriptions: Readonly<Record<string, ElementType>> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<i4': 'I32',
  '<i2': 'I16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL',
}

/** An array of a `.npy` file. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly dtype: ElementType
  values(): Float32Array | Float64Array
}

/**
 * Reads a `.npy` file (format 1.0 to 3.0): little-endian numbers and booleans, in C or Fortran order. The
 * bytes are not trusted; nothing in them is evaluated.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) fail('not a .npy file')
  const [version, wide] = [bytes[6]!, bytes[6]! > 1]
  if (version < 1 || version > 3) fail(`npy format ${version}; 1 to 3 are read`)
  if (wide && bytes.length < 12) fail('npy: truncated header')
  const start = wide ? 12 : 10
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true)
  if (start + length > bytes.length) fail('npy: truncated header')
  const header = new TextDecoder().decode(bytes.subarray(start, start + length))
  const description = /'descr':\s*'([^']{1,8})'/.exec(header)?.[1] ?? ''
  if (!Object.hasOwn(descriptions, description))
    fail(`npy: element type '${description}' is not read; ${Object.keys(descriptions).join(', ')} are`)
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const list = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1]
  if (fortran === undefined || list === undefined) return fail('npy: the header does not say shape and order')
  const shape = (list.match(/\d+/g) ?? []).map(Number)
  const dtype = descriptions[description]!
  const size = shape.reduce((product, extent) => product * extent, 1)
  const data = bytes.subarray(start + length)
  if (shape.length > 32 || size * bytesPerStored(dtype) !== data.length)
    fail(`npy: [${shape.join(', ')}] of ${dtype} does not fit ${data.length} bytes of data`)
  const strides = fortran === 'True' ? rowMajor([...shape].reverse()).reverse() : rowMajor(shape)
  return { shape, dtype, values: () => readStrided(data, dtype, shape, strides, 0) }
}

/**
 * Reads the arrays of a `.npz` file (NumPy's `savez` and `savez_compressed`), under their names without
 * `.npy`.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseNpz(bytes: Uint8Array, file: string): ArraySource {
  const zip = parseZip(bytes, file)
  const arrays = new Map<string, NpyArray>()
  for (const member of zip.names) {
    const name = member.replace(/\.npy$/, '')
    if (arrays.has(name)) throw new FileFormatError(file, `two arrays are named '${name}'`)
    arrays.set(name, parseNpy(zip.read(member), `${file}:${member}`))
  }
  const entries: ArrayEntry[] = [...arrays].map(([name, { shape, dtype }]) => ({ name, shape, dtype }))
  return {
    entries,
    values: (name) => {
      const array = arrays.get(name)
      if (array === undefined) throw new FileFormatError(file, `holds no array '${name}'`)
      return array.values()
    },
  }
}
