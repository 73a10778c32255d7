import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ParamSource } from '../param-source.ts'

/** A source with the names of a model, and what was done to it, as sentences for the user. */
export interface PlainSource {
  readonly source: ParamSource
  readonly notes: readonly string[]
}

/**
 * The tensors of a file without the prefix that wrappers put before every name (`module.` of data-parallel training,
 * `model.` of Lightning, `ema.` …). It is taken off where the file holds one such set of weights and none under plain
 * names; tensors outside the set (an optimiser's state, say) are left out. Any other file is returned as it is.
 * @param first - The name of a parameter that the model expects.
 * @param path - Name of the file, for messages.
 * @throws {FileFormatError} where there are several sets, naming their prefixes.
 */
export function withoutPrefix(source: ParamSource, first: string, path: string): PlainSource {
  const names = source.entries.map(({ name }) => name)
  const prefixes = names
    .filter((name) => name.endsWith(`.${first}`))
    .map((name) => name.slice(0, -first.length))
  if (prefixes.length === 0 || names.includes(first)) return { source, notes: [] }
  const [prefix = '', other] = prefixes
  if (other !== undefined) {
    throw new FileFormatError(
      path,
      `holds ${prefixes.length} sets of weights, under ${prefixes.slice(0, 5).map(show).join(', ')}; save the one that is meant on its own`,
    )
  }
  const kept = source.entries.filter(({ name }) => name.startsWith(prefix))
  const left = names.filter((name) => !name.startsWith(prefix))
  const beside =
    left.length === 0 ? '' : `; ${left.length} others, such as ${show(left[0] ?? '')}, are left out`
  return {
    source: {
      entries: kept.map((entry) => ({ ...entry, name: entry.name.slice(prefix.length) })),
      values: (name) => source.values(prefix + name),
    },
    notes: [`${path}: the names begin with ${show(prefix)}, which is taken off${beside}`],
  }
}
