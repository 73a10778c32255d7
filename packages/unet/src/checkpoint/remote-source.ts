import type { ByteSource } from './bytes.ts'
import { readRange } from './bytes.ts'

/** Bytes that come some time after they are asked for. */
export interface RemoteSource {
  readonly size: number
  /** The first bytes, where they are there already. */
  readonly start?: Uint8Array
  /** `length` bytes from `offset` on, all of which are there. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** A source that is there as one that may be waited for. */
export const ofSource = (source: ByteSource): RemoteSource => ({
  size: source.size,
  read: async (offset, length) => readRange(source, offset, length),
})
