import type { Key } from '@tweedie/tensor'
import { full } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Architecture } from '../architecture.ts'
import { denoiserTraining } from '../trained-on.ts'
import type { DrunetConfig } from './config.ts'
import { shrinkage } from './config.ts'
import { describeDrunet, explainDrunet } from './describe.ts'
import { drunetConfigFromFields } from './fields.ts'
import { drunetFormat } from './format.ts'
import { drunetForward } from './forward.ts'
import { inferDrunet } from './infer.ts'
import { drunetSpec } from './spec.ts'

/** Layers that start at 0: every block starts as its shortcut, with factors of 1. */
const zero = /(\.res\.2|\.gain)\.(weight|bias)$/

/** Fresh parameters; each draws from a stream named after it. */
const init = (config: DrunetConfig, key: Key, options: InitOptions = {}) =>
  initParams(drunetSpec(config), key, options, (name, shape) =>
    zero.test(name) ? full(shape, 0, options) : undefined,
  )

/** The family of DRUNet, residual U-Nets without norms that denoise at a level that they are told. */
export const drunet: Architecture<DrunetConfig> = {
  ...drunetFormat,
  write: (config) => ({ ...config }),
  configure: drunetConfigFromFields,
  infer: (shapes) => {
    const found = inferDrunet(shapes)
    return found === undefined
      ? undefined
      : {
          fields: { ...found },
          untold: 'architecture (drunet), sampleSize and, where it is not relu, activation',
        }
  },
  // KAIR's networks for grey and colour pictures.
  trainedOn: (json, file) => denoiserTraining(json, file, [0, 50]),
  describe: describeDrunet,
  explain: explainDrunet,
  init,
  forward: drunetForward,
  sampleShape: ({ inChannels, sampleSize }) => [inChannels, ...sampleSize],
  divisor: shrinkage,
  // In a block at full resolution: its input, what lies between its convolutions, what the level got on the way in.
  channelsAtOnce: ({ widths: [first = 0] }) => 3 * first,
}
