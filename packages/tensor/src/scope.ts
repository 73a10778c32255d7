import { OptionError } from './errors.ts'
import type { Tensor } from './tensor.ts'
import { treeLeaves } from './tree.ts'

/** Tensors created while a scope is innermost belong to it until it closes. */
class Scope {
  readonly owned: Tensor[] = []
  readonly guests: Guest[] = []
}

/** Something that lives in a scope beside its tensors, and is told how the scope ends. */
interface Guest {
  failed(): void
  closed(): void
}

let innermost: Scope | undefined

/** Called by every new tensor; false where no scope is open, so that the finaliser must watch it. */
export function adopt(tensor: Tensor): boolean {
  if (innermost === undefined) return false
  innermost.owned.push(tensor)
  return true
}

/**
 * Says what is to happen where the innermost scope ends by an error, `failed`, or else, `closed`, in which the scope around it is
 * the innermost one; false where no scope is open. For what holds memory beside the scope's tensors.
 */
export function whenScopeEnds(failed: () => void, closed: () => void): boolean {
  innermost?.guests.push({ failed, closed })
  return innermost !== undefined
}

/**
 * Runs `fn` and frees every tensor it created, except those found in what it returns (a tensor, or
 * arrays and records of tensors), which pass to the enclosing scope.
 *
 * @throws {OptionError} where `fn` is asynchronous: work interleaved at an `await` would be freed too.
 *   Scope the synchronous parts instead. Also for a result that contains itself, or has more than 1000 levels.
 * @example
 * ```ts
 * import { memory, scope, tensor } from '@tweedie/tensor'
 * const before = memory().tensors
 * const norm = scope(() => { const x = tensor([3, 4]); return x.mul(x).sum().sqrt() })
 * norm.dataSync()[0] // => 5
 * memory().tensors - before // => 1
 * norm.dispose()
 * ```
 */
export function scope<T>(fn: () => T): T {
  const outer = innermost
  const mine = new Scope()
  innermost = mine
  let result: T
  let kept: ReadonlySet<Tensor>
  try {
    result = fn()
    if (result instanceof Promise) {
      result.catch(() => undefined)
      throw new OptionError('scope', 'the function must be synchronous; scope its synchronous parts')
    }
    kept = new Set(treeLeaves(result))
  } catch (error) {
    innermost = outer
    for (const tensor of mine.owned) tensor.dispose()
    for (const guest of mine.guests) guest.failed()
    throw error
  }
  innermost = outer
  for (const tensor of mine.owned) {
    if (!kept.has(tensor)) tensor.dispose()
    else if (!tensor.isDisposed) tensor.rehome()
  }
  for (const guest of mine.guests) guest.closed()
  return result
}

/** Runs `fn` with no scope open: what it creates outlives the scopes around it (caches, parameters). */
export function unscoped<T>(fn: () => T): T {
  const outer = innermost
  innermost = undefined
  try {
    return fn()
  } finally {
    innermost = outer
  }
}
