import { plainConfig } from './given-config.ts'
import type { DdpmConfig, DdpmOptions } from './types.ts'
import { variedConfig } from './varied/config.ts'

export type { BlockKind, DdpmActivation, DdpmConfig, DdpmOptions, DdpmVariant } from './types.ts'

/** The shape of one image a network was trained on, [C, H, W]. */
export const sampleShape = ({ inChannels, sampleSize }: DdpmConfig): readonly [number, number, number] =>
  typeof sampleSize === 'number' ? [inChannels, sampleSize, sampleSize] : [inChannels, ...sampleSize]

/**
 * A complete configuration, checked. Left out, it is a grey image, one layer per level, attention in the
 * last level and in the middle with a single head, 8 groups, and no variant.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { ddpmConfig } from '@tweedie/unet'
 * ddpmConfig({ sampleSize: 28, blockOutChannels: [16, 32, 64] }).downAttention // => [false, false, true]
 * const told = ddpmConfig({ sampleSize: 28, blockOutChannels: [16, 32], variant: { numClasses: 10, activation: 'silu' } })
 * told.variant // => { numClasses: 10 }
 * ```
 */
export function ddpmConfig(options: DdpmOptions): DdpmConfig {
  const { variant, ...rest } = options
  return variant === undefined && rest.normGroups !== null
    ? plainConfig(rest)
    : variedConfig(rest, variant ?? {})
}
