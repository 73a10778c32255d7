import { deflateRawSync } from 'node:zlib'
import { crc32 } from './crc32.ts'

const u16 = (n: number) => [n & 0xff, (n >> 8) & 0xff]
const u32 = (n: number) => [...u16(n & 0xffff), ...u16(n >>> 16)]

/** A zip archive; `change` alters a file's directory entry. */
export function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  options: { deflate?: boolean; size?: number; flags?: number; method?: number; comment?: string } = {},
): Uint8Array {
  const local: number[] = []
  const directory: number[] = []
  for (const [name, contents] of Object.entries(files)) {
    const stored = options.deflate === true ? deflateRawSync(contents) : contents
    const path = [...new TextEncoder().encode(name)]
    const method = options.method ?? (options.deflate === true ? 8 : 0)
    const fields = [
      ...u16(20),
      ...u16(options.flags ?? 0),
      ...u16(method),
      ...u32(0),
      ...u32(crc32(contents)),
      ...u32(stored.length),
      ...u32(options.size ?? contents.length),
      ...u16(path.length),
      ...u16(0),
    ]
    const header = local.length
    local.push(...u32(0x04034b50), ...fields, ...path)
    for (const byte of stored) local.push(byte)
    const comment = new TextEncoder().encode(options.comment ?? '')
    directory.push(...u32(0x02014b50), ...u16(20), ...fields, ...u16(comment.length))
    directory.push(...u16(0), ...u16(0), ...u32(0), ...u32(header), ...path, ...comment)
  }
  const count = Object.keys(files).length
  return Uint8Array.from([
    ...local,
    ...directory,
    ...u32(0x06054b50),
    ...u16(0),
    ...u16(0),
    ...u16(count),
    ...u16(count),
    ...u32(directory.length),
    ...u32(local.length),
    ...u16(0),
  ])
}
