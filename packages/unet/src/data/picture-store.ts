import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { requireDisk } from '../disk.ts'
import { FilePixels } from './file-pixels.ts'
import type { Pixels } from './pictures.ts'

/** Takes the bytes of pictures one after the other. */
export interface PictureStore {
  /** Whether bytes up to this place are kept. */
  holds(end: number): boolean
  put(at: number, bytes: Uint8Array): void
  /** What was put; nothing is put any more. */
  pixels(): Pixels
  close(): void
}

/** Bytes of decoded pictures that are kept in memory unless told otherwise. */
export const standardMemory = 2 ** 31

/**
 * Where decoded pictures are kept: in memory that threads share where they fit into `memory`, else in a file; without a file to
 * write, those that fit.
 * @param total - Bytes of all.
 * @param scratch - Path of the file, which is removed at the end.
 */
export function pictureStore(total: number, memory: number, scratch: string | undefined): PictureStore {
  return total > memory && scratch !== undefined
    ? fileStore(scratch, total)
    : memoryStore(Math.min(total, memory))
}

function memoryStore(size: number): PictureStore {
  const bytes = new Uint8Array(new SharedArrayBuffer(size))
  return {
    holds: (end) => end <= size,
    put: (at, values) => bytes.set(values, at),
    pixels: () => bytes,
    close: () => undefined,
  }
}

function fileStore(path: string, size: number): PictureStore {
  requireDisk('data', dirname(path), size, 'a file of the decoded pictures, which memory does not hold,')
  const file = openSync(path, 'w')
  let isOpen = true
  let reader: FilePixels | undefined
  const end = () => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  return {
    holds: () => true,
    put: (at, bytes) => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(file, bytes, done, bytes.length - done, at + done)
    },
    pixels: () => {
      end()
      return (reader ??= new FilePixels(path, size))
    },
    close: () => {
      end()
      reader?.close()
      rmSync(path, { force: true })
    },
  }
}
