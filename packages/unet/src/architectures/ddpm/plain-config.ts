import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'
import type { DdpmConfig, DdpmOptions, PlainDdpmConfig } from './types.ts'

/**
 * A complete configuration without a variant, checked.
 * @throws {OptionError} naming the field that does not fit.
 */
export function plainConfig(options: Omit<DdpmOptions, 'variant'>): PlainDdpmConfig {
  const normGroups = options.normGroups ?? 8
  const config = { ...completed(options), normGroups }
  positive('normGroups', normGroups)
  checkRanges(config)
  for (const c of config.blockOutChannels) requireGroups('normGroups', c, normGroups)
  return config
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

/** @throws {OptionError} where a group norm would not fit, as the fault of an option. */
export function requireGroups(option: string, channels: number, groups: number): void {
  if (channels % groups !== 0)
    throw new OptionError(option, `${channels} channels do not split into ${groups} groups`)
}

/**
 * What every configuration has to be, apart from the groups of its norms.
 * @throws {OptionError} naming the field that does not fit.
 */
export function checkRanges(config: Omit<DdpmConfig, 'normGroups'>): void {
  const { blockOutChannels: channels, attentionHeadDim: headDim } = config
  const { downAttention, upAttention, midAttention } = config
  const levels = channels.length
  const sides = typeof config.sampleSize === 'number' ? [config.sampleSize] : config.sampleSize
  for (const side of sides) positive('sampleSize', side, limits.side)
  positive('layersPerBlock', config.layersPerBlock, limits.layers)
  for (const name of ['inChannels', 'outChannels'] as const) positive(name, config[name])
  if (config.timeEmbeddingDim !== null) positive('timeEmbeddingDim', config.timeEmbeddingDim)
  if (headDim !== null) positive('attentionHeadDim', headDim)
  if (levels < 1) throw new OptionError('blockOutChannels', 'needs at least one level')
  if (levels > limits.levels)
    throw new OptionError('blockOutChannels', `at most ${limits.levels} levels fit, got ${levels}`)
  for (const c of channels) positive('blockOutChannels', c)
  for (const name of ['downAttention', 'upAttention'] as const) {
    if (config[name].length !== levels) {
      throw new OptionError(
        name,
        `needs one entry for each of the ${levels} levels, got ${config[name].length}`,
      )
    }
  }
  channels.forEach((c, i) => {
    const attends = downAttention[i] || upAttention[levels - 1 - i] || (midAttention && i === levels - 1)
    if (attends && headDim !== null && c < headDim)
      throw new OptionError('attentionHeadDim', `${c} channels have no head of ${headDim}`)
  })
  if (!(config.normEps > 0 && config.normEps < 1)) {
    throw new OptionError('normEps', `must be between 0 and 1, got ${config.normEps}`)
  }
  if (!(config.freqShift >= 0 && config.freqShift < Math.floor(channels[0]! / 2))) {
    throw new OptionError(
      'freqShift',
      `must be from 0 to half of the first level's channels, got ${config.freqShift}`,
    )
  }
  if (config.downsamplePadding !== 0 && config.downsamplePadding !== 1) {
    throw new OptionError('downsamplePadding', `must be 0 or 1, got ${config.downsamplePadding}`)
  }
  const factor = 2 ** (levels - 1)
  const odd = sides.find((side) => side % factor !== 0)
  if (odd !== undefined)
    throw new OptionError(
      'sampleSize',
      `${levels} levels halve the image ${levels - 1} times: ${odd} is no multiple of ${factor}`,
    )
}
