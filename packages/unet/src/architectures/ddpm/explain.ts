import { show } from '../../fields.ts'
import type { SpecDifference } from '../../param-source.ts'
import type { DdpmConfig } from './config.ts'

type Find = (difference: SpecDifference, config: DdpmConfig) => string | undefined

const shapeOf = ({ reshaped }: SpecDifference, name: string) =>
  reshaped.find((entry) => entry.name === name)?.found
const says = (config: DdpmConfig, field: keyof DdpmConfig, value: unknown, at = '') =>
  `${field}${at} would have to be ${show(value)} (it is ${show(config[field])})`

/** A field that is the extent of a parameter along an axis. */
const extent =
  (field: keyof DdpmConfig, name: string, axis: number): Find =>
  (difference, config) => {
    const found = shapeOf(difference, name)?.[axis]
    return found === undefined || found === config[field] ? undefined : says(config, field, found)
  }

/** The numbers in names, as a pattern's group. */
const numbers = (names: readonly string[], pattern: RegExp): number[] =>
  names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
const least = (of: readonly number[]) => of.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
const most = (of: readonly number[]) => of.reduce((a, b) => Math.max(a, b), -1)

/** The causes, the most basic first: a wrong number of levels, say, explains wrong shapes everywhere. */
const causes: readonly Find[] = [
  ({ missing, unexpected }, { blockOutChannels: { length } }) => {
    const last = most(numbers(unexpected, /^down_blocks\.(\d+)\./)) + 1
    const first = least(numbers(missing, /^down_blocks\.(\d+)\.resnets\.0\.conv1\.weight$/))
    const levels = last > length ? last : first
    return levels > 0 && levels < Number.POSITIVE_INFINITY
      ? `blockOutChannels would have to have ${levels} levels (it has ${length})`
      : undefined
  },
  extent('inChannels', 'conv_in.weight', 1),
  extent('outChannels', 'conv_out.weight', 0),
  (d, config) => {
    const { blockOutChannels } = config
    const found = blockOutChannels.map(
      (c, i) => shapeOf(d, `down_blocks.${i}.resnets.0.conv1.weight`)?.[0] ?? c,
    )
    return found.some((c, i) => c !== blockOutChannels[i])
      ? says(config, 'blockOutChannels', found)
      : undefined
  },
  ({ missing, unexpected }, config) => {
    const layer = /^down_blocks\.\d+\.resnets\.(\d+)\./
    const [more, fewer] = [numbers(unexpected, layer), numbers(missing, layer)]
    if (more.length > 0) return says(config, 'layersPerBlock', most(more) + 1)
    return fewer.length > 0 ? says(config, 'layersPerBlock', least(fewer)) : undefined
  },
  extent('timeEmbeddingDim', 'time_embedding.linear_1.weight', 0),
  ({ missing, unexpected }, config) => {
    const attention = (names: readonly string[]) => names.find((name) => name.includes('.attentions.'))
    const field = (name: string) =>
      name.startsWith('mid') ? 'midAttention' : name.startsWith('down') ? 'downAttention' : 'upAttention'
    const [gone, extra] = [attention(missing), attention(unexpected)]
    const name = gone ?? extra
    if (name === undefined) return undefined
    const at = /_blocks\.(\d+)\./.exec(name)?.[1]
    return says(config, field(name), gone === undefined, at && `[${at}]`)
  },
]

/**
 * Names the field of a `ddpm` configuration that would explain how a file differs from it, where that can
 * be told; for the option `explain` of `loadParams`.
 */
export const ddpmExplain =
  (config: DdpmConfig) =>
  (difference: SpecDifference): string | undefined => {
    for (const find of causes) {
      const found = find(difference, config)
      if (found !== undefined) return found
    }
    return undefined
  }
