import { OptionError } from './errors.ts'
import type { Tensor } from './tensor.ts'

/** Levels that a tree may have. */
const maxDepth = 1000

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

/** Runs `fn` for the children of `node`, which lies below those in `above`. */
function below<T>(above: Set<object>, node: object, fn: () => T): T {
  if (above.has(node)) throw new OptionError('tree', 'a tree of tensors must not contain itself')
  if (above.size >= maxDepth)
    throw new OptionError('tree', `a tree of tensors has at most ${maxDepth} levels; this one has more`)
  above.add(node)
  try {
    return fn()
  } finally {
    above.delete(node)
  }
}

/**
 * The tensors of a tree (a tensor, or arrays, maps and plain records of trees), arrays by index and records by insertion
 * order; each place once.
 * @throws {OptionError} for a tree that contains itself, or has more than 1000 levels.
 */
export function treeLeaves(tree: unknown, out: Tensor[] = []): Tensor[] {
  const above = new Set<object>()
  const walk = (node: unknown): void => {
    if (isTensor(node)) out.push(node)
    else if (Array.isArray(node)) below(above, node, () => node.forEach(walk))
    else if (node instanceof Map) below(above, node, () => [...node.values()].forEach(walk))
    else if (isRecord(node)) below(above, node, () => Object.keys(node).forEach((key) => walk(node[key])))
  }
  walk(tree)
  return out
}

/**
 * The same tree with each tensor replaced by `fn(tensor, index)`, index counting as in {@link treeLeaves}, whose errors
 * it has.
 */
export function treeMap<T>(tree: T, fn: (leaf: Tensor, index: number) => Tensor): T {
  let index = 0
  const above = new Set<object>()
  const inside = (node: object): unknown => {
    if (Array.isArray(node)) return node.map(walk)
    if (node instanceof Map) return new Map([...node].map(([key, child]) => [key, walk(child)]))
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, walk(child)]))
  }
  const walk = (node: unknown): unknown => {
    if (isTensor(node)) return fn(node, index++)
    if (Array.isArray(node) || node instanceof Map || isRecord(node)) {
      return below(above, node, () => inside(node))
    }
    return node
  }
  return walk(tree) as T
}
