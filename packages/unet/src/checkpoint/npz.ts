import { FileFormatError } from '@tweedie/tensor'
import type { ArrayEntry, ArraySource } from './arrays.ts'
import type { NpyArray } from './npy.ts'
import { parseNpy } from './npy.ts'
import { parseZip } from './zip.ts'

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
