import type { Tensor } from '@tweedie/tensor'
import { TweedieError } from '@tweedie/tensor'

/**
 * Something that holds for every method, operator or prior, ours or a user's own: a test by any test runner, or a line
 * of `tweedie check`.
 */
export interface Law {
  readonly name: string
  /** @throws {LawError} with what was found and what should be, where the law does not hold. */
  holds(): Promise<void>
}

/** A law that does not hold. */
export class LawError extends TweedieError {
  override readonly name = 'LawError'
}

/** @throws {LawError} with the message, where the condition is false. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new LawError(message)
}

/** Up to a few numbers, for messages. */
const shown = (values: ArrayLike<number>) =>
  `[${Array.from(values).slice(0, 6).join(', ')}${values.length > 6 ? ', …' : ''}]`

/** @throws {LawError} where two lists of numbers differ in any bit. */
export function mustEqual(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  const same = found.length === wanted.length && Array.from(found).every((v, i) => Object.is(v, wanted[i]))
  must(same, `${what}: ${shown(found)} should be ${shown(wanted)}`)
}

/** @throws {LawError} where ‖a − b‖₂ exceeds a bound. */
export function mustBeClose(
  found: ArrayLike<number>,
  wanted: ArrayLike<number>,
  bound: number,
  what: string,
): void {
  must(found.length === wanted.length, `${what}: ${found.length} numbers, should be ${wanted.length}`)
  let squares = 0
  for (let i = 0; i < found.length; i++)
    squares += ((found[i] ?? Number.NaN) - (wanted[i] ?? Number.NaN)) ** 2
  const distance = Math.sqrt(squares)
  must(
    distance <= bound,
    `${what}: off by ${distance.toExponential(2)}, at most ${bound.toExponential(2)} allowed`,
  )
}

/** What a call throws, or undefined. */
function thrownBy(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

/**
 * A call throws an error of a kind that says something, at once.
 * @throws {LawError} where it throws nothing, or something else.
 */
export function mustThrow(act: () => unknown, kind: string, saying: string, what: string): void {
  const thrown = thrownBy(act)
  const fits = thrown instanceof Error && thrown.name === kind && thrown.message.includes(saying)
  const instead = thrown === undefined ? 'throws nothing' : `throws ${String(thrown)}`
  must(fits, `${what}: should throw ${kind}${saying === '' ? '' : ` with '${saying}'`}, ${instead}`)
}

/** ⟨a, b⟩ over all elements, summed in float64. */
export function dot(a: Tensor, b: Tensor): number {
  const [x, y] = [a.dataSync(), b.dataSync()]
  let total = 0
  for (let i = 0; i < x.length; i++) total += (x[i] ?? 0) * (y[i] ?? 0)
  return total
}

/** ‖a‖₂ over all elements. */
export const norm = (a: Tensor): number => Math.sqrt(dot(a, a))
