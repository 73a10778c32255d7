import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'
import { fitting } from './plain-config.ts'
import type { DdpmConfig, DdpmOptions, PlainDdpmConfig } from './types.ts'

// Configurations that a caller gives: fields may be left out, and say anything. Those of files are read field by field.

/**
 * A complete configuration without a variant, checked.
 * @throws {OptionError} naming the field that does not fit.
 */
export function plainConfig(options: Omit<DdpmOptions, 'variant'>): PlainDdpmConfig {
  const normGroups = options.normGroups ?? 8
  const config = { ...completed(options), normGroups }
  positive('normGroups', normGroups)
  checkRanges(config)
  return fitting(config)
}

/** The fields of a configuration but for `normGroups` and `variant`, those that are left out at their defaults. */
export function completed(options: DdpmOptions): Omit<DdpmConfig, 'variant' | 'normGroups'> {
  const { blockOutChannels, inChannels = 1 } = options
  const last = blockOutChannels.length - 1
  return {
    architecture: 'ddpm',
    sampleSize: options.sampleSize,
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    blockOutChannels: [...blockOutChannels],
    layersPerBlock: options.layersPerBlock ?? 1,
    downAttention: options.downAttention ?? blockOutChannels.map((_, i) => i === last),
    upAttention: options.upAttention ?? blockOutChannels.map((_, i) => i === 0),
    midAttention: options.midAttention ?? true,
    attentionHeadDim: options.attentionHeadDim ?? null,
    normEps: options.normEps ?? 1e-5,
    timeEmbeddingDim: options.timeEmbeddingDim ?? null,
    flipSinToCos: options.flipSinToCos ?? true,
    freqShift: options.freqShift ?? 0,
    downsamplePadding: options.downsamplePadding ?? 1,
  }
}

/** @throws {OptionError} where a value is no whole number from 1 to `most`. */
export function positive(name: string, value: unknown, most: number = limits.channels): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    throw new OptionError(name, `must be a whole number from 1 to ${most}, got ${String(value)}`)
}

/**
 * The range of each field of a configuration, apart from the groups of its norms.
 * @throws {OptionError} naming the field that does not fit.
 */
export function checkRanges(config: Omit<DdpmConfig, 'normGroups'>): void {
  const { sampleSize, blockOutChannels: channels } = config
  for (const side of typeof sampleSize === 'number' ? [sampleSize] : sampleSize)
    positive('sampleSize', side, limits.side)
  positive('layersPerBlock', config.layersPerBlock, limits.layers)
  for (const name of ['inChannels', 'outChannels'] as const) positive(name, config[name])
  for (const name of ['timeEmbeddingDim', 'attentionHeadDim'] as const)
    if (config[name] !== null) positive(name, config[name])
  if (channels.length < 1) throw new OptionError('blockOutChannels', 'needs at least one level')
  if (channels.length > limits.levels)
    throw new OptionError('blockOutChannels', `at most ${limits.levels} levels fit, got ${channels.length}`)
  for (const c of channels) positive('blockOutChannels', c)
  if (config.downsamplePadding !== 0 && config.downsamplePadding !== 1) {
    throw new OptionError('downsamplePadding', `must be 0 or 1, got ${config.downsamplePadding}`)
  }
}
