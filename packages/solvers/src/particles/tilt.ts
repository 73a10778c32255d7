import { hvp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { sizeOf, zerosLike } from '@tweedie/tensor'
import { observedDensity, observedDraw, seenScale, seenValue } from '../inner/observed.ts'
import { sampleSize } from '../linalg/per-sample.ts'
import { inFloat64 } from '../linalg/precise.ts'
import { rankCut } from '../linalg/ridge.ts'
import type { TraceBy } from '../linalg/trace.ts'
import { traceOf } from '../linalg/trace.ts'
import { residualAt } from '../run/residual.ts'
import type { Fitted, Noise, Operator, Svd } from '../types.ts'
import { isLinear } from '../types.ts'

/** What a prior is tilted by, r(z) = log p(y | x₀ = z): that of a measurement, or any reward. M particles at once. */
export interface Tilt {
  /** r, [M] in float64, and ∇r, like z. */
  at(z: Tensor): { readonly value: Tensor; readonly gradient: Tensor }
  /** Δr, [M] in float64, by products with its Hessian. */
  laplacian(z: Tensor, by: TraceBy): Tensor
  readonly quadratic?: Quadratic
}

/** What is known of r of a linear measurement with singular values and Gaussian noise. */
export interface Quadratic {
  /** tr(AAᵀ)/m, how much a measured number tells of those of z. */
  readonly gain: number
  /** Δr, the same everywhere: −tr(AAᵀ)/σ_y². */
  readonly laplacian: number
  /** A draw of ∝ N(z; 0, spread·I)·e^{βr(z)} by z ~ N(0, I), β > 0, and the logarithm of its integral, [M]. */
  start(z: Tensor, spread: number, beta: number): { readonly z: Tensor; readonly log: Tensor }
  /** v = z + h·∇r(v), a step that no h makes unstable. */
  pushed(z: Tensor, h: number): Tensor
}

type Decomposed = Operator & { svd(): Svd }
const decomposed = (operator: Operator): operator is Decomposed =>
  isLinear(operator) && operator.svd !== undefined

/** The tilt of a problem, by y of each particle, [M, …outShape]. */
export function tiltOf({ operator, noise }: Fitted<'likelihood'>, y: () => Tensor): Tilt {
  const { likelihood } = noise
  const at: Tilt['at'] = (z) => {
    const measured = y()
    const { clean, back } = residualAt(operator, measured, z)
    return {
      value: likelihood.log(inFloat64(measured), inFloat64(clean)),
      gradient: back(likelihood.score(measured, clean)),
    }
  }
  const laplacian: Tilt['laplacian'] = (z, by) => {
    const measured = y()
    const r = (x: Tensor) => likelihood.log(measured, operator.forward(x)).sum()
    return traceOf((v) => hvp(r, z, v), z, by)
  }
  const quadratic = quadraticOf(operator, noise, y)
  return { at, laplacian, ...(quadratic && { quadratic }) }
}

function quadraticOf(operator: Operator, { sigma }: Noise, y: () => Tensor): Quadratic | undefined {
  if (sigma === undefined || !decomposed(operator)) return undefined
  const svd = operator.svd()
  const singular = rankCut(svd, 1e-10)
  const squares = singular.reduce((sum, s) => sum + s * s, 0)
  /** y as what is seen of Vᵀz under noise of a variance. */
  const seen = (variance: number) => ({
    value: seenValue(svd, y(), singular),
    variance: singular.map((s) => (s > 0 ? variance / s ** 2 : Infinity)),
  })
  return {
    gain: squares / sizeOf(operator.outShape),
    laplacian: -squares / sigma ** 2,
    start: (z, spread, beta) => {
      const variance = sigma ** 2 / beta // p(y | z)^β is N(y; A z, σ_y²/β) but for a constant
      const draw = svd.vt(z)
      const known = seen(variance)
      const measured = y()
      const m = sampleSize(measured)
      const constant =
        (m / 2) * (Math.log(2 * Math.PI * variance) - beta * Math.log(2 * Math.PI * sigma ** 2))
      const log = observedDensity(zerosLike(draw), spread, known)
      return {
        z: svd.v(observedDraw(zerosLike(draw), spread, known, draw)),
        log: log.add(seenScale(svd, measured, singular, Math.sqrt(variance))).add(constant),
      }
    },
    pushed: (z, h) => {
      const place = svd.vt(z)
      return svd.v(observedDraw(place, h, seen(sigma ** 2), zerosLike(place)))
    },
  }
}
