import { writeZip } from '../checkpoint/zip-write.ts'

/** Type strings of NumPy for the arrays that are written here. */
const descriptions = {
  Uint8Array: '|u1',
  Uint16Array: '<u2',
  Int32Array: '<i4',
  Float32Array: '<f4',
  Float64Array: '<f8',
} as const

export interface TestArray {
  readonly shape: readonly number[]
  readonly data: Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array
}

/** The bytes of a `.npy` file of any of these types, bytes among them, on a little-endian machine. */
export function npyBytes({ shape, data }: TestArray): Uint8Array {
  const description = descriptions[data.constructor.name as keyof typeof descriptions]
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${list}), }`
  const head = `${text.padEnd(117)}\n`
  return Buffer.concat([
    Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length, 0),
    Buffer.from(head, 'latin1'),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ])
}

/** The bytes of an `.npz` file. */
export const npzBytes = (arrays: Readonly<Record<string, TestArray>>): Uint8Array =>
  writeZip(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npyBytes(array)] as const))
