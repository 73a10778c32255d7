import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ArraySource } from './arrays.ts'
import type { Checkpoint } from './checkpoint.ts'

/** Keys that a message names, at most. */
const mostNamed = 10

/** The keys that arrays lie under, outermost, with how many do. */
function keysOf(file: Pick<ArraySource, 'entries'>): string {
  const counts = new Map<string, number>()
  for (const { name } of file.entries) {
    const [, key] = /^([^.]*)\../s.exec(name) ?? []
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const named = [...counts].slice(0, mostNamed).map(([key, count]) => `${show(key)} (${count} tensors)`)
  const more = counts.size > mostNamed ? ` and ${counts.size - mostNamed} more` : ''
  return named.length === 0 ? 'none of its names has a key' : `there are ${named.join(', ')}${more}`
}

/**
 * What of a file lies under a key, such as `ema` or `state_dict.model`: the names without it.
 * @param path - Name of the file, for messages.
 * @throws {FileFormatError} where there is nothing, with the keys that there are.
 * @example
 * ```ts
 * import { openCheckpoint, underKey, writeNpz } from '@tweedie/unet'
 * const array = { shape: [1], values: [2] }
 * const file = openCheckpoint(writeNpz({ 'ema.w': array, 'model.w': array }), 'a.npz')
 * underKey(file, 'ema', 'a.npz').entries.map(({ name }) => name) // => ['w']
 * ```
 */
export function underKey(file: Checkpoint, key: string, path: string): Checkpoint {
  const prefix = `${key}.`
  const inside = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all
      .filter(({ name }) => name.startsWith(prefix))
      .map((each) => ({ ...each, name: each.name.slice(prefix.length) }))
  const entries = inside(file.entries)
  if (entries.length === 0)
    throw new FileFormatError(path, `holds nothing under the key ${show(key)}; ${keysOf(file)}`)
  return {
    ...file,
    entries,
    beside: inside(file.beside),
    stored: (name) => file.stored(prefix + name),
    values: (name, into) => file.values(prefix + name, into),
  }
}
