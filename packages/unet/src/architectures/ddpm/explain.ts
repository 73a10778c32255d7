import { show } from '../../fields.ts'
import type { SpecDifference } from '../../param-source.ts'
import { diffusersNames } from './diffusers.ts'
import { ddpmFieldsOf } from './infer.ts'
import type { DdpmConfig } from './types.ts'
import { variantOf } from './varied/variant.ts'

/**
 * Names the fields of a `ddpm` configuration that would explain how a file differs from it, where that can
 * be told; for the option `explain` of `loadParams`.
 */
export const ddpmExplain =
  (config: DdpmConfig) =>
  (difference: SpecDifference): string | undefined => {
    const levels = otherLevels(difference, config) // It explains wrong shapes everywhere.
    if (levels !== undefined) return levels
    const found = ddpmFieldsOf(difference.file)
    const wrong =
      found === undefined ? [] : [...wrongFields(found, config), ...wrongVariant(found.variant, config)]
    const more = [attentionNorm(difference, config), headDim(difference, config), otherTime(difference)]
    const all = [...wrong, ...more.filter((cause) => cause !== undefined)]
    return all.length === 0 ? undefined : all.join(', ')
  }

type Values = Readonly<Record<string, unknown>>

const wrongFields = ({ variant: _, ...found }: Values, config: DdpmConfig): string[] =>
  differences(found, config as unknown as Values, '')

const wrongVariant = (found: Values, config: DdpmConfig): string[] =>
  differences(found, variantOf(config) as unknown as Values, 'variant.')

/** The fields that a file tells otherwise, the first of its entries where it is a list of as many. */
const differences = (found: Values, own: Values, prefix: string): string[] =>
  Object.entries(found).flatMap(([name, value]) => {
    const is = own[name]
    if (JSON.stringify(value) === JSON.stringify(is)) return []
    const field = prefix + name
    if (!Array.isArray(value) || !Array.isArray(is) || field === 'blockOutChannels')
      return [says(field, value, is)]
    const i = value.findIndex((entry, j) => entry !== is[j])
    return [says(field, value[i], is, `[${i}]`)]
  })

function says(field: string, value: unknown, is: unknown, at = ''): string {
  const theirs = diffusersNames[field]
  const named = theirs === undefined ? '' : `, in config.json ${theirs}`
  return `${field}${at} would have to be ${show(value)} (it is ${show(is)})${named}`
}

/** The numbers in names, as a pattern's group. */
const numbers = (names: readonly string[], pattern: RegExp): number[] =>
  names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number)
const least = (of: readonly number[]) => of.reduce((a, b) => Math.min(a, b), Infinity)
const most = (of: readonly number[]) => of.reduce((a, b) => Math.max(a, b), -1)

function otherLevels({ missing, unexpected }: SpecDifference, config: DdpmConfig): string | undefined {
  const { length } = config.blockOutChannels
  const last = most(numbers(unexpected, /^down_blocks\.(\d+)\./)) + 1
  const first = least(numbers(missing, /^down_blocks\.(\d+)\.resnets\.0\.conv1\.weight$/))
  const levels = last > length ? last : first
  return levels > 0 && levels < Infinity
    ? `blockOutChannels would have to have ${levels} levels (it has ${length}), in config.json block_out_channels`
    : undefined
}

const middle = 'mid_block.attentions.0'

/** Whether there is a norm before the attention in the middle, which a number says that no shape tells. */
function attentionNorm(
  { missing, unexpected, file }: SpecDifference,
  config: DdpmConfig,
): string | undefined {
  const name = `${middle}.group_norm.weight`
  const { midAttentionGroups: is } = variantOf(config)
  if (unexpected.includes(name) && file.has(`${middle}.to_q.weight`) && config.midAttention)
    return `variant.midAttentionGroups would have to be a number of groups (it is ${is}), in config.json attn_norm_num_groups`
  return missing.includes(name) && is !== null && file.has(`${middle}.to_q.weight`)
    ? says('variant.midAttentionGroups', null, is)
    : undefined
}

/** The channels that all heads have together, which are as many as fit. */
function headDim({ reshaped }: SpecDifference, { attentionHeadDim: is }: DdpmConfig): string | undefined {
  const query = reshaped.find(({ name }) => name.endsWith('.to_q.weight'))
  if (query === undefined || query.found[1] !== query.expected[1]) return undefined
  const [inner, channels] = query.found
  return `attentionHeadDim would have to be one of which whole heads take ${inner} of ${channels} channels (it is ${is}), in config.json attention_head_dim`
}

/** Where the network is told another time, and the file has nothing for it: no name tells what is told as it is. */
const otherTime = ({ missing }: SpecDifference): string | undefined =>
  missing.includes('class_embedding.linear_1.weight')
    ? "variant.classEmbedding would have to be null or 'identity' (it is 'timestep'), in config.json class_embed_type"
    : undefined
