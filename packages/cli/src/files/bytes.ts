import { closeSync, constants, fstatSync, openSync, read } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal, type Readable } from 'node:stream'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { InterruptedError } from '@tweedie/runs'
import { FileFormatError } from '@tweedie/tensor'

/** How much of a file is read, and what ends the wait for a slow one. */
export interface ReadLimits {
  /** The most bytes of a file that starts so. */
  readonly most: (start: Uint8Array) => number
  readonly signal?: AbortSignal | undefined
}

const terminal = 'is a terminal; name a file'
const standardInput = new Set(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

/**
 * Reads a file to its end, once: a regular one, a pipe, a device. The limit holds while reading, whatever the
 * file system says of its size; a pipe that nobody writes to is waited for until `signal` is raised.
 * @throws {FileFormatError} where there are more than `most`, or the file cannot be read.
 * @throws {InterruptedError} once `signal` is raised.
 */
export async function readBytes(path: string, limits: ReadLimits): Promise<Uint8Array> {
  if (standardInput.has(path) && !(await stat(path)).isFile()) {
    if (isatty(0)) throw new FileFormatError(path, terminal)
    return readStream(process.stdin, path, limits)
  }
  // Without O_NONBLOCK, opening a pipe waits for a writer on a thread that nothing can interrupt.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const kind = fstatSync(fd)
  if (kind.isFIFO()) return readStream(new Socket({ fd, readable: true, writable: false }), path, limits)
  try {
    if (isatty(fd)) throw new FileFormatError(path, terminal)
    return await readDescriptor(fd, path, limits)
  } finally {
    closeSync(fd)
  }
}

/** The parts of a file as they come, bounded by how it starts. */
class Gathered {
  readonly #path: string
  readonly #most: ReadLimits['most']
  readonly #parts: Uint8Array[] = []
  #total = 0
  #limit: number | undefined
  constructor(path: string, { most }: ReadLimits) {
    this.#path = path
    this.#most = most
  }
  /** @throws {FileFormatError} where it is one part too many. */
  add(part: Uint8Array): void {
    this.#parts.push(part)
    this.#total += part.length
    if (this.#limit === undefined && this.#total >= 16) this.#limit = this.#most(this.bytes())
    if (this.#limit !== undefined && this.#total > this.#limit)
      throw new FileFormatError(this.#path, `is too large; at most ${this.#limit / 2 ** 20} MB are read`)
  }
  bytes(): Uint8Array {
    return Buffer.concat(this.#parts, this.#total)
  }
}

const readSome = promisify(read)

async function readDescriptor(fd: number, path: string, limits: ReadLimits): Promise<Uint8Array> {
  const gathered = new Gathered(path, limits)
  for (;;) {
    if (limits.signal?.aborted === true) throw new InterruptedError()
    const { bytesRead, buffer } = await readSome(fd, Buffer.alloc(2 ** 20), 0, 2 ** 20, null).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EISDIR') throw Object.assign(error, { path })
        throw new FileFormatError(path, `cannot be read (${error.code ?? error.message})`)
      },
    )
    if (bytesRead === 0) return gathered.bytes()
    gathered.add(buffer.subarray(0, bytesRead))
  }
}

async function readStream(stream: Readable, path: string, limits: ReadLimits): Promise<Uint8Array> {
  if (limits.signal !== undefined) addAbortSignal(limits.signal, stream)
  const gathered = new Gathered(path, limits)
  try {
    for await (const part of stream as AsyncIterable<Buffer>) gathered.add(part)
  } catch (error) {
    if (limits.signal?.aborted === true) throw new InterruptedError()
    throw error
  } finally {
    stream.destroy()
  }
  return gathered.bytes()
}
