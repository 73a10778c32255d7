import type { ParamSource } from '../../param-source.ts'

/** Without the counters of PyTorch's batch norms, which evaluation has no use for. */
export const withoutCounters = (source: ParamSource): ParamSource => ({
  entries: source.entries.filter(({ name }) => !name.endsWith('.num_batches_tracked')),
  values: (name) => source.values(name),
})

/** ε that bias_free_denoising adds to the deviation. */
const epsilon = 1e-5

/** An array of a file under another name and in another form. */
interface Renamed {
  readonly name: string
  readonly from: string
  readonly shape: readonly number[]
  readonly change?: (value: number) => number
}

const prefix = /^(.*?)(?:BN_layers|first_layer|hidden_layer_list|last_layer|bn_layer_list)\./

/**
 * BF_CNN's arrays under the names of universal_inverse_problem, whose later files have norms under `BN_layers` and whose
 * predecessor bias_free_denoising has `first_layer`, `hidden_layer_list`, `last_layer` and, as PyTorch's batch norms would
 * keep them, `bn_layer_list`: there the divisor is √running_var + ε, and means and biases are not used.
 */
export function bfCnnNames(source: ParamSource): ParamSource {
  const start = source.entries.flatMap(({ name }) => prefix.exec(name)?.[1] ?? [])[0]
  if (start === undefined) return source
  const hidden = source.entries.filter(({ name }) => name.startsWith(`${start}hidden_layer_list.`)).length
  const renamed = source.entries.flatMap(({ name, shape }) => rename(name, shape, start, hidden))
  const byName = new Map(renamed.map((entry) => [entry.name, entry]))
  return {
    entries: renamed.map(({ name, shape }) => ({ name, shape })),
    values: (name) => {
      const { from = name, change } = byName.get(name) ?? {}
      const values = source.values(from)
      return change === undefined ? values : values.map(change)
    },
  }
}

function rename(name: string, shape: readonly number[], start: string, hidden: number): Renamed[] {
  const same = { name, from: name, shape }
  if (!name.startsWith(start)) return [same]
  const own = name.slice(start.length)
  const [, layer, part] = /^BN_layers\.(\d{1,4})\.(running_sd|gammas)$/.exec(own) ?? []
  if (layer !== undefined) return [{ ...same, name: `${start}${part}.${layer}` }]
  if (own === 'first_layer.weight') return [{ ...same, name: `${start}conv_layers.0.weight` }]
  if (own === 'last_layer.weight') return [{ ...same, name: `${start}conv_layers.${hidden + 1}.weight` }]
  const [, place] = /^hidden_layer_list\.(\d{1,4})\.weight$/.exec(own) ?? []
  if (place !== undefined) return [{ ...same, name: `${start}conv_layers.${Number(place) + 1}.weight` }]
  const [, norm, kind] = /^bn_layer_list\.(\d{1,4})\.(\w+)$/.exec(own) ?? []
  if (norm === undefined) return [same]
  const broad = [1, shape[0] ?? 0, 1, 1]
  if (kind === 'weight') return [{ name: `${start}gammas.${norm}`, from: name, shape: broad }]
  if (kind === 'running_var')
    return [
      {
        ...{ name: `${start}running_sd.${norm}`, from: name, shape: broad },
        change: (value) => Math.sqrt(value) + epsilon,
      },
    ]
  return ['bias', 'running_mean', 'num_batches_tracked'].includes(kind ?? '') ? [] : [same]
}
