import type { Tensor } from './tensor.ts'

const isRecord = (tree: unknown): tree is Record<string, unknown> => {
  if (typeof tree !== 'object' || tree === null) return false
  const proto = Object.getPrototypeOf(tree)
  return proto === Object.prototype || proto === null
}

/** Whether a value is a Tensor (of any copy of this package). */
export const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' &&
  value !== null &&
  (value as { isTweedieTensor?: boolean }).isTweedieTensor === true

/** The tensors of a tree (a tensor, or arrays, maps and plain records of trees), arrays by index and records by insertion order; each place once. */
export function treeLeaves(tree: unknown, out: Tensor[] = []): Tensor[] {
  if (isTensor(tree)) out.push(tree)
  else if (Array.isArray(tree)) for (const child of tree) treeLeaves(child, out)
  else if (tree instanceof Map) for (const child of tree.values()) treeLeaves(child, out)
  else if (isRecord(tree)) for (const key of Object.keys(tree)) treeLeaves(tree[key], out)
  return out
}

/** The same tree with each tensor replaced by `fn(tensor, index)`, index counting as in {@link treeLeaves}. */
export function treeMap<T>(tree: T, fn: (leaf: Tensor, index: number) => Tensor): T {
  let index = 0
  const walk = (node: unknown): unknown => {
    if (isTensor(node)) return fn(node, index++)
    if (Array.isArray(node)) return node.map(walk)
    if (node instanceof Map) return new Map([...node].map(([key, child]) => [key, walk(child)]))
    if (isRecord(node)) return Object.fromEntries(Object.keys(node).map((key) => [key, walk(node[key])]))
    return node
  }
  return walk(tree) as T
}
