import type { Tensor } from '@tweedie/tensor'
import { zerosLike } from '@tweedie/tensor'

/** What is kept of the samples of a chain: how many, their mean and the sum of squares about it, like a sample. */
export interface Kept {
  readonly count: number
  readonly mean: Tensor
  readonly squares: Tensor
}

/** Nothing yet. */
export const keptNone = (x: Tensor): Kept => ({ count: 0, mean: zerosLike(x), squares: zerosLike(x) })

/** One sample more (Welford 1962). */
export function keptWith({ count, mean, squares }: Kept, x: Tensor): Kept {
  const off = x.sub(mean)
  const next = mean.add(off.div(count + 1))
  return { count: count + 1, mean: next, squares: squares.add(off.mul(x.sub(next))) }
}

/** Standard deviation of each element over the samples kept; 0 before there are two. */
export const keptSpread = ({ count, squares }: Kept): Tensor => squares.div(Math.max(count - 1, 1)).sqrt()
