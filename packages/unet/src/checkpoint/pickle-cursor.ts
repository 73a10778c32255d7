import type { ByteSource } from './bytes.ts'
import type { Fail } from './fail.ts'

/** Reads on through bytes, in windows, so that what is passed over costs nothing. */
export interface PickleCursor {
  /** Where the next byte lies in the source. */
  position(): number
  byte(): number
  /** The next n bytes; good until more is read. */
  take(n: number): DataView
  /** Passes over n bytes. */
  skip(n: number): void
}

const windowBytes = 2 ** 16

/** A cursor over a source from `start` on. @throws by `fail`, at the end of the source. */
export function pickleCursor(source: ByteSource, start: number, fail: Fail): PickleCursor {
  let window = new Uint8Array(0)
  /** Where the window starts in the source, and the next byte in the window. */
  let from = start
  let at = 0
  const skip = (n: number) => {
    if (!(n <= source.size - from - at)) fail('pickle: truncated')
    at += n
  }
  /** Has the window hold the next n bytes. */
  const need = (n: number) => {
    if (at + n <= window.length) return
    if (!(n <= source.size - from - at)) fail('pickle: truncated')
    from += at
    at = 0
    window = new Uint8Array(Math.min(source.size - from, Math.max(n, windowBytes)))
    source.readInto(window, from)
  }
  return {
    position: () => from + at,
    byte: () => {
      need(1)
      return window[at++]!
    },
    take: (n) => {
      need(n)
      at += n
      return new DataView(window.buffer, window.byteOffset + at - n, n)
    },
    skip,
  }
}
