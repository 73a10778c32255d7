import { deflateRawSync } from 'node:zlib'
import { crc32 } from './crc32.ts'

/** Numbers of so many bytes each, lowest byte first. */
function fields(...numbers: readonly (readonly [value: number, width: 2 | 4])[]): Uint8Array {
  const out = Buffer.alloc(numbers.reduce((sum, [, width]) => sum + width, 0))
  let at = 0
  for (const [value, width] of numbers)
    at = width === 2 ? out.writeUInt16LE(value & 0xffff, at) : out.writeUInt32LE(value >>> 0, at)
  return out
}

/** A zip archive; `change` alters a file's directory entry. */
export function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  options: { deflate?: boolean; size?: number; flags?: number; method?: number; comment?: string } = {},
): Uint8Array {
  const local: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let header = 0
  const add = (...parts: readonly Uint8Array[]) => {
    local.push(...parts)
    for (const { length } of parts) header += length
  }
  const comment = new TextEncoder().encode(options.comment ?? '')
  for (const [name, contents] of Object.entries(files)) {
    const stored = options.deflate === true ? deflateRawSync(contents) : contents
    const path = new TextEncoder().encode(name)
    const common = fields(
      [20, 2],
      [options.flags ?? 0, 2],
      [options.method ?? (options.deflate === true ? 8 : 0), 2],
      [0, 4],
      [crc32(contents), 4],
      [stored.length, 4],
      [options.size ?? contents.length, 4],
      [path.length, 2],
      [0, 2],
    )
    const rest = fields([comment.length, 2], [0, 2], [0, 2], [0, 4], [header, 4])
    directory.push(fields([0x02014b50, 4], [20, 2]), common, rest, path, comment)
    add(fields([0x04034b50, 4]), common, path, stored)
  }
  const count = Object.keys(files).length
  const length = directory.reduce((sum, part) => sum + part.length, 0)
  const end = fields(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [length, 4],
    [header, 4],
    [0, 2],
  )
  return new Uint8Array(Buffer.concat([...local, ...directory, end]))
}
