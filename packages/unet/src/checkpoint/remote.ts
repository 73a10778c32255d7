import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ParamSource } from '../param-source.ts'
import type { ArrayEntry } from './arrays.ts'
import { isElementType } from './arrays.ts'
import type { ByteSource } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { openCheckpoint } from './open.ts'
import type { RemoteSource } from './remote-source.ts'
import type { UrlOptions } from './url-source.ts'
import { urlSource } from './url-source.ts'

/** A file of arrays whose bytes come some time after they are asked for: what it lists now, an array when it is asked for. */
export interface RemoteCheckpoint
  extends Pick<Checkpoint<ArrayEntry>, 'format' | 'entries' | 'metadata' | 'beside'> {
  /** Bytes of the file. */
  readonly size: number
  /** The elements of an entry, as {@link Checkpoint} gives them. */
  values(name: string): Promise<Float32Array | Float64Array>
  /**
   * Parameters for `loadPrior` and `loadParams`: all arrays whose types are read, or those that `keep` says, in memory. Each is
   * handed out once, so that no tensor is there twice.
   */
  load(keep?: (name: string) => boolean): Promise<ParamSource>
}

/**
 * Opens a file that a user chose in a page (a `File` is a `Blob`), of any size, in whatever format it is: by slices, only what
 * lists the arrays now.
 * @param name - What messages call it; a file's own name where it is left out.
 * @throws {FileFormatError} as {@link openCheckpoint}.
 * @example
 * ```ts
 * import { openBlob, writeNpz } from '@tweedie/unet'
 * const file = new Blob([Uint8Array.from(writeNpz({ w: { shape: [2], values: [1, 2] } }))])
 * const checkpoint = await openBlob(file, 'weights.npz')
 * checkpoint.entries.map(({ name }) => name) // => ['w']
 * await checkpoint.values('w') // => [1, 2]
 * ```
 */
export const openBlob = (blob: Blob, name = nameOf(blob)): Promise<RemoteCheckpoint> =>
  openRemote(
    {
      size: blob.size,
      read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    },
    name,
  )

const nameOf = (blob: Blob): string =>
  'name' in blob && typeof blob.name === 'string' ? blob.name : 'the file'

/**
 * Opens a file at an address, in whatever format it is: by ranges where the server gives them, else whole. Redirects are
 * followed.
 * @throws {FileFormatError} as {@link openCheckpoint}; where there is no answer, another one than was asked for, a body that is
 *   cut, or a file that changes meanwhile.
 * @example
 * ```ts
 * import { openUrl } from '@tweedie/unet'
 * const fetch = async () => new Response('version https://git-lfs.github.com/spec/v1')
 * const wrong = await openUrl('https://example.org/w.safetensors', { fetch }).catch((error) => error.message)
 * wrong.includes('is a git-lfs pointer') // => true
 * ```
 */
export const openUrl = async (address: string | URL, options: UrlOptions = {}): Promise<RemoteCheckpoint> =>
  openRemote(await urlSource(String(address), options), String(address))

/** Bytes that have to be fetched before a reader can go on. */
class Missing extends Error {
  readonly offset: number
  readonly length: number
  constructor(offset: number, length: number) {
    super('not there yet')
    this.offset = offset
    this.length = length
  }
}

/** What is fetched at least, so that headers one behind the other come together. */
const ahead = 2 ** 16
/** What is kept of what was fetched. */
const keptBytes = 2 ** 23

/**
 * Opens a remote source. The readers are those of files: what they miss is fetched, and they are run once more.
 * @throws {FileFormatError} as {@link openCheckpoint}.
 */
export async function openRemote(remote: RemoteSource, file: string): Promise<RemoteCheckpoint> {
  const fetched: { readonly offset: number; readonly bytes: Uint8Array }[] =
    remote.start === undefined ? [] : [{ offset: 0, bytes: remote.start }]
  const holding = (offset: number, length: number) =>
    fetched.find((range) => range.offset <= offset && offset + length <= range.offset + range.bytes.length)
  const need = (offset: number, length: number) => {
    const range = holding(offset, length)
    if (range === undefined) throw new Missing(offset, length)
    return range.bytes.subarray(offset - range.offset, offset - range.offset + length)
  }
  const source: ByteSource = {
    size: remote.size,
    readInto: (target, offset) => {
      if (target.length > 0) target.set(need(offset, target.length))
    },
    announce: (offset, length) => {
      if (length > 0) need(offset, length)
    },
  }
  const run = async <T>(work: () => T): Promise<T> => {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!(error instanceof Missing)) throw error
        const { offset } = error
        const length = Math.min(Math.max(error.length, ahead), remote.size - offset)
        fetched.push({ offset, bytes: await remote.read(offset, length) })
      }
    }
  }
  /** Lets go of what was fetched first, and of what is large. */
  const tidy = () => {
    let kept = 0
    for (let i = fetched.length - 1; i >= 0; i--) {
      const { length } = fetched[i]?.bytes ?? { length: 0 }
      if (kept + length > keptBytes) fetched.splice(i, 1)
      else kept += length
    }
  }
  const checkpoint = await run(() => openCheckpoint(source, file))
  const { format, entries, metadata, beside, choose } = checkpoint
  const values = async (name: string) => {
    try {
      return await run(() => checkpoint.values(name))
    } finally {
      tidy()
    }
  }
  tidy()
  return {
    ...{ format, entries, metadata, beside, values },
    size: remote.size,
    load: async (keep = () => true) => {
      const arrays = new Map<string, Float32Array | Float64Array>()
      const wanted = entries.filter(({ name, dtype }) => isElementType(dtype) && keep(name))
      for (const { name } of wanted) arrays.set(name, await values(name))
      return {
        entries: wanted,
        values: (name) => {
          const array = arrays.get(name)
          arrays.delete(name)
          if (array !== undefined) return array
          throw new FileFormatError(file, `holds no tensor ${show(name)}, or it was handed out before`)
        },
        ...(choose === undefined ? {} : { choose }),
      }
    },
  }
}
