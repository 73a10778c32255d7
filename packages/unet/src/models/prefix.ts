import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import type { ParamSource, PlainSource, WantedWeights } from '../param-source.ts'

/**
 * The weights that are wanted, as the source itself finds them, or by {@link withoutPrefix}.
 * @throws {FileFormatError} where there are several sets and none is told.
 */
export const plainSource = (source: ParamSource, given: ParamSource, wanted: WantedWeights): PlainSource =>
  given.choose?.(source, wanted) ?? withoutPrefix(source, wanted)

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
    .filter((name) => name.endsWith(`.${first}`))
    .map((name) => name.slice(0, -first.length))
    .filter((prefix) => key === undefined || prefix === `${key}.`)
  if (key === undefined ? prefixes.length === 0 || names.includes(first) : key === '.')
    return { source, notes: [] }
  const [prefix, other] = prefixes
  if (prefix === undefined || other !== undefined) {
    const found =
      prefix === undefined
        ? `no weights under ${show(key)}`
        : `${prefixes.length} sets of weights, under ${prefixes.slice(0, 5).map(show).join(', ')}; give the key of the one that is meant`
    throw new FileFormatError(path, `holds ${found}`)
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
