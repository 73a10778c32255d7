import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { ones } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../../linalg/per-sample.ts'
import type { Blind } from '../../types.ts'

/** What {@link unknownGradient} weighs, and how. */
export interface UnknownWeights {
  readonly dataWeight: number
  readonly reduction: 'mean' | 'sum'
  /** Of ‖φ‖²/2. */
  readonly l2: number
  /** Of half the sum of the squared differences of neighbours. */
  readonly smoothness?: number | undefined
}

/** Σ (φ_a − φ_b)² over neighbours a, b along the last two axes of φ [N, …shape], of each sample. */
function roughness(phi: Tensor): Tensor {
  const axes = phi.shape.length
  let total = sumPerSample(phi.mul(0))
  for (let axis = Math.max(1, axes - 2); axis < axes; axis++) {
    const along = (range: [number | null, number | null]) =>
      phi.slice(...phi.shape.map((_, i) => (i === axis ? range : null)))
    if ((phi.shape[axis] ?? 0) > 1)
      total = total.add(
        sumPerSample(
          along([1, null])
            .sub(along([null, -1]))
            .square(),
        ),
      )
  }
  return total
}

/**
 * The gradient in γ of what Blind RED-diff minimises over the unknown: with φ = normalise(γ)
 *
 *     v/(2m)·‖y − A_φ(μ)‖² + (l2·‖φ‖² + smoothness·Σ (φ_a − φ_b)²)/(2e),    a, b neighbours,
 *
 * for m measurements and e entries of φ (neither divides for 'sum'). It goes through `normalise`, so that nothing of it is
 * along the change of scale that the next normalisation takes back.
 *
 * @param mu - μ [N, …inShape], a constant.
 * @param gamma - γ [N, …blind.shape].
 * @returns The gradient, like γ, and what is minimised, of each sample.
 */
export function unknownGradient(
  { apply, normalise }: Blind,
  y: Tensor,
  mu: Tensor,
  gamma: Tensor,
  { dataWeight, reduction, l2, smoothness = 0 }: UnknownWeights,
): { readonly gradient: Tensor; readonly loss: Tensor } {
  const elements = (x: Tensor) => (reduction === 'mean' ? sampleSize(x) : 1)
  const [m, entries] = [elements(y), elements(gamma)]
  const [loss, pullback] = vjp((g: Tensor) => {
    const phi = normalise(g)
    const data = sumPerSample(y.sub(apply(mu, phi)).square()).mul(dataWeight / (2 * m))
    const small = l2 > 0 ? data.add(sumPerSample(phi.square()).mul(l2 / (2 * entries))) : data
    return smoothness > 0 ? small.add(roughness(phi).mul(smoothness / (2 * entries))) : small
  }, gamma)
  const [gradient] = pullback(ones(loss.shape, { dtype: loss.dtype, device: loss.device }))
  return { gradient, loss }
}
