import { show } from '../../fields.ts'
import type { SpecDifference } from '../../param-source.ts'
import type { AdmConfig } from './config.ts'
import { inferAdm, isClassifier } from './infer.ts'

/** The most basic field first. */
const fields = [
  'channelMult',
  'modelChannels',
  'inChannels',
  'outChannels',
  'numResBlocks',
  'resblockUpdown',
  'convResample',
  'useScaleShiftNorm',
  'numClasses',
  'attentionResolutions',
] as const

/**
 * Names the fields of an `adm` configuration that would explain how a file differs from it, where that can
 * be told; for the option `explain` of `loadParams`.
 */
export const admExplain =
  (config: AdmConfig) =>
  (difference: SpecDifference): string | undefined => {
    if (isClassifier(difference.file))
      return "it holds guided-diffusion's classifier (EncoderUNetModel), which is no network of a prior: --classifier guides one by it, and admClassifierForward runs it"
    const found = inferAdm(difference.file)
    if (found === undefined) return undefined
    if (found.inChannels === 2 * config.inChannels)
      return `its input has ${found.inChannels} channels, as that of guided-diffusion's SuperResModel for pictures of ${config.inChannels}, which is shown a small picture beside the noisy one: admSuperRes runs it, which is no prior; a network of ${found.inChannels}-channel pictures would have to say inChannels ${found.inChannels}`
    const normal = (name: (typeof fields)[number]) =>
      name === 'attentionResolutions' ? reached(config) : config[name]
    const wrong = fields.filter((name) => found[name] !== undefined && !same(found[name], normal(name)))
    return wrong.length === 0
      ? undefined
      : wrong
          .map((name) => `${name} would have to be ${show(found[name])} (it is ${show(config[name])})`)
          .join(', ')
  }

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Those of the factors that a level has, ascending. */
const reached = ({ attentionResolutions, channelMult }: AdmConfig): number[] =>
  channelMult.map((_, level) => 2 ** level).filter((factor) => attentionResolutions.includes(factor))
