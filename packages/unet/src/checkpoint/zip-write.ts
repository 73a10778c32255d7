import { OptionError } from '@tweedie/tensor'
import { crc32 } from './crc32.ts'

/** 1980-01-01, the first date there is in a zip archive. */
const date = 0x21
/** Names are UTF-8. */
const flags = 0x800

/**
 * A zip archive (PKWARE APPNOTE 6.3) of stored files; the same files give the same bytes.
 * @throws {OptionError} beyond 4 GiB or 65,534 files.
 */
export function writeZip(files: readonly (readonly [name: string, contents: Uint8Array])[]): Uint8Array {
  const named = files.map(([name, contents]) => ({ path: new TextEncoder().encode(name), contents }))
  const sizes = named.map(({ path, contents }) => [30 + path.length + contents.length, 46 + path.length])
  const start = sizes.reduce((sum, [local]) => sum + local!, 0)
  const length = sizes.reduce((sum, [, directory]) => sum + directory!, 0)
  if (start + length >= 2 ** 32 - 1 || files.length >= 0xffff)
    throw new OptionError('arrays', `${files.length} arrays of ${start} bytes do not fit a plain zip archive`)
  const out = new Uint8Array(start + length + 22)
  const view = new DataView(out.buffer)
  /** The fields that a file's header and its directory entry share. */
  const common = (
    at: number,
    { path, contents }: { path: Uint8Array; contents: Uint8Array },
    crc: number,
  ) => {
    view.setUint16(at, 20, true)
    view.setUint16(at + 2, flags, true)
    view.setUint16(at + 8, date, true)
    view.setUint32(at + 10, crc, true)
    view.setUint32(at + 14, contents.length, true)
    view.setUint32(at + 18, contents.length, true)
    view.setUint16(at + 22, path.length, true)
  }
  let [local, directory] = [0, start]
  for (const file of named) {
    const crc = crc32(file.contents)
    view.setUint32(local, 0x04034b50, true)
    common(local + 4, file, crc)
    out.set(file.path, local + 30)
    out.set(file.contents, local + 30 + file.path.length)
    view.setUint32(directory, 0x02014b50, true)
    view.setUint16(directory + 4, 20, true)
    common(directory + 6, file, crc)
    view.setUint32(directory + 42, local, true)
    out.set(file.path, directory + 46)
    local += 30 + file.path.length + file.contents.length
    directory += 46 + file.path.length
  }
  view.setUint32(directory, 0x06054b50, true)
  view.setUint16(directory + 8, files.length, true)
  view.setUint16(directory + 10, files.length, true)
  view.setUint32(directory + 12, length, true)
  view.setUint32(directory + 16, start, true)
  return out
}
