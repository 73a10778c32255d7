import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ParamSource, PlainSource, WantedWeights } from '../param-source.ts'

/**
 * The tensors of a file without the prefix that wrappers put before every name (`module.` of data-parallel training,
 * `model.` of Lightning, `ema.` …). It is taken off where the file holds one such set of weights and none under plain
 * names; tensors outside the set (an optimiser's state, say) are left out. Any other file is returned as it is.
 * @throws {FileFormatError} where there are several sets, naming their prefixes.
 */
export function withoutPrefix(
  source: ParamSource,
  { landmark: first, path, key }: WantedWeights,
): PlainSource {
  const names = source.entries.map(({ name }) => name)
  const prefixes = names
    .filter((name) => (key ? name === `${key}.${first}` : name.endsWith(`.${first}`)))
    .map((name) => name.slice(0, -first.length))
  if (!key && (prefixes.length === 0 || names.includes(first))) return { source, notes: [] }
  const [prefix, other] = prefixes
  if (prefix === undefined || other !== undefined) {
    throw new FileFormatError(
      path,
      `holds ${prefixes.length} sets of weights, under ${prefixes.slice(0, 5).map(show).join(', ') || show(key)}; give the key of one`,
    )
  }
  const kept = source.entries.filter(({ name }) => name.startsWith(prefix))
  const left = names.filter((name) => !name.startsWith(prefix))
  const beside =
    left.length === 0 ? '' : `; ${left.length} others, such as ${show(left[0] ?? '')}, are left out`
  return {
    source: {
      entries: kept.map((entry) => ({ ...entry, name: entry.name.slice(prefix.length) })),
      values: (name, into) => source.values(prefix + name, into),
    },
    notes: [`${path}: the names begin with ${show(prefix)}, which is taken off${beside}`],
  }
}
