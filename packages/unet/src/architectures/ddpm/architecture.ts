import type { Architecture } from '../architecture.ts'
import { sampleShape } from './config.ts'
import { describeDdpm } from './describe.ts'
import { ddpmConfigFromDiffusers, ddpmConfigToDiffusers } from './diffusers.ts'
import { ddpmExplain } from './explain.ts'
import { ddpmConfigFromFields } from './fields.ts'
import { ddpmFormat } from './format.ts'
import { formerNames } from './former-names.ts'
import { inferDdpm } from './infer.ts'
import { initDdpm } from './init.ts'
import { ddpmSpec } from './spec.ts'
import type { DdpmConfig } from './types.ts'
import { ddpmEmbed, isTold, timeRefused } from './varied/embed.ts'
import { variedForward, variedForwardEmbedded, whatItIsTold } from './varied/forward.ts'
import { variantOf } from './varied/variant.ts'

/** The family of diffusers' `UNet2DModel`, with all its variants. */
export const ddpm: Architecture<DdpmConfig> = {
  ...ddpmFormat,
  parse: ddpmConfigFromDiffusers,
  spec: ddpmSpec,
  rename: formerNames,
  write: ddpmConfigToDiffusers,
  configure: ddpmConfigFromFields,
  infer: inferDdpm,
  describe: describeDdpm,
  explain: ddpmExplain,
  init: initDdpm,
  forward: variedForward,
  classes: (config) => variantOf(config).numClasses,
  conditional: { embed: ddpmEmbed, forward: variedForwardEmbedded },
  sampleShape,
  divisor: ({ blockOutChannels }) => 2 ** (blockOutChannels.length - 1),
  // Where the full resolution is reached again, the joined images of two levels, and their norm.
  channelsAtOnce: ({ blockOutChannels: [first = 0, second = first] }) => 2 * (first + second),
  needsMore: (config) =>
    isTold(variantOf(config))
      ? `has to be told ${whatItIsTold(config)}: a prior is asked without labels, as one can be that was trained with labelDrop, whose last class is none`
      : undefined,
  refusesTime: timeRefused,
}
