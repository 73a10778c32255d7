import type { Tensor } from '@tweedie/tensor'
import { isFloat, isTensor, TweedieError, treeLeaves } from '@tweedie/tensor'
import type { Sparse } from './node.ts'

/**
 * The tensors of a tree, each by its place: '' for the root, '.a[0]' for element 0 of field a.
 * @throws {OptionError} as `treeLeaves`.
 */
export function leavesByPath(tree: unknown): Map<string, Tensor> {
  treeLeaves(tree) // throws where the tree has no end
  return collect(tree, '', new Map())
}

function collect(tree: unknown, path: string, out: Map<string, Tensor>): Map<string, Tensor> {
  if (isTensor(tree)) return out.set(path, tree)
  if (tree instanceof Map) {
    for (const [key, child] of tree) collect(child, `${path}.get(${String(key)})`, out)
  } else if (Array.isArray(tree)) {
    tree.forEach((child, i) => collect(child, `${path}[${i}]`, out))
  } else if (typeof tree === 'object' && tree !== null) {
    const proto = Object.getPrototypeOf(tree)
    if (proto !== Object.prototype && proto !== null) return out
    for (const [key, child] of Object.entries(tree)) collect(child, `${path}.${key}`, out)
  }
  return out
}

/** The tensors of `tree` at `paths`, in that order; those at `optional` places may be missing. */
function lookUp(
  op: string,
  what: string,
  paths: readonly string[],
  tree: unknown,
  optional: (path: string) => boolean,
): (Tensor | undefined)[] {
  const leaves = leavesByPath(tree)
  const known = new Set(paths)
  const missing = paths.filter((path) => !leaves.has(path) && !optional(path))
  const extra = [...leaves.keys()].filter((path) => !known.has(path))
  if (missing.length > 0 || extra.length > 0) {
    const name = (list: readonly string[]) =>
      list
        .slice(0, 5)
        .map((path) => (path === '' ? 'a tensor at its root' : path))
        .join(', ')
    const parts = [
      ...(missing.length > 0 ? [`lacks ${name(missing)}`] : []),
      ...(extra.length > 0 ? [`should not have ${name(extra)}`] : []),
    ]
    throw new TweedieError(
      `${op}: the ${what} has ${leaves.size} tensors for ${paths.length}: it ${parts.join(', ')}`,
    )
  }
  return paths.map((path) => leaves.get(path))
}

/**
 * The tensors of `tree` in the order of `paths`: records match by name, whatever the order of their fields.
 * @throws {TweedieError} which lists the places that only one of them has.
 */
export const alignLeaves = (op: string, what: string, paths: readonly string[], tree: unknown): Tensor[] =>
  lookUp(op, what, paths, tree, () => false) as Tensor[]

/**
 * The tangents of all tensors of all arguments, undefined where an argument is held (its tangent is
 * undefined) or a tensor is no float.
 * @throws {TweedieError} where the trees do not match.
 */
export function alignTangents(op: string, args: readonly unknown[], tangents: readonly unknown[]): Sparse {
  if (tangents.length !== args.length) {
    throw new TweedieError(`${op}: ${tangents.length} tangents for ${args.length} arguments`)
  }
  return args.flatMap((arg, n) => {
    const leaves = leavesByPath(arg)
    const isConstant = (path: string) => !isFloat(leaves.get(path)!.dtype)
    if (tangents[n] === undefined) return [...leaves.values()].map(() => undefined)
    const paths = [...leaves.keys()]
    return lookUp(op, `tangent of argument ${n}`, paths, tangents[n], isConstant).map((x, i) =>
      isConstant(paths[i]!) ? undefined : x,
    )
  })
}

/** A tree in which each tensor is replaced by a tree: `Nested<{ a: Tensor }, Leaf>` is `{ a: Leaf }`. */
export type Nested<Tree, Leaf> = Tree extends Tensor
  ? Leaf
  : Tree extends Map<infer K, infer V>
    ? Map<K, Nested<V, Leaf>>
    : Tree extends object
      ? { [K in keyof Tree]: Nested<Tree[K], Leaf> }
      : Tree
