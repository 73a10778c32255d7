import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import zlib from 'node:zlib'
import { FileFormatError } from '@tweedie/tensor'
import type { ByteSource } from './bytes.ts'

/** What Node reports of a path, in words. */
const problems: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EISDIR: 'is a folder; name a file in it',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  ENXIO: 'is a socket or a device, not a regular file',
}

/** A file's identity: another one under the same name, or one written to meanwhile, has another. */
const identity = (file: number): { size: number; id: string } => {
  const { dev, ino, size, mtimeNs } = fstatSync(file, { bigint: true })
  return { size: Number(size), id: `${dev} ${ino} ${size} ${mtimeNs}` }
}

/**
 * Runs `use` on a regular file, opened without waiting for a writer.
 * @param name - What messages call it.
 */
function withRegular<T>(path: string, name: string, use: (file: number) => T): T {
  try {
    // Opened so, a FIFO gives its descriptor at once, and is then refused, instead of hanging.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const seen = fstatSync(file)
      if (seen.isDirectory()) throw new FileFormatError(name, 'is a folder; name a file in it')
      if (!seen.isFile())
        throw new FileFormatError(name, 'is not a regular file (a device, pipe or socket); copy it to a file')
      return use(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (error instanceof FileFormatError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new FileFormatError(name, problems[code ?? ''] ?? `cannot be read: ${message}`)
  }
}

/** The most that one call of the system reads. */
const mostAtOnce = 2 ** 30

function fill(file: number, name: string, target: Uint8Array, offset: number): void {
  for (let at = 0; at < target.length; ) {
    const got = readSync(file, target, at, Math.min(mostAtOnce, target.length - at), offset + at)
    if (got === 0)
      throw new FileFormatError(name, `ended at byte ${offset + at} while it was read: it was cut meanwhile`)
    at += got
  }
}

/** Node's own CRC-32, some five times as fast as ours; it has one from 22.2 on. */
const nativeCrc32: Pick<ByteSource, 'crc32'> = zlib.crc32 === undefined ? {} : { crc32: zlib.crc32 }

/**
 * A regular file of any size, read by ranges. Nothing is kept open between two reads, and each checks that
 * the file is still the one that was there at first.
 * @param name - What messages call it.
 * @throws {FileFormatError} for a file that is not there, is not regular or cannot be read.
 */
export function fileSource(path: string, name: string = path): ByteSource {
  const first = withRegular(path, name, identity)
  return {
    size: first.size,
    ...nativeCrc32,
    readInto: (target, offset) =>
      withRegular(path, name, (file) => {
        if (identity(file).id !== first.id)
          throw new FileFormatError(name, 'was changed while it was being read')
        fill(file, name, target, offset)
      }),
  }
}

/**
 * All bytes of a regular file.
 * @param most - Bytes that the file may have.
 * @param name - What messages call it.
 * @throws {FileFormatError} for a larger file, one that is not there, is not regular (a device, pipe, folder)
 *   or cannot be read.
 */
export function readRegularFile(path: string, most: number, name: string = path): Uint8Array {
  return withRegular(path, name, (file) => {
    const { size } = identity(file)
    if (size > most) throw new FileFormatError(name, `has ${size} bytes; at most ${most} are read`)
    const out = new Uint8Array(size)
    fill(file, name, out, 0)
    return out
  })
}
