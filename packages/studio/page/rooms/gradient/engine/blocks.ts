import type { TapeRecord, WatchedTape } from '@tweedie/autograd'

/** A part of the step: ops that follow each other on the tape and belong together. */
export interface Block {
  /** Short, for the address. */
  readonly id: string
  readonly title: string
  /** Places of its calls on the tape. */
  readonly nodes: readonly number[]
}

interface Part {
  readonly id: string
  readonly title: string
}

const formula: Part = { id: 'x0', title: 'Tweedie’s formula: x̂₀' }
const operator: Part = { id: 'A', title: 'operator A' }
const norm: Part = { id: 'norm', title: 'norm ‖y − A x̂₀‖' }

/** The blocks of a U-Net by the names of their parameters, as diffusers has them. */
const kinds: readonly (readonly [RegExp, (found: readonly string[]) => Part])[] = [
  [/^conv_in/, () => ({ id: 'in', title: 'convolution in' })],
  [/^(?:conv_norm_out|conv_out)/, () => ({ id: 'out', title: 'convolution out' })],
  [
    /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)/,
    ([way = '', level = '', kind = '', k = '']) => ({
      id: `${way[0]}${level}${kind[0]}${k}`,
      title: `${way} ${Number(level) + 1}: ${titles[kind] ?? kind}${kind === 'resnets' || kind === 'attentions' ? ` ${Number(k) + 1}` : ''}`,
    }),
  ],
  [
    /^mid_block\.(resnets|attentions)\.(\d+)/,
    ([kind = '', k = '']) => ({ id: `m${kind[0]}${k}`, title: `middle: ${titles[kind]} ${Number(k) + 1}` }),
  ],
]

const titles: Readonly<Record<string, string>> = {
  resnets: 'residual',
  attentions: 'attention',
  downsamplers: 'halve',
  upsamplers: 'double',
}

/** The block of a parameter; one that is not known by name has its own. */
function partOf(parameter: string): Part {
  for (const [pattern, part] of kinds) {
    const found = pattern.exec(parameter)
    if (found !== null) return part(found.slice(1))
  }
  const id = parameter.replace(/\.\w+$/, '').replaceAll(/\W/g, '-')
  return { id, title: id }
}

/** Whether a call without parameters begins the block after it: what joins a skip, and what enlarges. */
const begins = (nodes: readonly TapeRecord[], k: number): boolean =>
  nodes[k]?.op === 'concat' || (nodes[k]?.op === 'reshape' && nodes[k + 1]?.op === 'broadcastTo')

/**
 * The calls of a step in blocks, in the order of the tape. A call with a parameter belongs to that parameter's block; one
 * without to the block before, but for what begins the next, and what follows the last parameter, which is no network any
 * more.
 *
 * @param tape - Its labels are `prior`, `prior:PARAMETER`, `operator` or `norm`.
 */
export function blocksOf({ nodes }: Pick<WatchedTape, 'nodes'>): readonly Block[] {
  const parameterOf = (k: number) => /^prior:(.+)/.exec(nodes[k]?.label ?? '')?.[1]
  const known = nodes.map((_, k) => parameterOf(k))
  const last = known.findLastIndex((name) => name !== undefined)
  const blocks: { id: string; title: string; nodes: number[] }[] = []
  let begun = false
  nodes.forEach(({ label }, k) => {
    const next = known.find((name, at) => at >= k && name !== undefined)
    begun = known[k] === undefined && (begun || begins(nodes, k))
    const own = known[k] ?? (blocks.length === 0 || begun ? next : undefined)
    const inNetwork = own === undefined ? undefined : partOf(own)
    const part = label === 'operator' ? operator : label === 'norm' ? norm : k > last ? formula : inNetwork
    const current = blocks.at(-1)
    if (current !== undefined && (part === undefined || part.id === current.id)) current.nodes.push(k)
    else blocks.push({ ...(part ?? formula), nodes: [k] })
  })
  return blocks
}
