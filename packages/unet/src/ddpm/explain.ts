import type { SpecDifference } from '../checkpoint/load.ts'
import type { DdpmConfig } from './config.ts'

type Find = (difference: SpecDifference, config: DdpmConfig) => string | undefined

const shapeOf = ({ reshaped }: SpecDifference, name: string) =>
  reshaped.find((entry) => entry.name === name)?.found
const says = (field: keyof DdpmConfig, value: unknown, now: unknown) =>
  `${field} would have to be ${JSON.stringify(value)} (it is ${JSON.stringify(now)})`

const level = /^(down|up)_blocks\.(\d+)\./

/** The causes, the most basic first: a wrong number of levels, say, explains wrong shapes everywhere. */
const causes: readonly Find[] = [
  ({ missing, unexpected }, { blockOutChannels }) => {
    const extra = unexpected
      .map((name) => level.exec(name))
      .filter((m) => m?.[1] === 'down')
      .map((m) => Number(m![2]) + 1)
    const most = extra.reduce((a, b) => Math.max(a, b), 0)
    if (most > blockOutChannels.length)
      return `blockOutChannels would have to have ${most} levels (it has ${blockOutChannels.length})`
    const gone = new Set(
      missing.filter((name) => name.endsWith('.resnets.0.conv1.weight')).map((name) => level.exec(name)?.[0]),
    )
    const first = blockOutChannels.findIndex((_, i) => gone.has(`down_blocks.${i}.`))
    return first > 0
      ? `blockOutChannels would have to have ${first} levels (it has ${blockOutChannels.length})`
      : undefined
  },
  (d, { inChannels }) => {
    const found = shapeOf(d, 'conv_in.weight')
    return found?.[1] !== undefined && found[1] !== inChannels
      ? says('inChannels', found[1], inChannels)
      : undefined
  },
  (d, { outChannels }) => {
    const found = shapeOf(d, 'conv_out.weight')
    return found?.[0] !== undefined && found[0] !== outChannels
      ? says('outChannels', found[0], outChannels)
      : undefined
  },
  (d, { blockOutChannels }) => {
    const found = blockOutChannels.map(
      (c, i) => shapeOf(d, `down_blocks.${i}.resnets.0.conv1.weight`)?.[0] ?? c,
    )
    return found.some((c, i) => c !== blockOutChannels[i])
      ? says('blockOutChannels', found, blockOutChannels)
      : undefined
  },
  ({ missing, unexpected }, { layersPerBlock }) => {
    const layers = (names: readonly string[]) =>
      names.flatMap((name) => /^down_blocks\.\d+\.resnets\.(\d+)\./.exec(name)?.[1] ?? []).map(Number)
    const more = layers(unexpected)
    if (more.length > 0)
      return says('layersPerBlock', more.reduce((a, b) => Math.max(a, b)) + 1, layersPerBlock)
    const fewer = layers(missing)
    return fewer.length > 0
      ? says(
          'layersPerBlock',
          fewer.reduce((a, b) => Math.min(a, b)),
          layersPerBlock,
        )
      : undefined
  },
  (d, { timeEmbeddingDim }) => {
    const found = shapeOf(d, 'time_embedding.linear_1.weight')
    return found?.[0] === undefined ? undefined : says('timeEmbeddingDim', found[0], timeEmbeddingDim)
  },
  ({ missing, unexpected }, config) => {
    const attention = (names: readonly string[]) => names.find((name) => name.includes('.attentions.'))
    const field = (name: string) =>
      name.startsWith('mid') ? 'midAttention' : name.startsWith('down') ? 'downAttention' : 'upAttention'
    const [gone, extra] = [attention(missing), attention(unexpected)]
    const name = gone ?? extra
    if (name === undefined) return undefined
    const at = /_blocks\.(\d+)\./.exec(name)?.[1]
    const place = at === undefined ? field(name) : `${field(name)}[${at}]`
    return `${place} would have to be ${gone === undefined} (it is ${JSON.stringify(config[field(name)])})`
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
