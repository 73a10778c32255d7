import { limits } from '../../limits.ts'
import type { NamedShapes } from '../../param-source.ts'
import type { Inferred } from '../architecture.ts'
import { resamplingOf, typesOf } from './block-types.ts'
import type { BlockKind, DdpmConfig, DdpmVariant } from './types.ts'

/** What names and shapes tell, in our own fields, with those of a variant whole. */
export type InferredDdpm = Partial<Omit<DdpmConfig, 'variant' | 'architecture'>> & {
  readonly variant: Partial<DdpmVariant>
}

/**
 * What the names and shapes of a checkpoint tell of its configuration; undefined where they are none of diffusers'
 * `UNet2DModel`. Of levels that do not number 0, 1, … nothing is told.
 */
export function ddpmFieldsOf(shapes: NamedShapes): InferredDdpm | undefined {
  const weight = (name: string) => shapes.get(`${name}.weight`)
  const [first, last, time] = ['conv_in', 'conv_out', 'time_embedding.linear_1'].map(weight)
  const [base, inChannels] = first ?? []
  const outChannels = last?.[0]
  const [timeDim, timeInputs] = time ?? []
  if (base === undefined || inChannels === undefined || outChannels === undefined) return undefined
  if (timeDim === undefined || timeInputs === undefined) return undefined
  const table = weight('time_proj')
  const classes = weight('class_embedding')?.[0] ?? null
  const has = (name: string) => shapes.has(`${name}.weight`)
  const midBlock = has('mid_block.resnets.0.conv1')
  const told = weight('mid_block.resnets.0.time_emb_proj') ?? weight('down_blocks.0.resnets.0.time_emb_proj')
  const conv = weight('mid_block.resnets.0.conv1') ?? weight('down_blocks.0.resnets.0.conv1')
  return {
    inChannels,
    outChannels,
    timeEmbeddingDim: timeDim === 4 * base ? null : timeDim,
    ...(midBlock && { midAttention: has('mid_block.attentions.0.to_q') }),
    ...levelFields(shapes),
    variant: {
      ...levelKinds(shapes),
      midBlock,
      scaleShift: told?.[0] !== undefined && conv?.[0] !== undefined && told[0] === 2 * conv[0],
      timeEmbedding: table === undefined ? 'positional' : table.length === 1 ? 'fourier' : 'learned',
      timesteps: table?.length === 2 ? (table[0] ?? null) : null,
      numClasses: classes,
      ...(has('class_embedding.linear_1') && { classEmbedding: 'timestep' }),
    },
  }
}

/** Levels of one way, from 0 on; undefined where the names leave one out, or are too many for a network. */
function levelsOf(shapes: NamedShapes, way: 'down' | 'up'): readonly number[] | undefined {
  const widths: number[] = []
  while (widths.length <= limits.levels) {
    const width = shapes.get(`${way}_blocks.${widths.length}.resnets.0.conv1.weight`)?.[0]
    if (width === undefined) return widths.length === 0 ? undefined : widths
    widths.push(width)
  }
  return undefined
}

function levelFields(shapes: NamedShapes): Partial<DdpmConfig> {
  const widths = levelsOf(shapes, 'down')
  if (widths === undefined) return {}
  let layers = 0
  while (layers <= limits.layers && shapes.has(`down_blocks.0.resnets.${layers}.conv1.weight`)) layers++
  const attends = (way: 'down' | 'up') =>
    widths.map((_, i) => shapes.has(`${way}_blocks.${i}.attentions.0.to_q.weight`))
  return {
    blockOutChannels: widths,
    layersPerBlock: layers,
    downAttention: attends('down'),
    upAttention: attends('up'),
  }
}

