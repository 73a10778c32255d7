import type { NetworkFormat } from '../format.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmConfigFromDiffusers, isDiffusers } from './diffusers.ts'
import { modernNames } from './names.ts'
import { ddpmSpec } from './spec.ts'

/** The files of diffusers' `UNet2DModel`, read without the explanations that `ddpm` has. */
export const ddpmFormat: NetworkFormat<DdpmConfig> = {
  name: 'ddpm',
  title: 'diffusers UNet2DModel',
  landmarks: ['conv_in.weight', 'time_embedding.linear_1.weight'],
  detect: isDiffusers,
  parse: ddpmConfigFromDiffusers,
  spec: ddpmSpec,
  rename: modernNames,
}
