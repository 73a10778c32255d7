import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import type { DdrmWeights } from '../linalg/ddrm-weights.ts'
import { dots } from '../linalg/per-sample.ts'
import type { Svd } from '../types.ts'

/** A measurement y [N, …outShape] of noise level σ_y in the coordinates of its decomposition. */
export interface SpectralMeasurement {
  readonly svd: Svd
  /** The s_i that count, those that do not being 0. */
  readonly singular: Float64Array
  readonly y: Tensor
  readonly sigmaY: number
}

/** f(s_i) of each singular value as a tensor [n] that meets y. */
const each = ({ singular, y }: SpectralMeasurement, f: (s: number) => number): Tensor =>
  fromData(singular.map(f), [singular.length], { dtype: y.dtype, device: y.device })

/**
 * Where DDRM starts (Kawar et al., arXiv 2201.11793, eq. 7): x̄_i ~ N(ȳ_i, σ² − τ_i²) where the noise level σ of the
 * start is above that of ȳ_i = (Uᵀy)_i/s_i, τ_i = σ_y/s_i, else N(0, σ²).
 *
 * @param start - σ = σ_T/α_T, and α_T.
 * @param z - [N, n].
 * @returns x_T = α_T·V x̄.
 */
export function spectralStart(
  measurement: SpectralMeasurement,
  { sigma, alpha }: { sigma: number; alpha: number },
  z: Tensor,
): Tensor {
  const { svd, y, sigmaY } = measurement
  const known = (s: number) => s > 0 && sigma > sigmaY / s
  const ybar = svd.ut(y).mul(each(measurement, (s) => (known(s) ? 1 / s : 0)))
  const spread = each(measurement, (s) => (known(s) ? Math.sqrt(sigma ** 2 - (sigmaY / s) ** 2) : sigma))
  return svd.v(ybar.add(z.mul(spread))).mul(alpha)
}

/** The weights of all singular values, a tensor [n] each that meets y. */
function weightsOf(
  { singular, y }: SpectralMeasurement,
  weights: (s: number) => DdrmWeights,
): Record<keyof DdrmWeights, Tensor> {
  const zeros = () => new Float64Array(singular.length)
  const [theta, xbar, uty, z] = [zeros(), zeros(), zeros(), zeros()]
  for (let k = 0; k < singular.length; k++) {
    const of = weights(singular[k] ?? 0)
    theta[k] = of.theta
    xbar[k] = of.xbar
    uty[k] = of.uty
    z[k] = of.z
  }
  const tensor = (values: Float64Array) =>
    fromData(values, [values.length], { dtype: y.dtype, device: y.device })
  return { theta: tensor(theta), xbar: tensor(xbar), uty: tensor(uty), z: tensor(z) }
}

/**
 * One step of DDRM's kind: x̄_s = w_θ·Vᵀx̂₀ + w_x·Vᵀx_t/α_t + w_y·Uᵀy + w_z·z with weights for each singular value.
 *
 * @param look - x_t and x̂₀, [N, …inShape].
 * @param alpha - α at both ends of the step.
 * @param z - [N, n].
 * @returns x_s = α_s·V x̄_s.
 */
export function spectralMove(
  measurement: SpectralMeasurement,
  { x, x0hat }: { x: Tensor; x0hat: Tensor },
  alpha: { from: number; to: number },
  weights: (s: number) => DdrmWeights,
  z: Tensor,
): Tensor {
  const { svd, y } = measurement
  const weight = weightsOf(measurement, weights)
  const seen = svd.vt(x0hat).mul(weight.theta)
  const kept = svd.vt(x.div(alpha.from)).mul(weight.xbar)
  const measured = svd.ut(y).mul(weight.uty)
  const fresh = z.mul(weight.z)
  return svd.v(seen.add(kept).add(measured).add(fresh)).mul(alpha.to)
}

/**
 * GibbsDDRM's ρ = |⟨a, c⟩|/(‖a‖‖c‖) of the directions a = Vᵀ(x_t/α_t − x̂₀) and c = Uᵀy − s·Vᵀx̂₀ over the coordinates
 * where x_s is less noisy than y, σ_s < σ_y/s_i; for one sample.
 *
 * @param to - σ_s/α_s.
 */
export function correlation(
  measurement: SpectralMeasurement,
  { x, x0hat }: { x: Tensor; x0hat: Tensor },
  alpha: number,
  to: number,
): number {
  const { svd, y, sigmaY } = measurement
  const there = each(measurement, (s) => (s > 0 && to < sigmaY / s ? 1 : 0))
  const a = svd.vt(x.div(alpha).sub(x0hat)).mul(there)
  const c = svd
    .ut(y)
    .sub(svd.vt(x0hat).mul(each(measurement, (s) => s)))
    .mul(there)
  const [ac = 0, aa = 0, cc = 0] = [dots(a, c), dots(a, a), dots(c, c)].map(([v]) => v)
  return Math.abs(ac) / (Math.sqrt(aa * cc) || 1)
}
