import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { inFloat64 } from '../linalg/precise.ts'
import type { Svd } from '../types.ts'

/** What is known of coordinates x̄ beside their law: each x̄_i is seen as `value`_i ~ N(x̄_i, `variance`_i). */
export interface Observed {
  /** [M, n]; where nothing is seen any number. */
  readonly value: Tensor
  /** Of each of the n coordinates: 0 where it is known, ∞ where nothing is seen of it. */
  readonly variance: Float64Array
}

/** Host numbers, one for each coordinate, as a tensor that meets x. */
export const row = (values: Float64Array, { dtype, device }: Tensor): Tensor =>
  fromData(values, [values.length], { dtype, device })

/**
 * Σ_i log N(v_i; m_i, V_i) over the coordinates with V_i < ∞, [M], in float64.
 *
 * @param value - v and `mean` m, [M, n]. @param variance - V, above 0.
 */
export const logNormal = (value: Tensor, mean: Tensor, variance: Float64Array): Tensor =>
  scope(() => {
    const r = inFloat64(value.sub(mean))
    const weights = row(
      variance.map((v) => -0.5 / v),
      r,
    )
    const constant = variance.reduce(
      (sum, v) => (v < Infinity ? sum - Math.log(2 * Math.PI * v) / 2 : sum),
      0,
    )
    return sumPerSample(r.square().mul(weights)).add(constant)
  })

/**
 * log p(value) of what is seen of x̄ ~ N(mean, spread·I), [M], in float64: the predictive density, which the draw of x̄ has
 * no part in.
 *
 * @param mean - [M, n]. @param spread - At least 0; above 0 where a coordinate is known.
 */
export const observedDensity = (mean: Tensor, spread: number, { value, variance }: Observed): Tensor =>
  logNormal(
    value,
    mean,
    variance.map((v) => v + spread),
  )

/**
 * A draw of x̄ ~ N(mean, spread·I) given what is seen of it: with K = spread/(spread + variance) of each coordinate
 *
 *     x̄ = mean + K·(value − mean) + √(spread·(1 − K))·z.
 *
 * @param z - N(0, I), [M, n].
 * @example
 * ```ts
 * import { observedDraw } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const seen = { value: tensor([[3, 0, 3]]), variance: Float64Array.of(1, Infinity, 0) }
 * observedDraw(tensor([[1, 1, 1]]), 1, seen, tensor([[0, 2, 2]])).dataSync() // => [2, 3, 3]
 * ```
 */
export const observedDraw = (
  mean: Tensor,
  spread: number,
  { value, variance }: Observed,
  z: Tensor,
): Tensor =>
  scope(() => {
    const gain = variance.map((v) => (spread === 0 ? 0 : spread / (spread + v)))
    const fresh = gain.map((k) => Math.sqrt(spread * (1 - k)))
    return mean.add(value.sub(mean).mul(row(gain, mean))).add(z.mul(row(fresh, mean)))
  })

/**
 * What a measurement y [N, …outShape] says of the coordinates x̄ = Vᵀx: ȳ_i/s_i with ȳ = Uᵀy, 0 where s_i = 0, [N, n].
 *
 * @param singular - The s_i that count, those that do not being 0.
 */
export const seenValue = (svd: Svd, y: Tensor, singular: Float64Array): Tensor =>
  svd.ut(y).mul(
    row(
      singular.map((s) => (s > 0 ? 1 / s : 0)),
      y,
    ),
  )

/**
 * log p(y) − log p(ȳ/s) for {@link seenValue}, [N], in float64: −Σ log s_i, and the log-density of what y has outside of the
 * coordinates with s_i > 0, which is noise alone. Without noise nothing is said of that.
 */
export function seenScale(svd: Svd, y: Tensor, singular: Float64Array, sigmaY: number): Tensor {
  const logs = singular.reduce((sum, s) => (s > 0 ? sum - Math.log(s) : sum), 0)
  const inside = svd.ut(y).mul(
    row(
      singular.map((s) => (s > 0 ? 1 : 0)),
      y,
    ),
  )
  const squares = (x: Tensor) => sumPerSample(inFloat64(x).square())
  const rest = squares(y.reshape([y.shape[0] ?? 0, -1])).sub(squares(inside))
  if (sigmaY === 0) return rest.mul(0).add(logs)
  const outside = sampleSize(y) - singular.filter((s) => s > 0).length
  return rest.mul(-0.5 / sigmaY ** 2).add(logs - (outside / 2) * Math.log(2 * Math.PI * sigmaY ** 2))
}
