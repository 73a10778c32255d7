import type { Architecture } from '../architecture.ts'
import type { DdpmConfig } from './config.ts'
import { sampleShape } from './config.ts'
import { describeDdpm } from './describe.ts'
import { ddpmConfigToDiffusers } from './diffusers.ts'
import { ddpmExplain } from './explain.ts'
import { ddpmConfigFromFields } from './fields.ts'
import { ddpmFormat } from './format.ts'
import { ddpmForward } from './forward.ts'
import { initDdpm } from './init.ts'

/** The family of diffusers' `UNet2DModel`. */
export const ddpm: Architecture<DdpmConfig> = {
  ...ddpmFormat,
  write: ddpmConfigToDiffusers,
  configure: ddpmConfigFromFields,
  describe: describeDdpm,
  explain: ddpmExplain,
  init: initDdpm,
  forward: ddpmForward,
  sampleShape,
  divisor: ({ blockOutChannels }) => 2 ** (blockOutChannels.length - 1),
  // Where the full resolution is reached again, the joined images of two levels, and their norm.
  channelsAtOnce: ({ blockOutChannels: [first = 0, second = first] }) => 2 * (first + second),
}
