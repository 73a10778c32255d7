import type { Interpreter, Tensor } from '@tweedie/tensor'
import { dispatchAt, treeLeaves } from '@tweedie/tensor'
import type { TapeNode } from './node.ts'
import { rules } from './rules/index.ts'

type Storage = Tensor['storage']

/** What has been seen of the calls of a function, below the tape that records it. */
export interface WatchedCalls {
  /** To be in force while the function runs. */
  readonly interpreter: Interpreter
  /** Milliseconds of a recorded call: of a primitive its own, of a call with ways of its own all that ran inside. */
  forward(nodes: readonly TapeNode[]): number[]
  labelOf(node: TapeNode): string | undefined
  /** Bytes of what each node is the first to keep and nobody else has: once the function's own handles are gone. */
  own(nodes: readonly TapeNode[], args: unknown): number[]
  /** The results, by their ids, where they were to be kept. */
  readonly values: ReadonlyMap<number, Tensor>
  dispose(): void
}

/** Starts to watch. @param keep - Whether every result is to be kept until it is disposed of. */
export function watchCalls(
  label: ((inputs: readonly Tensor[]) => string | undefined) | undefined,
  keep: boolean,
): WatchedCalls {
  const times: number[] = []
  const places = new Map<number, number>()
  const labels = new Map<number, string>()
  const values = new Map<number, Tensor>()
  const made = new Set<Storage>()
  const handles = new Map<Storage, Set<Tensor>>()
  const run: Interpreter['run'] = (primitive, inputs, params, level) => {
    const said = label?.(inputs)
    const began = performance.now()
    const out = dispatchAt(level, primitive, inputs, params)
    times.push(performance.now() - began)
    places.set(out.id, times.length - 1)
    if (said !== undefined) labels.set(out.id, said)
    if (keep) values.set(out.id, out.alias())
    for (const x of inputs) {
      const before = handles.get(x.storage)
      if (before === undefined) handles.set(x.storage, new Set([x]))
      else before.add(x)
    }
    if (!handles.has(out.storage)) made.add(out.storage)
    return out
  }
  const placeOf = (node: TapeNode): number => Math.max(...node.outputs.map(({ id }) => places.get(id) ?? -1))
  return {
    interpreter: { run },
    values,
    forward: (nodes) =>
      nodes.map((node, i) => {
        const [before, last] = [i === 0 ? -1 : placeOf(nodes[i - 1]!), placeOf(node)]
        const from = Object.hasOwn(rules, node.name) ? last : before + 1
        return times.slice(from, last + 1).reduce((sum, ms) => sum + ms, 0)
      }),
    labelOf: ({ outputs }) => labels.get(outputs[0]!.id),
    own(nodes, args) {
      const given = new Set(treeLeaves(args).map(({ storage }) => storage))
      const living = (storage: Storage) =>
        given.has(storage) || [...(handles.get(storage) ?? [])].some(({ isDisposed }) => !isDisposed)
      const counted = new Set<Storage>()
      return nodes.map(({ saved }) => {
        let bytes = 0
        for (const { storage } of saved) {
          if (counted.has(storage)) continue
          counted.add(storage)
          if (made.has(storage) || !living(storage)) bytes += storage.bytes
        }
        return bytes
      })
    },
    dispose() {
      for (const x of values.values()) x.dispose()
      values.clear()
    },
  }
}

/**
 * Puts a clock on the way back through each node of a tape, and shows what arrives at its results. A node's time ends where
 * the next one's begins, so that summing its gradients up is in it.
 * @returns The times so far, of the node that is under way up to now.
 */
export function clockBackward(
  nodes: TapeNode[],
  onCotangent: (id: number, cotangent: Tensor) => void,
): () => readonly number[] {
  const times = nodes.map(() => 0)
  let current: { readonly node: number; readonly began: number } | undefined
  const stop = () => {
    if (current !== undefined) times[current.node] = performance.now() - current.began
    current = undefined
  }
  nodes.forEach((node, i) => {
    nodes[i] = {
      ...node,
      backward(cotangents) {
        stop()
        cotangents.forEach((x, j) => {
          if (x !== undefined) onCotangent(node.outputs[j]!.id, x)
        })
        current = { node: i, began: performance.now() }
        return node.backward(cotangents)
      },
    }
  })
  return () => {
    stop()
    return times
  }
}
