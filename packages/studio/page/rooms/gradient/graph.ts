import type { TapeRecord } from '@tweedie/autograd'
import type { StepTape } from './engine/step.ts'
import type { Band, Edge } from './layout.ts'

/** What the tape spends on something. */
export interface Cost {
  /** Bytes that nothing but the tape keeps. */
  readonly own: number
  /** Milliseconds. */
  readonly forward: number
  readonly backward: number
}

/** Something to look at: x_t, a block, or a call. */
export interface Item extends Cost {
  readonly id: string
  readonly kind: 'leaf' | 'block' | 'op'
  readonly title: string
  /** The value that it gives: its last result. */
  readonly value: number
  /** Calls in it. */
  readonly nodes: readonly number[]
  /** The block that a call is of. */
  readonly block?: string
}

/** The graph with some of its blocks opened. */
export interface View {
  /** In the order of the tape. */
  readonly items: readonly Item[]
  readonly bands: readonly Band[]
  readonly edges: readonly Edge[]
}

const costOf = (nodes: readonly TapeRecord[]): Cost => ({
  own: nodes.reduce((sum, node) => sum + node.own, 0),
  forward: nodes.reduce((sum, node) => sum + node.forward, 0),
  backward: nodes.reduce((sum, node) => sum + node.backward, 0),
})

/** The id of a call. */
export const opId = (k: number): string => `op${k}`

/** What a step spends in all. */
export const totalOf = ({ tape }: StepTape): Cost => costOf(tape.nodes)

/** The blocks of a step, those that are `open` as their calls, and which of them a value flows between. */
export function viewOf({ tape, blocks }: StepTape, open: readonly string[]): View {
  const shapeOf = (value: number) => tape.values[value]?.shape ?? []
  const widest = shapeOf(0).at(-1) ?? 1
  /** How often its pictures were halved. */
  const laneOf = (value: number): number => {
    const shape = shapeOf(value)
    return shape.length === 4 ? Math.max(0, Math.round(Math.log2(widest / (shape[3] ?? 1)))) : 0
  }
  const resultOf = (k: number) => tape.nodes[k]?.outputs[0] ?? 0
  const at = new Map<number, string>([[0, 'x']])
  const items: Item[] = [
    { id: 'x', kind: 'leaf', title: 'xₜ, where it starts', value: 0, nodes: [], ...costOf([]) },
  ]
  const bands: Band[] = [{ id: 'x', lane: 0 }]
  const edges = new Map<string, Edge>()
  for (const { id, title, nodes } of blocks) {
    const isOpen = open.includes(id)
    const records = nodes.flatMap((k) => tape.nodes[k] ?? [])
    const value = resultOf(nodes.at(-1) ?? 0)
    items.push({ id, kind: 'block', title, value, nodes, ...costOf(records) })
    // An operator may make anything of a picture: it stays where the picture is.
    const lane = id === 'A' || id === 'norm' ? 0 : laneOf(value)
    bands.push({ id, lane, ...(isOpen && { ops: nodes.map(opId) }) })
    nodes.forEach((k, place) => {
      const own = isOpen ? opId(k) : id
      const record = records[place]
      if (record === undefined) return
      if (isOpen)
        items.push({
          ...{ id: own, kind: 'op', title: record.op, value: resultOf(k), nodes: [k], block: id },
          ...costOf([record]),
        })
      for (const input of record.inputs) {
        const from = at.get(input)
        if (from !== undefined && from !== own) edges.set(`${from} ${own}`, { from, to: own })
      }
      for (const output of record.outputs) at.set(output, own)
    })
  }
  return { items, bands, edges: [...edges.values()] }
}
