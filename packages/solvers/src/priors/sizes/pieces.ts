import { treeMap, undoing, unscoped } from '@tweedie/tensor'

/** Ends work at a piece, until the rest that is due there has been taken. */
class Rest extends Error {
  override readonly name = 'Rest'
  readonly ended: Promise<void>
  constructor(ended: Promise<void>) {
    super('work was broken off between two of its pieces; a catch inside a step must let this error through')
    this.ended = ended
  }
}

/** The pieces of some work that are done. */
class Pieces {
  readonly #due: () => Promise<void> | undefined
  readonly #done: unknown[] = []
  #next = 0
  #rest: Rest | undefined

  constructor(due: () => Promise<void> | undefined) {
    this.#due = due
  }

  begin(): void {
    this.#next = 0
    this.#rest = undefined
  }

  get rest(): Rest | undefined {
    return this.#rest
  }

  take<T>(work: () => T): T {
    if (this.#rest !== undefined) throw this.#rest
    const number = this.#next++
    if (number < this.#done.length) return treeMap(this.#done[number] as T, (x) => x.detach())
    const due = this.#due()
    if (due !== undefined) {
      this.#rest = new Rest(due)
      throw this.#rest
    }
    const result = work()
    this.#done.push(unscoped(() => treeMap(result, (x) => x.detach())))
    return result
  }

  free(): void {
    treeMap(this.#done, (x) => {
      x.dispose()
      return x
    })
  }
}

let current: Pieces | undefined

/**
 * A piece of some synchronous work, after which it may rest: {@link byPieces}. Outside of that it is simply done. It must be
 * pure, return a tree of tensors, and contain no other piece.
 */
export const piece = <T>(work: () => T): T => (current === undefined ? work() : current.take(work))

/**
 * Does synchronous work that consists of {@link piece}s, such as windows of a picture, and rests between two of them where a
 * rest is due: the work is broken off there, and afterwards run again from its beginning, with the pieces that were
 * done before as they were. So it must do the same every time, and change nothing but tensors of its own.
 *
 * @param due - Asked before each piece: a promise of the end of a rest, or undefined for none. If that promise is rejected, so
 *   is the work.
 * @example
 * ```ts
 * import { breathe, byPieces, piece } from '@tweedie/solvers'
 * import { scope, tensor } from '@tweedie/tensor'
 * let rests = 0
 * const due = () => (rests++ % 2 === 0 ? breathe() : undefined)
 * const squares = [1, 2, 3].map((x) => () => piece(() => tensor([x]).square()))
 * const sum = await byPieces(() => scope(() => squares.map((square) => square()).reduce((a, b) => a.add(b))), due)
 * sum.dataSync() // => [14]
 * rests // => 6
 * ```
 */
export async function byPieces<T>(work: () => T, due: () => Promise<void> | undefined): Promise<T> {
  const pieces = new Pieces(due)
  /** What the work returns, of no worth where it was broken off. */
  const once = (): T | undefined => {
    pieces.begin()
    const outer = current
    current = pieces
    try {
      return undoing(work, () => pieces.rest !== undefined)
    } catch (error) {
      if (pieces.rest === undefined) throw error
      return undefined
    } finally {
      current = outer
    }
  }
  try {
    for (;;) {
      const result = once()
      if (pieces.rest === undefined) return result as T
      await pieces.rest.ended
    }
  } finally {
    pieces.free()
  }
}
