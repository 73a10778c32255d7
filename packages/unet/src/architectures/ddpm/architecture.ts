import type { Architecture } from '../architecture.ts'
import type { DdpmConfig } from './config.ts'
import { sampleShape } from './config.ts'
import { describeDdpm } from './describe.ts'
import { ddpmConfigFromDiffusers, ddpmConfigToDiffusers, isDiffusers } from './diffusers.ts'
import { ddpmExplain } from './explain.ts'
import { ddpmConfigFromFields } from './fields.ts'
import { ddpmForward } from './forward.ts'
import { initDdpm } from './init.ts'
import { modernNames } from './names.ts'
import { ddpmSpec } from './spec.ts'

/** The family of diffusers' `UNet2DModel`. */
export const ddpm: Architecture<DdpmConfig> = {
  name: 'ddpm',
  title: 'diffusers UNet2DModel',
  landmarks: ['conv_in.weight', 'time_embedding.linear_1.weight'],
  detect: isDiffusers,
  parse: ddpmConfigFromDiffusers,
  write: ddpmConfigToDiffusers,
  configure: ddpmConfigFromFields,
  spec: ddpmSpec,
  rename: modernNames,
  describe: describeDdpm,
  explain: ddpmExplain,
  init: initDdpm,
  forward: ddpmForward,
  sampleShape,
  divisor: ({ blockOutChannels }) => 2 ** (blockOutChannels.length - 1),
  // Where the full resolution is reached again, the joined images of two levels, and their norm.
  channelsAtOnce: ({ blockOutChannels: [first = 0, second = first] }) => 2 * (first + second),
}
