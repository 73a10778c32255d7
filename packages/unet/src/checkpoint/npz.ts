import { show } from '../fields.ts'
import type { ArrayEntry, ElementType } from './arrays.ts'
import { bytesPerRead, bytesPerStored, sizeOf } from './arrays.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { asSource, slicePieces } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { failIn } from './fail.ts'
import type { NpyHeader } from './npy.ts'
import { npyElementType, npyHeaderBytes, npyStored, npyValues, parseNpyHeader } from './npy.ts'
import { choosing } from './weight-sets.ts'
import type { Zip } from './zip.ts'
import { parseZip } from './zip.ts'

/**
 * Reads the arrays of a `.npz` file (NumPy's `savez` and `savez_compressed`), under their names without
 * `.npy`: now their headers, the elements of an array when they are asked for. Files of other names in the
 * archive are left alone.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseNpz(bytes: Uint8Array | ByteSource, file: string): Checkpoint {
  const source = asSource(bytes)
  return choosing(npzOf(parseZip(source, file, budgetOf(source.size, file)), file))
}

/** {@link parseNpz} of an archive. */
export function npzOf(zip: Zip, file: string): Checkpoint {
  const arrays = new Map<string, { readonly member: string; readonly header: NpyHeader }>()
  const others = zip.names.filter((member) => !member.endsWith('.npy'))
  for (const member of zip.names) {
    if (!member.endsWith('.npy')) continue
    const name = member.slice(0, -'.npy'.length)
    const size = zip.size(member)
    const first = zip.start(member, 512)
    const needed = first.length < 12 ? 0 : headerLength(first)
    const start = needed > first.length ? zip.start(member, Math.min(needed, npyHeaderBytes)) : first
    arrays.set(name, { member, header: parseNpyHeader(start, size, failIn(`${file}:${member}`)) })
  }
  const find = (name: string) => arrays.get(name) ?? failIn(file)(`holds no array ${show(name)}`)
  /** `held` is what an element takes that is made of the bytes. */
  const data = (name: string, held: (type: ElementType) => number) => {
    const { member, header } = find(name)
    const fail = failIn(`${file}:${member}`)
    const type = npyElementType(header, fail)
    const size = sizeOf(header.shape)
    const pieces = zip.pieces(member, size * held(type))
    return { pieces: slicePieces(pieces, header.start, size * bytesPerStored(type)), header, fail }
  }
  const entries: ArrayEntry[] = [...arrays].map(
    ([
      name,
      {
        header: { shape, dtype },
      },
    ]) => ({
      name,
      shape,
      dtype: typeof dtype === 'string' ? dtype : dtype.unread,
    }),
  )
  return {
    format: 'npz',
    entries,
    metadata: {},
    beside: others.map((name) => ({ name, what: 'a file that is no array' })),
    stored: (name) => {
      const { pieces, header, fail } = data(name, bytesPerStored)
      return npyStored(pieces, header, fail)
    },
    values: (name, into) => {
      const { pieces, header, fail } = data(name, bytesPerRead)
      return npyValues(pieces, header, fail, into)
    },
  }
}

/** Bytes up to the data, by the first twelve. */
function headerLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return bytes[6]! > 1 ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true)
}
