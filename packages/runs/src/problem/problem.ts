import type { Noise, Operator, Problem } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'

/** A measurement [1, …outShape], the truth [1, …inShape] where it is known, and what a user should know of them. */
export interface Measured {
  readonly y: Tensor
  readonly truth: Tensor | undefined
  readonly notes: readonly string[]
}

/**
 * The measurement of truths [N, …operator.inShape]: A(truth) with noise, sample n under `key.fold(n)`.
 * @example
 * ```ts
 * import { measure } from '@tweedie/runs'
 * import { gaussianNoise, inpaint } from '@tweedie/solvers'
 * import { randomKey, zeros } from '@tweedie/tensor'
 * const operator = inpaint([1, 4, 4], { box: 2 })
 * const y = measure(operator, gaussianNoise(0.1), zeros([2, 1, 4, 4]), randomKey(0).fold('measurement'))
 * y.shape // => [2, 1, 12]
 * ```
 */
export const measure = (operator: Operator, noise: Noise, truth: Tensor, key: Key): Tensor =>
  scope(() => {
    const keys = Array.from({ length: truth.shape[0] ?? 0 }, (_, n) => key.fold(n))
    return noise.sample(keys, operator.forward(truth))
  })

/** One sample [1, …] as a batch of `count` equal ones, with memory of its own. */
export const repeatSample = (x: Tensor, count: number): Tensor =>
  scope(() => x.broadcastTo([count, ...x.shape.slice(1)]).mul(1))

/** One measurement as a problem for `count` draws: y, and the truth where it is known, repeated `count` times. */
export const drawsOf = (
  operator: Operator,
  noise: Noise,
  { y, truth }: Pick<Measured, 'y' | 'truth'>,
  count: number,
): { problem: Problem; truth: Tensor | undefined } => ({
  problem: { operator, noise, y: repeatSample(y, count) },
  truth: truth === undefined ? undefined : repeatSample(truth, count),
})
