import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { full } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Architecture } from '../architecture.ts'
import { denoiserTraining } from '../trained-on.ts'
import type { BfCnnConfig, Chain, DncnnConfig } from './config.ts'
import { describeBfCnn, describeDncnn, explainBfCnn, explainDncnn } from './describe.ts'
import { bfCnnConfigFromFields, dncnnConfigFromFields } from './fields.ts'
import { bfCnnFormat, dncnnFormat } from './format.ts'
import { bfCnnForward, dncnnForward } from './forward.ts'
import { inferBfCnn, inferDncnn } from './infer.ts'
import { bfCnnSpec, dncnnSpec } from './spec.ts'

/** Deviations and variances that a training would have measured start at 1, means at 0. */
function fresh(options: InitOptions) {
  return (name: string, shape: Shape): Tensor | undefined => {
    if (/(^|\.)(running_var|running_sd|gammas)(\.\d+)?$/.test(name)) return full(shape, 1, options)
    return name.endsWith('.running_mean') ? full(shape, 0, options) : undefined
  }
}

const shared = {
  sampleShape: ({ inChannels, sampleSize }: Chain) => [inChannels, ...sampleSize] as const,
  divisor: () => 1,
  // A convolution's input and output.
  channelsAtOnce: ({ width }: Chain) => 2 * width,
}

/** The family of DnCNN, chains of convolutions that predict the noise. */
export const dncnn: Architecture<DncnnConfig> = {
  ...dncnnFormat,
  ...shared,
  write: (config) => ({ ...config }),
  configure: dncnnConfigFromFields,
  infer: (shapes) => {
    const found = inferDncnn(shapes)
    return found && { fields: { ...found }, untold: 'architecture (dncnn) and sampleSize' }
  },
  // KAIR's blind networks; others are of one level each.
  trainedOn: (json, file) => denoiserTraining(json, file, [0, 55]),
  describe: describeDncnn,
  explain: explainDncnn,
  init: (config: DncnnConfig, key: Key, options: InitOptions = {}) =>
    initParams(dncnnSpec(config), key, options, fresh(options)),
  forward: dncnnForward,
  untrainable: ({ norm }) =>
    norm ? 'has batch norms, whose statistics no training here measures; norm false would do' : undefined,
}

/** The family of BF_CNN, chains of convolutions to which no constant is added. */
export const bfCnn: Architecture<BfCnnConfig> = {
  ...bfCnnFormat,
  ...shared,
  write: (config) => ({ ...config }),
  configure: bfCnnConfigFromFields,
  infer: (shapes) => {
    const found = inferBfCnn(shapes)
    return (
      found && {
        fields: { ...found },
        untold: 'architecture (bf_cnn), sampleSize and, where it is so, firstLinear',
      }
    )
  },
  trainedOn: (json, file) => denoiserTraining(json, file, [0, 100]),
  describe: describeBfCnn,
  explain: explainBfCnn,
  init: (config: BfCnnConfig, key: Key, options: InitOptions = {}) =>
    initParams(bfCnnSpec(config), key, options, fresh(options)),
  forward: bfCnnForward,
  untrainable: () => 'has norms of measured deviations, which no training here measures',
}
