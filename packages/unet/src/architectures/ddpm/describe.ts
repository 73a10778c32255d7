import type { NamedShapes } from '../../param-source.ts'
import { ddpmFieldsOf } from './infer.ts'

/** Channels, widths of the levels, whether there is attention, and what is of a variant, from names and shapes. */
export function describeDdpm(shapes: NamedShapes): string {
  const channels = (name: string, axis: number) => shapes.get(name)?.[axis] ?? '?'
  const attention = [...shapes.keys()].some((name) => /^down_blocks\.\d+\.attentions\./.test(name))
  return `${channels('conv_in.weight', 1)} → ${channels('conv_out.weight', 0)} channels, widths ${widths(shapes).join(', ')}${attention ? ', with attention' : ''}${variant(shapes)}`
}

/** What is otherwise than in arXiv 2006.11239, as far as names and shapes tell it. */
function variant(shapes: NamedShapes): string {
  const { downBlocks = [], upBlocks = [], ...found } = ddpmFieldsOf(shapes)?.variant ?? {}
  const kinds = ['resnet', 'skip'].filter((kind) => [...downBlocks, ...upBlocks].some((one) => one === kind))
  const words: readonly (string | false)[] = [
    kinds.length > 0 && `blocks of ${kinds.join(' and ')}`,
    found.midBlock === false && 'nothing in the middle',
    found.scaleShift === true && 'scale and shift by time',
    found.timeEmbedding !== undefined &&
      found.timeEmbedding !== 'positional' &&
      `time ${found.timeEmbedding}`,
    typeof found.numClasses === 'number' && `${found.numClasses} classes`,
    found.classEmbedding === 'timestep' && 'told another time',
  ]
  return words.flatMap((word) => (word === false ? [] : `, ${word}`)).join('')
}

/** Channels of the levels, from the full resolution down. */
function widths(shapes: NamedShapes): number[] {
  const found = new Map<number, number>()
  for (const [name, shape] of shapes) {
    const level = /^down_blocks\.(\d+)\.resnets\.\d+\.conv2\.weight$/.exec(name)?.[1]
    if (level !== undefined) found.set(Number(level), shape[0] ?? 0)
  }
  return [...found].sort(([a], [b]) => a - b).map(([, width]) => width)
}