/** Kinds of the levels. The last has no change of resolution to tell it by, and is taken to be of `skip` after one that is. */
function levelKinds(shapes: NamedShapes): Partial<DdpmVariant> {
  const levels = levelsOf(shapes, 'down')?.length
  if (levels === undefined) return {}
  const has = (name: string) => shapes.has(`${name}.weight`)
  const kindsOf = (way: 'down' | 'up'): readonly BlockKind[] => {
    const kinds = Array.from({ length: levels - 1 }, (_, i): BlockKind => {
      const prefix = `${way}_blocks.${i}`
      if (has(`${prefix}.resnet_${way}.conv1`)) return 'skip'
      return has(`${prefix}.${way}samplers.0.conv1`) ? 'resnet' : 'conv'
    })
    const last = `${way}_blocks.${levels - 1}.attentions`
    // On the way up each block has attention but in levels of skip, which have it once.
    const everywhere = way === 'up' && has(`${last}.1.to_q`)
    const once = way === 'up' && has(`${last}.0.to_q`) && !everywhere
    const skip = once || (kinds.at(-1) === 'skip' && !everywhere)
    return [...kinds, skip ? 'skip' : 'conv']
  }
  return { downBlocks: kindsOf('down'), upBlocks: kindsOf('up') }
}

/** What names and shapes tell, as diffusers says it in `config.json`, and what is left to say there. */
export function inferDdpm(shapes: NamedShapes): Inferred | undefined {
  const found = ddpmFieldsOf(shapes)
  if (found === undefined) return undefined
  const { variant, downAttention, upAttention } = found
  const { downBlocks, upBlocks, timeEmbedding, classEmbedding } = variant
  const fields: Record<string, unknown> = {
    in_channels: found.inChannels,
    out_channels: found.outChannels,
    time_embedding_dim: found.timeEmbeddingDim,
    block_out_channels: found.blockOutChannels,
    layers_per_block: found.layersPerBlock,
    ...(downBlocks && downAttention && wayFields('Down', downBlocks, downAttention)),
    ...(upBlocks && upAttention && wayFields('Up', upBlocks, upAttention)),
    mid_block_type: variant.midBlock === true ? 'UNetMidBlock2D' : null,
    add_attention: found.midAttention,
    resnet_time_scale_shift: variant.scaleShift === true ? 'scale_shift' : 'default',
    time_embedding_type: timeEmbedding,
    ...(timeEmbedding === 'learned' && { num_train_timesteps: variant.timesteps }),
    num_class_embeds: variant.numClasses,
    class_embed_type: classEmbedding,
  }
  const told = Object.entries(fields).filter(([, value]) => value !== undefined)
  return { fields: Object.fromEntries(told), untold: untold(variant) }
}

const wayFields = (way: 'Down' | 'Up', kinds: readonly BlockKind[], attention: readonly boolean[]) => ({
  [`${way.toLowerCase()}_block_types`]: typesOf(way, kinds, attention),
  [`${way.toLowerCase()}sample_type`]: resamplingOf(kinds, attention),
})

/** What `config.json` has to say besides, in words. */
function untold({
  downBlocks = [],
  upBlocks = [],
  midBlock,
  scaleShift,
  timeEmbedding,
  numClasses,
}: Partial<DdpmVariant>): string {
  const always = [
    'sample_size',
    'attention_head_dim',
    'norm_num_groups',
    'norm_eps',
    'act_fn',
    'center_input_sample',
  ]
  const some: readonly (readonly [boolean, string])[] = [
    [timeEmbedding === 'positional', 'flip_sin_to_cos'],
    [timeEmbedding === 'positional', 'freq_shift'],
    [downBlocks.slice(0, -1).includes('conv'), 'downsample_padding'],
    [midBlock === true, 'mid_block_scale_factor'],
    [midBlock === true && scaleShift === true, 'attn_norm_num_groups'],
    [numClasses === null, "class_embed_type where it is 'identity'"],
    [[...downBlocks, ...upBlocks].includes('skip'), 'whether the last level on each way is of Skip blocks'],
  ]
  const names = [...always, ...some.flatMap(([is, name]) => (is ? [name] : []))]
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
