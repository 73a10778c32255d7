import type { WasmContext } from '../runtime/kernel.ts'
import type { Task } from '../runtime/tasks.ts'
import { callOf, cut } from '../runtime/tasks.ts'
import type { Fold } from './loops.ts'
import { emitRows } from './loops.ts'

/** How to reduce everything: the fold of a piece, its kernel's key, and what joins the results of two pieces. */
export interface WholeFold {
  readonly key: string
  readonly fold: Fold
  join(a: number, b: number): number
}

/** Elements per piece, whatever the number of threads, so that the order of summation is always the same. */
const pieceLength = 16384

/** From this many elements on, {@link reduceAll} is worth it. */
export const worthPieces = 4 * pieceLength

/**
 * Reduces `count` neighbouring float32 at `from` to one at `out`: pieces of equal length, dealt out to threads,
 * then their float64 results one after the other, rounded once.
 */
export function reduceAll(
  { key, fold, join }: WholeFold,
  from: number,
  count: number,
  out: number,
  nanoseconds: number,
  { heap, kernels, threads }: WasmContext,
): void {
  const kernel = kernels.get(key, (m) => m.procedure('run', emitRows, fold, true, true))
  const whole = Math.floor(count / pieceLength)
  const rest = count - whole * pieceLength
  const partials = heap.scratch('reduce:partials', 8 * (whole + 1))
  const folded = (first: number, pieces: number, length: number) =>
    callOf(
      kernel,
      ...[partials + 8 * first, from + 4 * first * pieceLength],
      ...[1, pieces, 0, 4 * pieceLength],
      ...[1, 1, 0, 0, length, 4],
    )
  const tasks = cut(whole, threads.parts(nanoseconds, whole)).map((range): Task => {
    const call = folded(range.from, range.to - range.from, pieceLength)
    return range.to === whole && rest > 0 ? [call, folded(whole, 1, rest)] : [call]
  })
  threads.run(tasks)
  const results = heap.view('float64', partials, whole + (rest > 0 ? 1 : 0))
  let total = results[0]!
  for (let i = 1; i < results.length; i++) total = join(total, results[i]!)
  heap.view('float32', out, 1)[0] = total
}
