import type { Architecture } from '../architecture.ts'
import { edmEmbed } from './embedding.ts'
import { describeEdm, edmExplain } from './explain.ts'
import { edmConfigFromFields } from './fields.ts'
import { edmFormat } from './format.ts'
import { edmForward } from './forward.ts'
import { inferEdm } from './infer.ts'
import { initEdm } from './init.ts'
import { edmConfigToKwargs, kwargsOfInferred } from './kwargs.ts'
import { configurationOfScoreSde } from './score-sde.ts'
import { edmTraining } from './training.ts'
import type { EdmConfig } from './types.ts'
import { halvings } from './types.ts'

const denoises = ({ preconditioning }: EdmConfig): string | undefined =>
  preconditioning === null
    ? undefined
    : `is a denoiser of noise levels (preconditioning ${preconditioning.kind})`

/** The family of EDM's SongUNet (DDPM++, NCSN++) and DhariwalUNet, with what makes denoisers of them. */
export const edm: Architecture<EdmConfig> = {
  ...edmFormat,
  write: edmConfigToKwargs,
  configure: edmConfigFromFields,
  trainedOn: edmTraining,
  configurationIn: configurationOfScoreSde,
  infer: (shapes) => {
    const found = inferEdm(shapes)
    return found === undefined
      ? undefined
      : {
          fields: kwargsOfInferred(found),
          untold:
            'class_name (VPPrecond, VEPrecond, iDDPMPrecond or EDMPrecond) and, where it is not 0.5, sigma_data',
        }
  },
  describe: describeEdm,
  explain: edmExplain,
  init: initEdm,
  forward: (params, config, x, t, labels) =>
    edmForward(params, config, x, t, labels === undefined ? {} : { labels }),
  // The last stands for none: a label of zeros.
  classes: ({ labelDim }) => (labelDim === 0 ? null : labelDim + 1),
  conditional: {
    embed: edmEmbed,
    forward: (params, config, x, t, c) => edmForward(params, config, x, t, { c }),
  },
  sampleShape: ({ inChannels, imageSize }) => [inChannels, imageSize, imageSize],
  divisor: halvings,
  // Where the full resolution is reached again, the joined images of two levels, and their norm.
  channelsAtOnce: ({ channelMult: [first = 1, second = first], modelChannels }) =>
    2 * modelChannels * (first + second),
  needsMore: ({ labelDim }) =>
    labelDim === 0
      ? undefined
      : `is class-conditional (label_dim is ${labelDim}): a prior is asked without labels, as one can be that was trained with labelDrop`,
  denoises,
  untrainable: (config) => {
    const what = denoises(config)
    return what && `${what}: train the bare network, with predicts edm for EDM's denoiser`
  },
}
