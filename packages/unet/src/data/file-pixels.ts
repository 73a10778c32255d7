import { closeSync, openSync, readSync } from 'node:fs'
import { FileFormatError } from '@tweedie/tensor'
import type { Pixels } from './pictures.ts'

/** Bytes of pictures in a file, of which windows are read when they are asked for; each thread opens it for itself. */
export class FilePixels implements Pixels {
  readonly path: string
  readonly length: number
  private readonly file: number

  /** @param length - Bytes of the file. */
  constructor(path: string, length: number) {
    this.path = path
    this.length = length
    this.file = openSync(path, 'r')
  }

  /** @throws {FileFormatError} where the file was cut meanwhile. */
  subarray(from: number, to: number): Uint8Array {
    const out = new Uint8Array(to - from)
    for (let at = 0; at < out.length; ) {
      const got = readSync(this.file, out, at, out.length - at, from + at)
      if (got === 0) throw new FileFormatError(this.path, `ended at byte ${from + at}: it was cut meanwhile`)
      at += got
    }
    return out
  }

  close(): void {
    closeSync(this.file)
  }
}
