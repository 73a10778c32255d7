import type { ArrayEntry, ArraySource } from './arrays.ts'
import type { Pieces } from './bytes.ts'

/** The name in a safetensors file's metadata of the configuration that its network has, as JSON. */
export const configurationKey = 'network_configuration'

/** A file of named arrays in whatever format: what it lists now, what is read when it is asked for. */
export interface Checkpoint<Entry extends ArrayEntry = ArrayEntry> extends ArraySource<Entry> {
  readonly format: 'safetensors' | 'torch' | 'npz' | 'npy'
  /** What a safetensors file says of itself; of other formats nothing. */
  readonly metadata: Readonly<Record<string, string>>
  /** What lies beside the arrays and is not read: its name, and what it is in a word. */
  readonly beside: readonly { readonly name: string; readonly what: string }[]
  /**
   * The elements of an entry as they are stored, row-major and little-endian.
   * @throws {FileFormatError} as {@link ArraySource.values}.
   */
  stored(name: string): Pieces
}
