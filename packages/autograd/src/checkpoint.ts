import type { Tensor } from '@tweedie/tensor'
import { OptionError, TweedieError, treeLeaves, treeMap } from '@tweedie/tensor'
import { recordingTapes, recordOn, untaped } from './custom.ts'
import { pullThrough } from './engine.ts'
import { capturing, interpreting, rename, resolved, Substitution } from './interpreters.ts'
import { isAsync } from './lift.ts'
import { Tape } from './tape.ts'
import { outputLeaves } from './trace.ts'

/**
 * The same function, of which a tape keeps only the inputs: its inside is computed again when a derivative
 * comes by (arXiv 1604.06174). f must be synchronous and pure; tensors it closes over get their gradients
 * too, and are kept, so they may be freed in between.
 * @param within - Does the work of the inside, forward and where a gradient comes by: a pure function of it, which may know
 *   the result from before. Then f is not run, and what it closes over gets no gradient.
 * @throws {OptionError} for an async f; {TweedieError} where f returns no tensor, or another number of them
 * when it runs again.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { checkpoint, grad } from '@tweedie/autograd'
 * const step = checkpoint((x: Tensor) => x.exp().square().sqrt())
 * const g = grad((x: Tensor) => step(step(x)).sum())(tensor([0]))
 * g.dataSync()[0] // ≈ 2.718282
 * ```
 */
export function checkpoint<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  within: <T>(work: () => T) => T = (work) => work(),
): (...args: Args) => R {
  if (isAsync(f)) throw new OptionError('checkpoint', 'the function must be synchronous')
  return (...args) => {
    const tapes = recordingTapes()
    if (tapes.length === 0) return within(() => f(...args))
    // Names that all interpreters know: an outer one may have put another value in an argument's place.
    const inner = treeMap(args, rename)
    const explicit = treeLeaves(inner)
    const used = new Map<number, Set<Tensor>>()
    const value = within(() => untaped(() => f(...inner), [capturing(used)]))
    const outputs = outputLeaves('checkpoint', value)
    for (const { id } of explicit) used.delete(id)
    // What f reaches by closure, and what stands there for it; what f made otherwise than by a primitive is freed by now.
    const reached = [...used].flatMap(([id, handles]) => {
      const x = [...handles].map(resolved).find(({ isDisposed }) => !isDisposed)
      return x === undefined ? [] : [{ id, x }]
    })
    const inputs = [...explicit, ...reached.map(({ x }) => x)]
    const again = (...saved: Tensor[]): Tensor[] => {
      const by = new Map(reached.map(({ id }, i) => [id, saved[explicit.length + i]!]))
      // Renamed, as `untaped` does: a tensor that f only hands on must meet its substitute too.
      const results = interpreting(new Substitution(by), () =>
        treeMap(f(...treeMap(inner, (_, i) => saved[i]!)), rename),
      )
      const leaves = treeLeaves(results)
      if (leaves.length === outputs.length) return leaves
      throw new TweedieError(
        `checkpoint: the function is not pure: it returned ${outputs.length} tensors, then ${leaves.length}`,
      )
    }
    recordOn(tapes, {
      name: 'checkpoint',
      inputs,
      outputs,
      saves: inputs,
      ways: (saved, wanted) => ({
        backward: (cotangents) => within(() => pullThrough(new Tape(), again, saved, wanted, cotangents)),
        forward: (tangents, { pushThrough }) => pushThrough(new Tape(), again, saved, tangents),
      }),
    })
    return value
  }
}
