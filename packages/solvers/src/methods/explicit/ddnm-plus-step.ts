import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { rankCut } from '../../linalg/ridge.ts'
import type { ReverseStep } from '../../samplers/steps.ts'
import { predictedNoise } from '../../samplers/steps.ts'
import type { Svd } from '../../types.ts'
import type { DdnmPlusWeights } from './ddnm-plus-weights.ts'
import { ddnmPlusWeights } from './ddnm-plus-weights.ts'

/** (x_t, x̂₀, t → s, z) ↦ V(α_s·(θ + λ(ȳ − θ)) + Φ z + Ψ Vᵀε), θ = Vᵀx̂₀, with the {@link ddnmPlusWeights}. */
export function spectralStep(
  svd: Svd,
  {
    y,
    sigmaY,
    eta,
    rankTolerance,
  }: { readonly y: Tensor; readonly sigmaY: number; readonly eta: number; readonly rankTolerance: number },
): (x: Tensor, x0hat: Tensor, step: ReverseStep, z: (shape: Shape) => Tensor) => Tensor {
  const singular = rankCut(svd, rankTolerance)
  const shape = [singular.length]
  return (x, x0hat, { t, s, schedule }, z) => {
    const a = schedule.alpha(s)
    const at = { a, sigma: schedule.sigma(s), sigmaY, eta }
    const weights = Array.from(singular, (value) => ddnmPlusWeights(value, at))
    const each = (f: (w: DdnmPlusWeights) => number) =>
      fromData(Float64Array.from(weights, f), shape, { dtype: y.dtype, device: y.device })
    const own = svd.vt(x0hat).mul(each((w) => a * (1 - w.lambda)))
    const measured = svd.ut(y).mul(each((w) => a * w.gain))
    const kept = svd.vt(predictedNoise(x, x0hat, schedule, t)).mul(each((w) => w.kept))
    return svd.v(
      own
        .add(measured)
        .add(kept)
        .add(z(shape).mul(each((w) => w.fresh))),
    )
  }
}
