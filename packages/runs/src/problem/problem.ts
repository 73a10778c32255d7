import type { Noise, Operator, Problem, ShownOperator } from '@tweedie/solvers'
import { noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { randomKey, scope } from '@tweedie/tensor'

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

/** The key of a measurement's noise in a run of a seed. */
export const measurementKey = (seed: number): Key => randomKey(seed).fold('measurement')

/** One sample [1, …] as a batch of `count` equal ones, with memory of its own. */
export const repeatSample = (x: Tensor, count: number): Tensor =>
  scope(() => x.broadcastTo([count, ...x.shape.slice(1)]).mul(1))

/** One measurement as a problem for `count` draws: y, and the truth where it is known, repeated `count` times. */
export const drawsOf = <O extends Operator>(
  operator: O,
  noise: Noise,
  { y, truth }: Pick<Measured, 'y' | 'truth'>,
  count: number,
): { problem: Problem<O>; truth: Tensor | undefined } => ({
  problem: { operator, noise, y: repeatSample(y, count) },
  truth: truth === undefined ? undefined : repeatSample(truth, count),
})

/** A problem in words. */
export interface ProblemSpec {
  /** Such as `inpaint:box=14`. */
  readonly operator: string
  /** σ_y in units of the data range [−1, 1], or a law such as `poisson:peak=30`. */
  readonly noise: number | string
  /** Of one sample, [C, H, W]. */
  readonly shape: Shape
}

/**
 * The problem of words and one sample: a truth that is measured with the noise of a seed, or a measurement.
 *
 * @param given - [1, …shape] or [1, …outShape].
 * @throws {OptionError} for words that are wrong, or do not fit the shape.
 * @example
 * ```ts
 * import { problemFromSpec } from '@tweedie/runs'
 * import { ones } from '@tweedie/tensor'
 * const spec = { operator: 'sr:2', noise: 0.1, shape: [1, 4, 4] }
 * const { problem } = problemFromSpec(spec, { truth: ones([1, 1, 4, 4]) }, { seed: 7, count: 3 })
 * problem.y.shape // => [3, 1, 2, 2]
 * ```
 */
export function problemFromSpec(
  spec: ProblemSpec,
  given: { readonly truth: Tensor } | { readonly measurement: Tensor },
  { seed = 0, count = 1 }: { readonly seed?: number; readonly count?: number } = {},
): { problem: Problem<ShownOperator>; truth: Tensor | undefined } {
  const operator = operatorFromSpec(spec.operator, spec.shape)
  const noise = noiseFromSpec(String(spec.noise))
  if ('measurement' in given)
    return drawsOf(operator, noise, { y: given.measurement, truth: undefined }, count)
  using y = measure(operator, noise, given.truth, measurementKey(seed))
  return drawsOf(operator, noise, { y, truth: given.truth }, count)
}
