import type { Tensor } from '@tweedie/tensor'
import { formatShape, isTensor, OptionError, sameShape, TweedieError } from '@tweedie/tensor'

/** A state taken apart: what a safetensors file holds, and numbers for its metadata. */
export interface SavedState {
  /** By place in the state, 'mean.conv1.weight'. The handles are those of the state. */
  readonly tensors: Readonly<Record<string, Tensor>>
  /** By place in the state, 'step'. `String` and `Number` carry each over exactly. */
  readonly numbers: Readonly<Record<string, number>>
}

type Leaf = Tensor | number

/** The same tree with each tensor and number replaced; `fn` is told its place. */
function mapLeaves(tree: unknown, fn: (leaf: Leaf, path: string) => Leaf, path = ''): unknown {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  if (isTensor(tree) || typeof tree === 'number') return fn(tree, path)
  if (Array.isArray(tree)) return tree.map((child, i) => mapLeaves(child, fn, `${path}[${i}]`))
  if (tree instanceof Map) {
    return new Map(
      [...tree].map(([key, child]) => [key, mapLeaves(child, fn, `${path}.get(${String(key)})`)]),
    )
  }
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, mapLeaves(child, fn, at(key))]))
}

/**
 * Takes the state of an optimiser (or any tree of tensors and numbers) apart, so that a file can hold it.
 * Nothing is copied. {@link restoreState} puts it together again, bit for bit.
 *
 * @throws {TweedieError} where two tensors or numbers have the same name, as { 'a.b': x, a: { b: x } }.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { adam, restoreState, saveState } from '@tweedie/autograd'
 * const params = { conv: { weight: tensor([1, 2]) } }
 * const { init, update } = adam({ learningRate: 0.1 })
 * const { state } = update(params, init(params), params)
 * const saved = saveState(state)
 * saved.numbers // => { step: 1 }
 * Object.keys(saved.tensors) // => ['mean.conv.weight', 'square.conv.weight']
 * restoreState(saved, init(params)).step // => 1
 * ```
 */
export function saveState(state: unknown): SavedState {
  const tensors: Record<string, Tensor> = {}
  const numbers: Record<string, number> = {}
  mapLeaves(state, (leaf, path) => {
    if (path in tensors || path in numbers)
      throw new TweedieError(`saveState: two places of the state are both called '${path}'`)
    if (typeof leaf === 'number') numbers[path] = leaf
    else tensors[path] = leaf
    return leaf
  })
  return { tensors, numbers }
}

/**
 * Puts a saved state together again, in the form of another: `optimizer.init(params)` for an optimiser's.
 * The tensors are those of `saved`; those of `like` are only looked at.
 *
 * @throws {OptionError} which names what is missing, left over, or of another shape or element type.
 */
export function restoreState<State>(saved: SavedState, like: State): State {
  const used = new Set<string>()
  const restored = mapLeaves(like, (leaf, path) => {
    used.add(path)
    const found: Leaf | undefined = typeof leaf === 'number' ? saved.numbers[path] : saved.tensors[path]
    if (found === undefined) {
      const what = typeof leaf === 'number' ? 'number' : 'tensor'
      throw new OptionError('saved', `the ${what} '${path}' is missing`)
    }
    if (isTensor(leaf) && isTensor(found)) {
      if (!sameShape(leaf.shape, found.shape) || leaf.dtype !== found.dtype) {
        throw new OptionError(
          'saved',
          `'${path}' is ${formatShape(found.shape)} ${found.dtype}, must be ${formatShape(leaf.shape)} ${leaf.dtype}`,
        )
      }
    }
    return found
  })
  const extra = [...Object.keys(saved.tensors), ...Object.keys(saved.numbers)].filter((key) => !used.has(key))
  if (extra.length > 0)
    throw new OptionError('saved', `does not belong to this state: ${extra.slice(0, 5).join(', ')}`)
  return restored as State
}
