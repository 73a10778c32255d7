import type { MixtureComponent, Schedule } from '@tweedie/solvers'
import { bridge, respace, timeWithin } from '@tweedie/solvers'
import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix'

/** y = A x₀ + σ_y·ε of a Gaussian x₀. */
export interface MidpointProblem {
  readonly law: Pick<MixtureComponent, 'mean' | 'covariance'>
  readonly schedule: Schedule
  readonly A: Matrix | readonly (readonly number[])[]
  readonly y: ArrayLike<number>
  readonly sigma: number
}

/** A Gaussian law. */
export interface GaussianLaw {
  readonly mean: Float64Array
  readonly covariance: Matrix
}

/**
 * The law of x₀ of MGPS (arXiv 2410.09945) on a Gaussian prior, where x_ℓ is drawn exactly: only the midpoint is approximate, its
 * potential p(y | x₀ = x̂₀(x_ℓ)) and its law N(μ, v·I) without y, the bridge from x̂₀(x_t). With x̂₀ = M x + c, x_t's law goes by
 *
 *     x_ℓ ~ N(P(μ(x_t)/v + M_ℓᵀAᵀ(y − A c_ℓ)/σ_y²), P),   P = (I/v + M_ℓᵀAᵀA M_ℓ/σ_y²)⁻¹,     x_s ~ q(x_s | x_ℓ, x_t),
 *
 * in the eigenbasis of the prior's covariance, where every M is diagonal.
 *
 * @param alpha - The part of s that the midpoint is at. @param steps - On the grid `linspace`.
 * @example
 * ```ts
 * import { gaussianDistance, midpointLaw } from '@tweedie/calibration'
 * import { gaussianPrior } from '@tweedie/solvers'
 * const { law, schedule } = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.5], [0.5, 1]] })
 * const [A, y, sigma] = [[[1, 0]], [1], 0.1]
 * const exact = law.posterior(A, y, sigma).law
 * const off = [0.2, 0.8, 1].map((alpha) => {
 *   const found = midpointLaw({ law: law.components[0]!, schedule, A, y, sigma }, { alpha, steps: 50 })
 *   return gaussianDistance(found.mean, found.covariance, exact.mean(), exact.covariance())
 * })
 * off[1]! < off[0]! && off[1]! < off[2]! // => true
 * ```
 */
export function midpointLaw(
  { law, schedule, A, y, sigma }: MidpointProblem,
  { alpha, steps }: { readonly alpha: number; readonly steps: number },
): GaussianLaw {
  const n = law.mean.length
  const { realEigenvalues: widths, eigenvectorMatrix: Q } = new EigenvalueDecomposition(law.covariance, {
    assumeSymmetric: true,
  })
  const centre = Q.transpose().mmul(Matrix.columnVector(Array.from(law.mean)))
  const seen = Matrix.checkMatrix(A).mmul(Q)
  /** The diagonal of M, and c. */
  const denoiser = (t: number) => {
    const [a, s] = [schedule.alpha(t), schedule.sigma(t)]
    const gain = widths.map((width) => (a * width) / (a ** 2 * width + s ** 2))
    return { gain, rest: Matrix.columnVector(gain.map((g, i) => (1 - a * g) * centre.get(i, 0))) }
  }
  const times = respace(schedule, steps, 'linspace')
  const first = times[0]?.t ?? schedule.noisiest
  let [mean, covariance] = [Matrix.zeros(n, 1), Matrix.eye(n, n, schedule.sigma(first) ** 2)]
  for (const { t, s } of times.slice(0, -1)) {
    const mid = timeWithin(schedule, s, alpha)
    const [down, back] = [
      bridge({ schedule, t, s: mid, end: schedule.clean }),
      bridge({ schedule, t, s, end: mid }),
    ]
    const [at, low] = [denoiser(t), denoiser(mid)]
    const v = down.deviation ** 2
    const H = seen.clone().mulRowVector(low.gain)
    const whole = Matrix.add(H.mmul(H.transpose()).mul(v), Matrix.eye(H.rows, H.rows, sigma ** 2))
    /** P, by the inverse of an m×m matrix. */
    const P = Matrix.sub(
      Matrix.eye(n, n, v),
      H.transpose()
        .mmul(inverse(whole))
        .mmul(H)
        .mul(v ** 2),
    )
    const r = Matrix.sub(Matrix.columnVector(Array.from(y)), seen.mmul(low.rest)).div(sigma ** 2)
    const known = at.gain.map((g) => (down.ofX + down.ofEnd * g) / v)
    const told = P.mmul(Matrix.mul(at.rest, down.ofEnd / v).add(H.transpose().mmul(r)))
    const F = P.clone()
      .mulRowVector(known)
      .mul(back.ofEnd)
      .add(Matrix.eye(n, n, back.ofX))
    mean = F.mmul(mean).add(told.mul(back.ofEnd))
    covariance = F.mmul(covariance)
      .mmul(F.transpose())
      .add(P.mul(back.ofEnd ** 2))
      .add(Matrix.eye(n, n, back.deviation ** 2))
  }
  const { gain, rest } = denoiser(times.at(-1)?.t ?? first)
  const end = Q.clone().mulRowVector(gain)
  return {
    mean: Float64Array.from(end.mmul(mean).add(Q.mmul(rest)).to1DArray()),
    covariance: end.mmul(covariance).mmul(end.transpose()),
  }
}
