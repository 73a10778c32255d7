import type { NamedShapes } from '../../param-source.ts'
import type { AdmConfig } from './config.ts'

/** The fields that names and shapes tell; heads, the order of `qkv` and the image's side they do not. */
export type InferredAdm = Partial<
  Omit<
    AdmConfig,
    | 'architecture'
    | 'imageSize'
    | 'numHeads'
    | 'numHeadChannels'
    | 'numHeadsUpsample'
    | 'useNewAttentionOrder'
  >
>

/**
 * What the names and shapes of a checkpoint tell of its configuration; undefined where they are none of
 * guided-diffusion's `UNetModel`, or number more blocks than a file of that many tensors can have. The levels are read
 * off the way up: there every kind of resampling shows in the names (second or third in its block), and it ends each
 * level but the last.
 */
export function inferAdm(shapes: NamedShapes): InferredAdm | undefined {
  const [time, input, output] = ['time_embed.0', 'input_blocks.0.0', 'out.2'].map((name) =>
    shapes.get(`${name}.weight`),
  )
  const modelChannels = time?.[1]
  if (modelChannels === undefined || input === undefined || output === undefined || isClassifier(shapes))
    return undefined
  // Every block has a tensor of its own, but for those that halve without weights: no number can be larger.
  const named = numbers(shapes, /^(?:input|output)_blocks\.(\d+)\./)
  if ((named.at(-1) ?? 0) > 2 * shapes.size) return undefined
  const has = (pattern: RegExp) => [...shapes.keys()].some((name) => pattern.test(name))
  const blocks = 1 + (numbers(shapes, /^output_blocks\.(\d+)\./).at(-1) ?? -1)
  const ups = numbers(shapes, /^output_blocks\.(\d+)\.[12]\.(?:conv|in_layers\.0)\.weight$/)
  const resblockUpdown = has(/^output_blocks\.\d+\.[12]\.in_layers\./)
  // Without parameters in the resampling, the way down has a gap in its numbers where a level ends.
  const gaps = missingNumbers(numbers(shapes, /^input_blocks\.(\d+)\./))
  const perLevel = ups[0] !== undefined ? ups[0] + 1 : (gaps[0] ?? blocks)
  const levels = blocks / perLevel
  const attention = numbers(shapes, /^output_blocks\.(\d+)\.1\.qkv\.weight$/)
  const emb = shapes.get('output_blocks.0.0.emb_layers.1.weight')?.[0]
  const conv = shapes.get('output_blocks.0.0.in_layers.2.weight')?.[0]
  const known: InferredAdm = {
    inChannels: input[1] ?? 0,
    modelChannels,
    outChannels: output[0] ?? 0,
    numClasses: shapes.get('label_emb.weight')?.[0] ?? null,
    useScaleShiftNorm: emb !== undefined && conv !== undefined && emb === 2 * conv,
  }
  if (!Number.isInteger(levels) || levels < 1 || perLevel < 2) return known
  const widths = Array.from(
    { length: levels },
    (_, level) =>
      shapes.get(`output_blocks.${(levels - 1 - level) * perLevel}.0.in_layers.2.weight`)?.[0] ?? 0,
  )
  const attended = new Set(attention.map((block) => 2 ** (levels - 1 - Math.floor(block / perLevel))))
  return {
    ...known,
    numResBlocks: perLevel - 1,
    channelMult: widths.map((width) => width / modelChannels),
    attentionResolutions: [...attended].sort((a, b) => a - b),
    ...(levels === 1 ? {} : { resblockUpdown, ...(resblockUpdown ? {} : { convResample: ups.length > 0 }) }),
  }
}

/** Whether names and shapes are those of guided-diffusion's `EncoderUNetModel`: the way down alone, then classes. */
export const isClassifier = (shapes: NamedShapes): boolean =>
  shapes.has('middle_block.0.in_layers.0.weight') &&
  ![...shapes.keys()].some((name) => name.startsWith('output_blocks.'))

/** The distinct numbers that a pattern finds in the names, ascending. */
function numbers(shapes: NamedShapes, pattern: RegExp): number[] {
  const found = new Set<number>()
  for (const name of shapes.keys()) {
    const match = pattern.exec(name)
    if (match !== null) found.add(Number(match[1]))
  }
  return [...found].sort((a, b) => a - b)
}

/** The numbers that a list of ascending ones leaves out. */
const missingNumbers = (list: readonly number[]): number[] =>
  list.flatMap((n, i) => (i > 0 && n !== list[i - 1]! + 1 ? [list[i - 1]! + 1] : []))
