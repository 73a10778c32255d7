import type { NetworkFormat } from '../format.ts'
import { modernNames } from './names.ts'
import { isDiffusers, plainConfigFromDiffusers } from './plain-diffusers.ts'
import { plainSpec } from './plain-spec.ts'
import type { DdpmConfig } from './types.ts'

/**
 * The files of diffusers' `UNet2DModel` without a variant: those of DDPM (arXiv 2006.11239), and all that a page with such a
 * network needs, run by `ddpmForward`. The architecture `ddpm` reads files with variants too, and explains what does not fit.
 */
export const ddpmFormat: NetworkFormat<DdpmConfig> = {
  name: 'ddpm',
  title: 'diffusers UNet2DModel',
  landmarks: ['conv_in.weight', 'time_embedding.linear_1.weight'],
  detect: isDiffusers,
  parse: plainConfigFromDiffusers,
  spec: plainSpec,
  rename: modernNames,
}
