import type { Shape, Tensor } from '@tweedie/tensor'
import { NonFiniteError } from '@tweedie/tensor'

/** Refuses what {@link requireFiniteNow} refuses, on every device. */
export async function requireFinite(who: string, what: string, x: Tensor): Promise<void> {
  check(who, what, x.shape, await x.data())
}

/**
 * Refuses a tensor with NaN or infinity in it, naming the first place; does nothing on a device that cannot be
 * read at once.
 * @throws {NonFiniteError}
 */
export function requireFiniteNow(who: string, what: string, x: Tensor): void {
  if (readsAtOnce(x)) check(who, what, x.shape, x.dataSync())
}

export const readsAtOnce = (x: Tensor): boolean =>
  x.device.settle === undefined && (x.device.hostView ?? x.device.readSync) !== undefined

function check(who: string, what: string, shape: Shape, values: ArrayLike<number>): void {
  let [first, count] = [-1, 0]
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue
    if (first < 0) first = i
    count++
  }
  if (count === 0) return
  const place = shape.map((_, axis) => {
    const below = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1)
    return Math.floor(first / below) % shape[axis]!
  })
  const more = count === 1 ? '' : ` (${count} of ${values.length} elements are not finite)`
  throw new NonFiniteError(`${who}: ${what} has ${values[first]} at [${place.join(', ')}]${more}`)
}
