import type { DType, Shape } from '@tweedie/tensor'
import { bytesPerElement, formatShape } from '@tweedie/tensor'
import { chain } from './lift.ts'
import type { ValueRef } from './node.ts'
import type { Trace } from './trace.ts'
import { discard, trace, withoutValue } from './trace.ts'
import { leavesByPath } from './trees.ts'

/** A value on a tape, numbered from 0 in the order of its first appearance. */
export interface GraphValue {
  readonly id: number
  readonly shape: Shape
  readonly dtype: DType
  /** Where it comes from: the arguments, a recorded call, or elsewhere (then no derivative flows through it). */
  readonly from: 'argument' | 'call' | 'constant'
  /** Its place in the arguments, like `[0].weight`. */
  readonly name?: string
}

/** One recorded call. */
export interface GraphNode {
  readonly op: string
  /** Values by number. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** The values whose elements the tape keeps for this call. */
  readonly saved: readonly number[]
  /** Bytes of memory that this call is the first on the tape to keep. */
  readonly bytes: number
}

/** What a tape recorded, as plain data; `JSON.stringify` writes it. */
export interface TapeGraph {
  readonly values: readonly GraphValue[]
  readonly nodes: readonly GraphNode[]
  /** The values that f returned. */
  readonly results: readonly number[]
  /** Bytes that the tape keeps, in all. Those of arguments and constants may be kept by others as well. */
  readonly bytes: number
  /** The graph in the language of Graphviz: boxes are calls with the bytes they save, ellipses values from outside. */
  toDot(): string
}

function draw({ values, nodes, results }: Omit<TapeGraph, 'toDot'>): string {
  const label = ({ shape, dtype }: GraphValue) => `${formatShape(shape)} ${dtype}`
  const used = new Set(nodes.flatMap(({ inputs }) => inputs))
  const outside = values
    .filter(({ id, from }) => from === 'argument' || (from === 'constant' && used.has(id)))
    .map(
      (v) =>
        `  v${v.id} [shape=ellipse${v.from === 'constant' ? ', style=dashed' : ''}, label="${v.name ?? 'constant'}\\n${label(v)}"]`,
    )
  const calls = nodes.map(({ op, outputs, bytes }, i) => {
    const shapes = outputs.map((id) => label(values[id]!)).join(', ')
    return `  n${i} [label="${op}\\n${shapes}${bytes > 0 ? `\\nsaves ${bytes} B` : ''}"]`
  })
  const maker = new Map(nodes.flatMap(({ outputs }, i) => outputs.map((id) => [id, `n${i}`] as const)))
  const source = (id: number) => maker.get(id) ?? `v${id}`
  const edges = nodes.flatMap(({ inputs }, i) => inputs.map((id) => `  ${source(id)} -> n${i}`))
  const ends = results.map((id, i) => `  r${i} [shape=plaintext, label="result"]\n  ${source(id)} -> r${i}`)
  return ['digraph tape {', '  node [shape=box]', ...outside, ...calls, ...edges, ...ends, '}', ''].join('\n')
}

/** What a tape recorded, with the number that each value has by its id. */
export function graphOf(
  { tape, inputs, outputs }: Trace,
  names: readonly string[],
): { readonly graph: TapeGraph; readonly numbers: ReadonlyMap<number, number> } {
  const values: GraphValue[] = []
  const numbers = new Map<number, number>()
  const number = (
    { id, shape, dtype }: Omit<ValueRef, 'device'>,
    from: GraphValue['from'],
    name?: string,
  ): number => {
    let at = numbers.get(id)
    if (at === undefined) {
      at = values.length
      numbers.set(id, at)
      values.push({ id: at, shape, dtype, from, ...(name === undefined ? {} : { name }) })
    }
    return at
  }
  inputs.forEach((ref, i) => number(ref, 'argument', names[i]!))
  const kept = new Set<unknown>()
  const nodes = tape.nodes.map((node): GraphNode => {
    const ins = node.inputs.map((ref) => number(ref, 'constant'))
    const outs = node.outputs.map((ref) => number(ref, 'call'))
    let bytes = 0
    for (const { storage } of node.saved) {
      if (kept.has(storage)) continue
      kept.add(storage)
      bytes += storage.length * bytesPerElement(storage.dtype)
    }
    const saved = [...new Set(node.saved.map((x) => number(x, 'constant')))]
    return { op: node.name, inputs: ins, outputs: outs, saved, bytes }
  })
  const results = outputs.map((ref) => number(ref, 'constant'))
  const bytes = nodes.reduce((total, node) => total + node.bytes, 0)
  const graph = { values, nodes, results, bytes }
  return { graph: { ...graph, toDot: () => draw(graph) }, numbers }
}

/** For an async f, a promise of what the synchronous form returns. */
export function traceTape<Args extends readonly unknown[]>(
  f: (...args: Args) => Promise<unknown>,
  ...args: Args
): Promise<TapeGraph>
/**
 * Runs f under a tape and shows what the tape recorded: which primitives with which shapes, what was saved
 * for the way back and how many bytes that is. Trace `grad(f)` to see the tape of second derivatives. For an
 * async f, a promise.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { traceTape } from '@tweedie/autograd'
 * const tape = traceTape((x: Tensor) => x.exp().neg().sum(), tensor([1, 2, 3]))
 * tape.nodes.map(({ op, bytes }) => `${op} ${bytes}`) // => ['exp 12', 'neg 0', 'reduceSum 0']
 * tape.toDot().split('\n')[2] // => '  v0 [shape=ellipse, label="[0]\\n[3] float32"]'
 * ```
 */
export function traceTape<Args extends readonly unknown[]>(
  f: (...args: Args) => unknown,
  ...args: Args
): TapeGraph
export function traceTape(f: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
  const names = [...leavesByPath(args).keys()]
  return withoutValue(f, () =>
    chain(trace('traceTape', f, args), (traced) => {
      try {
        return graphOf(traced, names).graph
      } finally {
        discard(traced, traced.value, [])
        traced.tape.dispose()
      }
    }),
  )
}
