import { show } from '../../fields.ts'
import type { NamedShapes, SpecDifference } from '../../param-source.ts'
import { inferEdm } from './infer.ts'
import { scoreSde } from './score-sde.ts'
import type { EdmConfig } from './types.ts'
import { networkOutputs } from './types.ts'

/** The most basic field first. */
const fields = [
  'network',
  'imageSize',
  'channelMult',
  'modelChannels',
  'inChannels',
  'outChannels',
  'numBlocks',
  'labelDim',
  'augmentDim',
  'embeddingType',
  'channelMultNoise',
  'channelMultEmb',
  'encoderType',
  'decoderType',
  'resampleFilter',
  'attnResolutions',
] as const

/**
 * Names the fields of an `edm` configuration that would explain how a file differs from it, where that can be told; for the
 * option `explain` of `loadParams`.
 */
export const edmExplain =
  (config: EdmConfig) =>
  (difference: SpecDifference): string | undefined => {
    const found = inferEdm(difference.file)
    if (found === undefined) return scoreSde(difference.file)
    const wrong = fields.filter(
      (name) => found[name] !== undefined && !same(found[name], normal(config, name)),
    )
    const said = wrong.map(
      (name) => `${name} would have to be ${show(found[name])} (it is ${show(normal(config, name))})`,
    )
    if (difference.unexpected.includes('u')) said.push("'u' is of a network of iDDPMPrecond")
    return said.length === 0 ? undefined : said.join(', ')
  }

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** A field as {@link inferEdm} tells it. */
function normal(config: EdmConfig, name: (typeof fields)[number]): unknown {
  if (name === 'outChannels') return networkOutputs(config)
  if (name !== 'attnResolutions') return config[name]
  const sides = config.channelMult.map((_, level) => Math.floor(config.imageSize / 2 ** level))
  return sides.filter((side) => config.attnResolutions.includes(side))
}

/** Channels, base width and what it is told, from names and shapes of an `edm` network. */
export function describeEdm(shapes: NamedShapes): string {
  const found = inferEdm(shapes)
  if (found === undefined) return 'parts of one'
  const {
    network,
    inChannels,
    imageSize,
    modelChannels,
    labelDim = 0,
    augmentDim = 0,
    encoderType,
    embeddingType,
  } = found
  const kind =
    network === 'DhariwalUNet'
      ? ''
      : ` with ${embeddingType} embedding and ${encoderType ?? 'standard'} encoder`
  const classes = labelDim === 0 ? '' : `, ${labelDim} classes`
  const augmented = augmentDim === 0 ? '' : `, told of ${augmentDim} augmentations`
  return `${inChannels} input channels, ${imageSize}×${imageSize}, base width ${modelChannels}, ${network}${kind}${classes}${augmented}`
}
