import { OptionError } from '@tweedie/tensor'
import { limits } from '../../../limits.ts'
import { checkRanges, completed, plainConfig, positive } from '../given-config.ts'
import { checkFit, requireGroups } from '../plain-config.ts'
import type { BlockKind, DdpmConfig, DdpmOptions, DdpmVariant } from '../types.ts'
import type { VariedResnet } from './plan.ts'
import { pyramidChannels, variedPlan } from './plan.ts'
import {
  activations,
  blockKinds,
  classEmbeddings,
  departures,
  plainVariant,
  timeEmbeddings,
  variantOf,
} from './variant.ts'

/**
 * A complete configuration, checked, with what is left of a variant that says nothing twice.
 * @throws {OptionError} naming the field that does not fit.
 */
export function variedConfig(options: Omit<DdpmOptions, 'variant'>, given: Partial<DdpmVariant>): DdpmConfig {
  const levels = options.blockOutChannels.length
  const variant = departures(lastLevelsPlain({ ...plainVariant(levels), ...given }), levels)
  const { normGroups = 8 } = options
  if (Object.keys(variant).length === 0 && normGroups !== null) return plainConfig(options)
  const config: DdpmConfig = { ...completed(options), normGroups, variant }
  check(config)
  return config
}

/** The last level on each way changes no resolution, so that the kind `resnet` of it is `conv`. */
function lastLevelsPlain(variant: DdpmVariant): DdpmVariant {
  const plain = (kinds: readonly BlockKind[]) =>
    kinds.map((kind, i) => (i === kinds.length - 1 && kind === 'resnet' ? 'conv' : kind))
  return { ...variant, downBlocks: plain(variant.downBlocks), upBlocks: plain(variant.upBlocks) }
}

function check(config: DdpmConfig): void {
  const variant = variantOf(config)
  checkRanges(config)
  checkFit({ ...config, midAttention: config.midAttention && variant.midBlock })
  checkChoices(variant)
  checkBlocks(config, variant)
  checkNorms(config, variant)
}

function checkChoices(variant: DdpmVariant): void {
  const choices: Readonly<Record<string, readonly unknown[]>> = {
    activation: activations,
    timeEmbedding: timeEmbeddings,
    classEmbedding: [null, ...classEmbeddings],
    midBlock: [true, false],
    scaleShift: [true, false],
    centerInput: [true, false],
  }
  for (const [name, fits] of Object.entries(choices)) {
    const value = variant[name as keyof DdpmVariant]
    if (!fits.includes(value)) refuse(name, `must be one of ${fits.join(', ')}, got ${String(value)}`)
  }
  const { midScale, midAttentionGroups, timesteps, numClasses } = variant
  if (!(midScale > 0 && midScale <= 1e6)) refuse('midScale', `must be above 0, at most 1e6, got ${midScale}`)
  if (midAttentionGroups !== null) positive('variant.midAttentionGroups', midAttentionGroups)
  if (variant.timeEmbedding === 'learned') positive('variant.timesteps', timesteps, limits.timesteps)
  else if (timesteps !== null) refuse('timesteps', "is for the timeEmbedding 'learned'")
  if (numClasses === null) return
  positive('variant.numClasses', numClasses, limits.classes)
  if (variant.classEmbedding !== null) refuse('numClasses', 'is for networks without a classEmbedding')
}

function checkBlocks(config: DdpmConfig, { downBlocks, upBlocks }: DdpmVariant): void {
  const { length } = config.blockOutChannels
  for (const [name, kinds] of [
    ['downBlocks', downBlocks],
    ['upBlocks', upBlocks],
  ] as const) {
    if (kinds.length !== length)
      refuse(name, `needs one entry for each of the ${length} levels, got ${kinds.length}`)
    const wrong = kinds.find((kind) => !blockKinds.includes(kind))
    if (wrong !== undefined) refuse(name, `must be one of ${blockKinds.join(', ')}, got ${String(wrong)}`)
    // diffusers has one way to change the resolution for all levels with attention.
    const attends = name === 'downBlocks' ? config.downAttention : config.upAttention
    const ways = new Set(kinds.slice(0, -1).filter((kind, i) => attends[i] === true && kind !== 'skip'))
    if (ways.size > 1) refuse(name, 'must be the same, conv or resnet, for all levels with attention')
  }
  // A pyramid that is not halved, or doubled, at a level would meet images of another size at the next.
  const resampling = length - 1
  const late = downBlocks.findIndex(
    (kind, i) => i < resampling && i > 0 && kind === 'skip' && downBlocks[i - 1] !== 'skip',
  )
  if (late >= 0)
    refuse('downBlocks', `levels of skip come first: level ${late} is one, and ${late - 1} is not`)
  const early = upBlocks.findIndex(
    (kind, i) => i < resampling && kind === 'skip' && upBlocks[i + 1] !== 'skip',
  )
  if (early >= 0)
    refuse('upBlocks', `levels of skip come last: level ${early} is one, and ${early + 1} is not`)
  for (const [name, kinds] of [
    ['inChannels', downBlocks],
    ['outChannels', upBlocks],
  ] as const) {
    if (config[name] !== pyramidChannels && kinds.slice(0, -1).includes('skip'))
      throw new OptionError(name, `must be ${pyramidChannels} with blocks of skip, got ${config[name]}`)
  }
}

function checkNorms(config: DdpmConfig, variant: DdpmVariant): void {
  const { downBlocks, upBlocks, midAttentionGroups } = variant
  if (config.normGroups !== null) positive('normGroups', config.normGroups)
  else if ([...downBlocks, ...upBlocks].some((kind) => kind !== 'skip'))
    throw new OptionError('normGroups', 'must be a whole number where a level is not of skip, got null')
  const plan = variedPlan(config)
  requireGroups('normGroups', config.blockOutChannels[0]!, plan.groups)
  for (const { resnets, ending, kind } of [...plan.down, ...plan.up]) {
    const option = kind === 'skip' ? 'blockOutChannels' : 'normGroups'
    for (const block of ending === undefined ? resnets : [...resnets, ending])
      requireNorms(block, option, option)
  }
  const option = config.normGroups === null ? 'blockOutChannels' : 'normGroups'
  const ofAttention = midAttentionGroups === null ? option : 'variant.midAttentionGroups'
  for (const block of plan.mid) requireNorms(block, option, ofAttention)
}

/** @throws {OptionError} where a norm of a block would not fit, as the fault of an option. */
function requireNorms(block: VariedResnet, option: string, ofAttention: string): void {
  const { inChannels, outChannels, groups, attention, attentionGroups } = block
  requireGroups(option, inChannels, groups[0])
  requireGroups(option, outChannels, groups[1])
  if (attention !== undefined && attentionGroups !== null)
    requireGroups(ofAttention, outChannels, attentionGroups)
}

function refuse(name: string, why: string): never {
  throw new OptionError(`variant.${name}`, why)
}
