import { OptionError, sameShape } from '@tweedie/tensor'
import type { NamedShapes } from '../../param-source.ts'
import type { AdmClassifierConfig } from './classifier.ts'
import { admClassifierConfig, admClassifierSpec } from './classifier.ts'
import { isClassifier } from './infer.ts'

/** What names and shapes do not tell of a classifier. */
export interface UntoldOfClassifier {
  /** Channels of a head; those of the classifiers that guided-diffusion's `create_classifier` makes where left out. */
  readonly numHeadChannels?: number
}

/** Channels of a head in guided-diffusion's `create_classifier`. */
const usualHeadChannels = 64
/** Side of the last level of all of them. */
const usualEnd = 8

/**
 * The configuration of guided-diffusion's `EncoderUNetModel` whose parameters have these names and shapes: every number of
 * levels and blocks that they could be of is tried, and the one that fits them all is taken; undefined where none
 * does, or several do. They do not tell the order of `qkv`, which is taken as `create_classifier` has it. A pool by attention
 * tells the side of the pictures; others take any, and say the one that ends at 8×8.
 */
export function inferAdmClassifier(
  shapes: NamedShapes,
  { numHeadChannels = usualHeadChannels }: UntoldOfClassifier = {},
): AdmClassifierConfig | undefined {
  const of = (name: string) => shapes.get(`${name}.weight`)
  const [modelChannels, inChannels] = [of('time_embed.0')?.[1], of('input_blocks.0.0')?.[1]]
  const head = headOf(shapes)
  const [emb, conv] = [of('middle_block.0.emb_layers.1')?.[0], of('middle_block.0.in_layers.2')?.[0]]
  if (!isClassifier(shapes) || !modelChannels || !inChannels || head === undefined || !conv) return undefined
  const blocks = 1 + numbered(shapes, /^input_blocks\.(\d+)\./)
  // Every block but the poolings without weights has a tensor of its own: no number can be larger.
  if (blocks > 2 * shapes.size) return undefined
  const fitting = [...levelsAndDepths(blocks)].flatMap(([levels, depth]) => {
    /** The last residual block of each level. */
    const ends = Array.from({ length: levels }, (_, level) => level * (depth + 1) + depth)
    const widths = ends.map((end) => of(`input_blocks.${end}.0.out_layers.3`)?.[0] ?? 0)
    const downs = ends.slice(0, -1).map((end) => `input_blocks.${end + 1}.0`)
    const side = (head.tokens === undefined ? usualEnd : Math.sqrt(head.tokens - 1)) * 2 ** (levels - 1)
    const resblockUpdown = downs.some((name) => of(`${name}.in_layers.2`) !== undefined)
    const config = made({
      ...{ imageSize: side, inChannels, modelChannels, outChannels: head.classes, numResBlocks: depth },
      ...{ pool: head.pool, numHeadChannels, useScaleShiftNorm: emb === 2 * conv },
      channelMult: widths.map((width) => width / modelChannels),
      attentionResolutions: ends.flatMap((end, level) =>
        of(`input_blocks.${end}.1.qkv`) ? [2 ** level] : [],
      ),
      resblockUpdown,
      convResample: resblockUpdown || levels === 1 || downs.some((name) => of(`${name}.op`) !== undefined),
    })
    return config !== undefined && fits(config, shapes) ? [config] : []
  })
  return fitting.length === 1 ? fitting[0] : undefined
}

/** The numbers of levels, and of residual blocks in each, that a way down of so many blocks may have, its first convolution counted. */
function* levelsAndDepths(blocks: number): Generator<readonly [levels: number, depth: number]> {
  // 1 + levels·depth + (levels − 1) blocks.
  for (let levels = 1; levels <= blocks / 2; levels++)
    if (blocks % levels === 0) yield [levels, blocks / levels - 1]
}

/** The pool that the last layers are of, its classes and, by attention, its places. */
function headOf(
  shapes: NamedShapes,
): (Pick<AdmClassifierConfig, 'pool'> & { readonly classes: number; readonly tokens?: number }) | undefined {
  const first = (name: string) => shapes.get(`${name}.weight`)?.[0]
  const places = shapes.get('out.2.positional_embedding')?.[1]
  const [byAttention, third, second] = ['out.2.c_proj', 'out.3', 'out.2'].map(first)
  if (byAttention !== undefined && places !== undefined)
    return { pool: 'attention', classes: byAttention, tokens: places }
  if (third !== undefined)
    return { pool: shapes.has('out.1.weight') ? 'spatial_v2' : 'adaptive', classes: third }
  return second === undefined ? undefined : { pool: 'spatial', classes: second }
}

function made(options: Parameters<typeof admClassifierConfig>[0]): AdmClassifierConfig | undefined {
  try {
    return admClassifierConfig(options)
  } catch (error) {
    if (error instanceof OptionError) return undefined
    throw error
  }
}

function fits(config: AdmClassifierConfig, shapes: NamedShapes): boolean {
  const spec = Object.entries(admClassifierSpec(config))
  return (
    spec.length === shapes.size &&
    spec.every(([name, shape]) => {
      const found = shapes.get(name)
      return found !== undefined && sameShape(found, shape)
    })
  )
}

/** The largest number that a pattern finds in the names; −1 for none. */
const numbered = (shapes: NamedShapes, pattern: RegExp): number =>
  [...shapes.keys()].reduce((most, name) => Math.max(most, Number(pattern.exec(name)?.[1] ?? -1)), -1)
