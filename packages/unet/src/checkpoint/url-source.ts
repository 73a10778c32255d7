import { FileFormatError } from '@tweedie/tensor'
import type { Progress } from './body.ts'
import { bodyOf } from './body.ts'
import { memorySource } from './bytes.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import type { RemoteSource } from './remote-source.ts'
import { ofSource } from './remote-source.ts'

export interface UrlOptions {
  /** Ends what is under way; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called as bytes arrive: those of all that was fetched so far, and the length of the file where it is known. */
  readonly onProgress?: (progress: Progress) => void
  /** In place of the global `fetch`. */
  readonly fetch?: (address: string, init: RequestInit) => Promise<Response>
}

/** What is asked for first: enough for most headers. */
const firstBytes = 2 ** 16

/**
 * The bytes of an address, by ranges where the server gives ranges of a file whose length it says (HTTP 206, RFC 9110 §14),
 * else fetched whole, now. Redirects are followed.
 * @throws {FileFormatError} for an answer that is none, a file that changes between two ranges, and bodies that are cut.
 */
export async function urlSource(address: string, options: UrlOptions = {}): Promise<RemoteSource> {
  const fail: Fail = failIn(address)
  const { signal, onProgress, fetch = globalThis.fetch } = options
  const ask = async (range: string | undefined): Promise<Response> => {
    const init = {
      ...(range === undefined ? {} : { headers: { range: `bytes=${range}` } }),
      ...(signal === undefined ? {} : { signal }),
    }
    const response = await fetch(address, init)
    if (response.ok || response.status === 416) return response
    return fail(`cannot be fetched: HTTP ${response.status} ${response.statusText}`.trim())
  }
  const asking = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (error instanceof FileFormatError) throw error
      return fail(`cannot be fetched: ${(error as Error).message}`)
    }
  }
  const whole = async (response: Response) => ofSource(memorySource(await bodyOf(response, onProgress, fail)))
  return asking(async () => {
    const first = await ask(`0-${firstBytes - 1}`)
    const { size } = rangeOf(first)
    if (first.status === 416)
      return size === 0 ? ofSource(memorySource(new Uint8Array(0))) : whole(await ask(undefined))
    if (first.status !== 206) return whole(first)
    if (size === undefined || !isPlain(first)) {
      await first.body?.cancel()
      return whole(await ask(undefined))
    }
    const total = size
    let loaded = 0
    const part = async (response: Response, offset: number, length: number): Promise<Uint8Array> => {
      const range = rangeOf(response)
      if (response.status !== 206 || !isPlain(response) || range.start !== offset)
        fail(
          `byte ${offset} was asked for, the server answers with HTTP ${response.status} and byte ${range.start ?? 0}`,
        )
      if (range.size !== total || versionOf(response) !== version) fail('was changed while it was being read')
      const bytes = await bodyOf(
        response,
        (now) => onProgress?.({ loaded: loaded + now.loaded, total }),
        fail,
      )
      loaded += bytes.length
      if (bytes.length === length) return bytes
      return fail(`was cut off: ${bytes.length} of ${length} bytes from byte ${offset} on arrived`)
    }
    const version = versionOf(first)
    const start = await part(first, 0, Math.min(firstBytes, total))
    return {
      size: total,
      start,
      read: (offset, length) =>
        asking(async () => part(await ask(`${offset}-${offset + length - 1}`), offset, length)),
    }
  })
}

const isPlain = (response: Response): boolean =>
  (response.headers.get('content-encoding') ?? 'identity') === 'identity'

/** What a server says of the version of a file. */
const versionOf = ({ headers }: Response): string => headers.get('etag') ?? headers.get('last-modified') ?? ''

/** `bytes 0-99/1234`: where a range starts, and the length of the whole file; undefined for what is not said. */
function rangeOf({ headers }: Response): { readonly start?: number; readonly size?: number } {
  const [, start, size] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
  const count = (text: string | undefined) =>
    text === undefined || !Number.isSafeInteger(Number(text)) ? undefined : Number(text)
  const [from, whole] = [count(start), count(size)]
  return { ...(from === undefined ? {} : { start: from }), ...(whole === undefined ? {} : { size: whole }) }
}
