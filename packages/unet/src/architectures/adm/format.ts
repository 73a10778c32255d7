import type { NetworkFormat } from '../format.ts'
import type { AdmConfig } from './config.ts'
import { admConfigFromWeights, isGuided } from './guided.ts'
import { admSpec } from './spec.ts'

/** The files of guided-diffusion's `UNetModel`, read without the explanations that `adm` has. */
export const admFormat: NetworkFormat<AdmConfig> = {
  name: 'adm',
  title: 'guided-diffusion UNetModel',
  landmarks: ['time_embed.0.weight', 'input_blocks.0.0.weight'],
  detect: isGuided,
  parse: admConfigFromWeights,
  spec: admSpec,
}
