import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { bytesInWords } from './memory.ts'

/** Of a path that is not there yet, the nearest folder above it that is. */
function nearest(path: string): string {
  const full = resolve(path)
  return existsSync(full) ? full : nearest(dirname(full))
}

/** Bytes that may still be written to the disk that a path lies on. */
function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(nearest(path))
  return bavail * bsize
}

/**
 * Makes sure, before any work, that a folder can be written to, or made.
 * @throws {OptionError} where a file is in the way, or permission is missing.
 */
export function requireWritable(option: string, folder: string): void {
  const there = nearest(folder)
  const isFolder = statSync(there).isDirectory()
  if (!isFolder)
    throw new OptionError(
      option,
      there === resolve(folder)
        ? `${folder} is a file; name a folder`
        : `${there}, a part of ${folder}, is a file`,
    )
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch {
    throw new OptionError(option, `${there} may not be written to: permission denied`)
  }
}

/**
 * Makes sure, before any work, that files will find room on the disk.
 * @param free - Tells what is free, for a path.
 * @throws {OptionError} with what is needed and what there is.
 */
export function requireDisk(
  option: string,
  folder: string,
  bytes: number,
  what: string,
  free: (path: string) => number = freeBytes,
): void {
  const left = free(folder)
  if (left >= bytes) return
  throw new OptionError(
    option,
    `${what} needs ${bytesInWords(bytes)} in ${folder}; the disk has ${bytesInWords(left)} free`,
  )
}
