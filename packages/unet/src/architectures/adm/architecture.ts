import type { Architecture } from '../architecture.ts'
import { linearTraining } from '../trained-on.ts'
import type { AdmConfig } from './config.ts'
import { levelChannels } from './config.ts'
import { describeAdm } from './describe.ts'
import { admExplain } from './explain.ts'
import { admConfigFromFields } from './fields.ts'
import { learnedPipeline, trainedByFlags } from './flags.ts'
import { admFormat } from './format.ts'
import { admEmbed, admForward, admForwardEmbedded } from './forward.ts'
import { admConfigToGuided, guidedNames } from './guided.ts'
import { inferAdm } from './infer.ts'
import { initAdm } from './init.ts'

/** The family of guided-diffusion's `UNetModel`. */
export const adm: Architecture<AdmConfig> = {
  ...admFormat,
  write: admConfigToGuided,
  configure: admConfigFromFields,
  trainedOn: (json, file, { inChannels, outChannels }) => {
    const told = trainedByFlags(json, file)
    if (told !== undefined) return told
    return {
      trainedOn: {
        ...linearTraining(1000),
        ...(outChannels === 2 * inChannels && { pipeline: learnedPipeline }),
      },
      note: "does not say its schedule: taken is guided-diffusion's default, linear βs, T = 1000, predicts epsilon; a scheduler_config.json beside it would say another",
    }
  },
  infer: (shapes) => {
    const found = inferAdm(shapes)
    return found === undefined
      ? undefined
      : {
          fields: guidedNames(found),
          untold: 'image_size, num_heads or num_head_channels and, where it is so, use_new_attention_order',
        }
  },
  describe: describeAdm,
  explain: admExplain,
  init: initAdm,
  forward: admForward,
  classes: ({ numClasses }) => numClasses,
  conditional: { embed: admEmbed, forward: admForwardEmbedded },
  sampleShape: ({ inChannels, imageSize }) => [inChannels, imageSize, imageSize],
  divisor: ({ channelMult }) => 2 ** (channelMult.length - 1),
  // Where the full resolution is reached again, the joined images of two levels, and their norm.
  channelsAtOnce: (config) => {
    const [first = 0, second = first] = levelChannels(config)
    return 2 * (first + second)
  },
  needsMore: ({ numClasses }) =>
    numClasses === null
      ? undefined
      : `is class-conditional (num_classes is ${numClasses}): a prior is asked without labels, as one can be that was trained with labelDrop, whose last class is none; predictor(network, { label }) is that of one class`,
}
