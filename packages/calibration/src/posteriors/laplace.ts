import type { Mixture } from '@tweedie/solvers'
import { gaussianMixture } from '@tweedie/solvers'
import { TweedieError } from '@tweedie/tensor'
import { CholeskyDecomposition, inverse, Matrix } from 'ml-matrix'
import type { CurvedTarget } from './target.ts'
import { addTo } from './target.ts'

interface Peak {
  readonly x: Float64Array
  readonly log: number
  readonly hessian: Matrix
}

/** Newton steps of a climb. */
const climbs = 100

/** H + τI for the least τ of 0, 10⁻³, 10⁻², … that makes it positive definite, by its Cholesky factors. */
function positive(hessian: Matrix): CholeskyDecomposition {
  const n = hessian.rows
  for (let tau = 0; ; tau = tau === 0 ? 1e-3 : tau * 10) {
    const cholesky = new CholeskyDecomposition(Matrix.add(hessian, Matrix.eye(n, n, tau)))
    if (cholesky.isPositiveDefinite()) return cholesky
  }
}

/** The maximum of log p uphill of x by damped Newton steps; undefined where it is none within `climbs` of them. */
function peakFrom(target: CurvedTarget, start: Float64Array): Peak | undefined {
  const x = Float64Array.from(start)
  let log = target.logDensity(x)
  for (let i = 0; i < climbs; i++) {
    const score = target.score(x)
    const hessian = symmetric(target.hessian(x))
    const direction = positive(hessian).solve(Matrix.columnVector(score)).to1DArray()
    const gain = direction.reduce((sum, v, j) => sum + v * (score[j] ?? 0), 0)
    const here = () =>
      new CholeskyDecomposition(hessian).isPositiveDefinite() ? { x, log, hessian } : undefined
    if (gain < 1e-16) return here()
    let step = 1
    for (; step > 1e-12; step /= 2) {
      const next = Float64Array.from(x)
      addTo(next, Float64Array.from(direction), step)
      const there = target.logDensity(next)
      if (there >= log + 1e-4 * step * gain) {
        x.set(next)
        log = there
        break
      }
    }
    // No step gains what rounding leaves visible: it is the top.
    if (step <= 1e-12) return gain < 1e-8 ? here() : undefined
  }
  return undefined
}

const apart = (a: Peak, b: Peak): number => {
  const difference = Matrix.columnVector(a.x.map((value, i) => value - (b.x[i] ?? 0)))
  return difference.transpose().mmul(a.hessian).mmul(difference).get(0, 0)
}

/**
 * A Gaussian about each maximum of p that Newton's method finds from the starts, N(x*, H⁻¹) with H = −∇² log p(x*), weighted by
 * the mass p(x*)·|H|^(−½) (Laplace's method). What proposals of a chain are made of, no posterior itself.
 * @param starts - More than there may be maxima; those of p that none leads to are missed.
 * @throws {TweedieError} where no start leads to a maximum.
 * @example
 * ```ts
 * import { laplaceMixture, mixtureTarget } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * const law = gaussianMixture({ weights: [3, 1], means: [[-8], [8]], covariances: 1 })
 * const { components } = laplaceMixture(mixtureTarget(law), [Float64Array.of(-5), Float64Array.of(6)])
 * components.map(({ weight }) => weight) // ≈ [0.75, 0.25]
 * ```
 */
export function laplaceMixture(target: CurvedTarget, starts: readonly Float64Array[]): Mixture {
  const peaks: Peak[] = []
  for (const start of starts) {
    const found = peakFrom(target, start)
    if (found && !peaks.some((peak) => apart(peak, found) < 1e-3)) peaks.push(found)
  }
  if (peaks.length === 0)
    throw new TweedieError(`laplaceMixture: none of ${starts.length} starts leads to a maximum`)
  const logs = peaks.map(({ log, hessian }) => {
    const L = new CholeskyDecomposition(hessian).lowerTriangularMatrix
    return log - L.diag().reduce((sum, l) => sum + Math.log(l), 0)
  })
  const top = Math.max(...logs)
  return gaussianMixture({
    weights: logs.map((log) => Math.exp(log - top)),
    means: peaks.map(({ x }) => x),
    covariances: { each: peaks.map(({ hessian }) => symmetric(inverse(hessian))) },
  })
}

const symmetric = (m: Matrix): Matrix => Matrix.add(m, m.transpose()).mul(0.5)
