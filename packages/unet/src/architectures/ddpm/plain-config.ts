import { OptionError } from '@tweedie/tensor'
import type { DdpmConfig, PlainDdpmConfig } from './types.ts'

/**
 * A configuration without a variant whose fields fit each other, each being in its range.
 * @throws {OptionError} naming the field that does not.
 */
export function fitting(config: PlainDdpmConfig): PlainDdpmConfig {
  checkFit(config)
  for (const c of config.blockOutChannels) requireGroups('normGroups', c, config.normGroups)
  return config
}

/** @throws {OptionError} where a group norm would not fit, as the fault of an option. */
export function requireGroups(option: string, channels: number, groups: number): void {
  if (channels % groups !== 0)
    throw new OptionError(option, `${channels} channels do not split into ${groups} groups`)
}

/**
 * What the fields of every configuration have to be together, apart from the groups of its norms.
 * @throws {OptionError} naming the field that does not fit.
 */
export function checkFit(config: Omit<DdpmConfig, 'normGroups'>): void {
  const { blockOutChannels: channels, attentionHeadDim: headDim } = config
  const { downAttention, upAttention, midAttention } = config
  const levels = channels.length
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
  const sides = typeof config.sampleSize === 'number' ? [config.sampleSize] : config.sampleSize
  const factor = 2 ** (levels - 1)
  const odd = sides.find((side) => side % factor !== 0)
  if (odd !== undefined)
    throw new OptionError(
      'sampleSize',
      `${levels} levels halve the image ${levels - 1} times: ${odd} is no multiple of ${factor}`,
    )
}
