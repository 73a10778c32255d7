import type { ParamSpec } from '../../params.ts'
import { plainSpec } from './plain-spec.ts'
import type { DdpmConfig } from './types.ts'
import { variedSpec } from './varied/spec.ts'

/**
 * Names and shapes of all parameters of a configuration, as in the state dict of diffusers' `UNet2DModel`.
 * @example
 * ```ts
 * import { ddpmConfig, ddpmSpec } from '@tweedie/unet'
 * const spec = ddpmSpec(ddpmConfig({ sampleSize: 28, blockOutChannels: [16, 32, 64] }))
 * spec['conv_in.weight'] // => [16, 1, 3, 3]
 * ```
 */
export const ddpmSpec = (config: DdpmConfig): ParamSpec =>
  config.variant === undefined ? plainSpec(config) : variedSpec(config)
