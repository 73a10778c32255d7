import { closeSync, constants, fstatSync, openSync, read } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal, type Readable } from 'node:stream'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { FileFormatError } from '@tweedie/tensor'
import { InterruptedError } from '../errors.ts'

/** How much of a file is read, and what ends the wait for a slow one. */
export interface ReadLimits {
  readonly bytes: number
  readonly signal?: AbortSignal
}

const standardInput = new Set(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

/**
 * Reads a file to its end, once: a regular one, a pipe, a device. The limit holds while reading, whatever the
 * file system says of its size; a pipe that nobody writes to is waited for until `signal` is raised.
 * @throws {FileFormatError} where there are more than `bytes`, or the file cannot be read.
 * @throws {InterruptedError} once `signal` is raised.
 */
export async function readBytes(path: string, limits: ReadLimits): Promise<Uint8Array> {
  if (standardInput.has(path) && !(await stat(path)).isFile()) return readStream(process.stdin, path, limits)
  // Without O_NONBLOCK, opening a pipe waits for a writer on a thread that nothing can interrupt.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const kind = fstatSync(fd)
  if (kind.isFIFO()) return readStream(new Socket({ fd, readable: true, writable: false }), path, limits)
  try {
    if (isatty(fd)) throw new FileFormatError(path, 'is a terminal; name a file')
    if (kind.isFile() && kind.size > limits.bytes) throw tooLarge(path, limits)
    return await readDescriptor(fd, path, limits)
  } finally {
    closeSync(fd)
  }
}

const tooLarge = (path: string, limits: ReadLimits) =>
  new FileFormatError(path, `is too large; at most ${limits.bytes / 2 ** 20} MB are read`)

const readSome = promisify(read)

async function readDescriptor(fd: number, path: string, limits: ReadLimits): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let total = 0; total <= limits.bytes; ) {
    if (limits.signal?.aborted === true) throw new InterruptedError()
    const { bytesRead, buffer } = await readSome(fd, Buffer.alloc(2 ** 20), 0, 2 ** 20, null).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EISDIR') throw error
        throw new FileFormatError(path, `cannot be read (${error.code ?? error.message})`)
      },
    )
    if (bytesRead === 0) return Buffer.concat(parts, total)
    parts.push(buffer.subarray(0, bytesRead))
    total += bytesRead
  }
  throw tooLarge(path, limits)
}

async function readStream(stream: Readable, path: string, limits: ReadLimits): Promise<Uint8Array> {
  if (limits.signal !== undefined) addAbortSignal(limits.signal, stream)
  const parts: Uint8Array[] = []
  let total = 0
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part)
      total += part.length
      if (total > limits.bytes) throw tooLarge(path, limits)
    }
  } catch (error) {
    if (limits.signal?.aborted === true) throw new InterruptedError()
    throw error
  } finally {
    stream.destroy()
  }
  return Buffer.concat(parts, total)
}
