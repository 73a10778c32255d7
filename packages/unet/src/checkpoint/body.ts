import type { Fail } from './fail.ts'

/** Bytes so far, and of how many where that is known. */
export interface Progress {
  readonly loaded: number
  readonly total: number | undefined
}

/**
 * The body of a response, and word of its progress.
 * @throws {FileFormatError} where it ends before the length that the server gave.
 */
export async function bodyOf(
  response: Response,
  onProgress: ((progress: Progress) => void) | undefined,
  fail: Fail,
): Promise<Uint8Array> {
  // content-length counts the bytes on the wire, which are fewer than those that arrive here where they are compressed.
  const plain = (response.headers.get('content-encoding') ?? 'identity') === 'identity'
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const total = plain && length >= 0 ? length : undefined
  const parts: Uint8Array[] = []
  let loaded = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    parts.push(part.value)
    loaded += part.value.length
    onProgress?.({ loaded, total })
  }
  if (total !== undefined && loaded !== total) fail(`was cut off: ${loaded} of ${total} bytes arrived`)
  const bytes = new Uint8Array(loaded)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
