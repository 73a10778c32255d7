import type { CreateOptions, Key, Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, ShapeError, uniform } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { denseMatrix } from '../../linalg/spectral.ts'
import type { Operator } from '../../types.ts'
import type { Covariance } from './spread.ts'
import { covarianceMatrix, solveSymmetric, spectrumOf, symmetrised } from './spread.ts'

export type { Covariance } from './spread.ts'

/** One Gaussian of a mixture. */
export interface MixtureComponent {
  /** The weights of a mixture sum to 1. */
  readonly weight: number
  readonly mean: Float64Array
  /** Components may share one matrix; it is then decomposed once. */
  readonly covariance: Matrix
}

/** A linear map: an operator, rows, or a matrix. */
export type LinearMap = Operator | Matrix | readonly (readonly number[])[]

/** The law of x given y, with the evidence of y. */
export interface MixturePosterior {
  readonly law: Mixture
  /** log p(y). */
  readonly logEvidence: number
}

/** The covariance of each component, checked. */
function covarianceOfEach(
  given: Covariance | { readonly each: readonly Covariance[] },
  components: number,
  n: number,
): (k: number) => Matrix {
  if (typeof given !== 'object' || !('each' in given)) {
    const shared = covarianceMatrix(given, n)
    return () => shared
  }
  const { each } = given
  if (each.length !== components)
    throw new ShapeError('gaussianMixture', `${each.length} covariances for ${components} means`)
  const matrices = each.map((covariance) => covarianceMatrix(covariance, n))
  return (k) => matrices[k]!
}

/**
 * A Gaussian mixture on ℝⁿ, on the host in double precision: the laws under which every quantity of an
 * inverse problem is known. Conditioning it on linear measurements with Gaussian noise gives another one
 * (arXiv 2308.07983 appendix B).
 *
 * @throws {OptionError} where weights are negative or sum to nothing, or a covariance is not one.
 * @throws {ShapeError} where lengths disagree.
 * @example
 * ```ts
 * import { gaussianMixture } from '@tweedie/solvers'
 * const law = gaussianMixture({ weights: [1, 1], means: [[-1], [1]], covariances: 0.04 })
 * const { law: posterior } = law.posterior([[1]], [0.9], 0.5)
 * posterior.components[1]!.weight // ≈ 0.998
 * ```
 */
export function gaussianMixture(options: {
  weights: ArrayLike<number>
  means: readonly ArrayLike<number>[]
  /** One covariance for all components, or `{ each }` with one apiece. */
  covariances: Covariance | { readonly each: readonly Covariance[] }
}): Mixture {
  const { weights, means, covariances } = options
  const n = means[0]?.length ?? 0
  if (n === 0) throw new OptionError('means', 'needs at least one mean of at least one coordinate')
  if (weights.length !== means.length) {
    throw new ShapeError('gaussianMixture', `${weights.length} weights for ${means.length} means`)
  }
  const each = covarianceOfEach(covariances, means.length, n)
  const total = Array.from(weights).reduce((a, b) => a + b, 0)
  return new Mixture(
    means.map((mean, k) => {
      if (mean.length !== n)
        throw new ShapeError('gaussianMixture', `mean ${k} has ${mean.length} entries, not ${n}`)
      const weight = weights[k]! / total
      if (!(weight >= 0 && weight <= 1))
        throw new OptionError('weights', `weight ${k} is ${weights[k]} of ${total}`)
      return { weight, mean: Float64Array.from(mean), covariance: each(k) }
    }),
  )
}

/** See {@link gaussianMixture}. */
export class Mixture {
  readonly components: readonly MixtureComponent[]
  readonly dimension: number

  constructor(components: readonly MixtureComponent[]) {
    this.components = components
    this.dimension = components[0]!.mean.length
  }

  /** E[x]. */
  mean(): Float64Array {
    const mean = new Float64Array(this.dimension)
    for (const c of this.components) for (let i = 0; i < mean.length; i++) mean[i]! += c.weight * c.mean[i]!
    return mean
  }

  /** Cov[x], within and between the components. */
  covariance(): Matrix {
    const centre = this.mean()
    const total = Matrix.zeros(this.dimension, this.dimension)
    for (const { weight, mean, covariance } of this.components) {
      const d = Matrix.columnVector(Array.from(mean, (m, i) => m - centre[i]!))
      total.add(Matrix.add(covariance, d.mmul(d.transpose())).mul(weight))
    }
    return total
  }

  /** log p(x). */
  logDensity(x: ArrayLike<number>): number {
    return logSumExp(this.logJoint(x))
  }

  /** p(component | x). */
  responsibilities(x: ArrayLike<number>): Float64Array {
    const joint = this.logJoint(x)
    const total = logSumExp(joint)
    return joint.map((value) => Math.exp(value - total))
  }

  /**
   * ∇ log p(x) = Σ_k p(k | x)·Σ_k⁻¹(μ_k − x).
   * @throws {ShapeError} where x has another length.
   */
  score(x: ArrayLike<number>): Float64Array {
    const score = new Float64Array(this.dimension)
    this.responsibilities(x).forEach((r, k) => {
      const { mean, covariance } = this.components[k]!
      if (r === 0) return
      const { values, vectors } = spectrumOf(covariance)
      const d = Matrix.columnVector(Array.from(mean, (m, i) => m - x[i]!))
      const c = (vectors === undefined ? d : vectors.transpose().mmul(d))
        .to1DArray()
        .map((v, i) => v / values[i]!)
      const pull = vectors === undefined ? c : vectors.mmul(Matrix.columnVector(c)).to1DArray()
      for (let i = 0; i < score.length; i++) score[i]! += r * pull[i]!
    })
    return score
  }

  /** log w_k + log N(x; μ_k, Σ_k) of each component. */
  protected logJoint(x: ArrayLike<number>): Float64Array {
    this.requireLength('logDensity', x)
    return Float64Array.from(this.components, ({ weight, mean, covariance }) => {
      const { values, vectors } = spectrumOf(covariance)
      const d = Float64Array.from(mean, (m, i) => x[i]! - m)
      const c = vectors === undefined ? d : vectors.transpose().mmul(Matrix.columnVector(d)).to1DArray()
      let log = Math.log(weight)
      for (let i = 0; i < d.length; i++)
        log -= (c[i]! ** 2 / values[i]! + Math.log(2 * Math.PI * values[i]!)) / 2
      return log
    })
  }

  /** The law of α·x + σ·ε. */
  noised(alpha: number, sigma: number): Mixture {
    const spread = once((covariance) => {
      const noise = Matrix.eye(this.dimension, this.dimension, sigma ** 2)
      return Matrix.mul(covariance, alpha ** 2).add(noise)
    })
    return new Mixture(
      this.components.map(({ weight, mean, covariance }) => ({
        weight,
        mean: mean.map((m) => alpha * m),
        covariance: spread(covariance),
      })),
    )
  }

  /**
   * The law of x given y = A x + σ·ε: per component mean μ + K(y − Aμ), covariance
   * (I − KA)Σ(I − KA)ᵀ + σ²KKᵀ with K = ΣAᵀS⁻¹, S = AΣAᵀ + σ²I, and weight ∝ w·N(y; Aμ, S).
   *
   * @param A - m×n: rows, a matrix, or a linear operator from n to m elements (its dense matrix is built).
   * @param y - m numbers.
   * @param sigma - Standard deviation of the noise in the units of y.
   * @throws {ShapeError} where lengths disagree.
   * @throws {OptionError} where σ = 0 and measurements are redundant.
   */
  posterior(A: LinearMap, y: ArrayLike<number>, sigma: number): MixturePosterior {
    const map = matrixOf(A)
    if (map.columns !== this.dimension || map.rows !== y.length) {
      const expected = `${y.length}×${this.dimension}`
      throw new ShapeError('posterior', `A must be ${expected}, got ${map.rows}×${map.columns}`)
    }
    const update = once((covariance) => kalman(covariance, map, sigma))
    const logs: number[] = []
    const updated = this.components.map(({ weight, mean, covariance }) => {
      const { gain, precision, logDeterminant, posterior } = update(covariance)
      const mu = Matrix.columnVector(mean)
      const innovation = Matrix.columnVector(Array.from(y)).sub(map.mmul(mu))
      const distance = innovation.transpose().mmul(precision).mmul(innovation).get(0, 0)
      logs.push(Math.log(weight) - (distance + logDeterminant + y.length * Math.log(2 * Math.PI)) / 2)
      const moved = Matrix.add(mu, gain.mmul(innovation)).to1DArray()
      return { mean: Float64Array.from(moved), covariance: posterior }
    })
    const logEvidence = logSumExp(logs)
    const law = new Mixture(updated.map((c, k) => ({ ...c, weight: Math.exp(logs[k]! - logEvidence) })))
    return { law, logEvidence }
  }

  /** One draw per key, [N, n] (float64 by default): component by key 'component', the rest by key 'draw'. */
  sample(keys: readonly Key[], options: CreateOptions = {}): Tensor {
    const n = this.dimension
    const out = new Float64Array(keys.length * n)
    const host = { dtype: 'float64', device: 'reference' } as const
    keys.forEach((key, row) => {
      using u = uniform(key.fold('component'), [1], host)
      using draw = normal(key.fold('draw'), [n], host)
      let left = u.dataSync()[0]!
      const picked = this.components.find(({ weight }) => (left -= weight) < 0) ?? this.components.at(-1)!
      const { values, vectors } = spectrumOf(picked.covariance)
      const c = Float64Array.from(draw.dataSync(), (z, i) => z * Math.sqrt(values[i]!))
      const d = vectors === undefined ? c : vectors.mmul(Matrix.columnVector(c)).to1DArray()
      for (let i = 0; i < n; i++) out[row * n + i] = picked.mean[i]! + d[i]!
    })
    return fromData(out, [keys.length, n], { dtype: 'float64', ...options })
  }

  protected requireLength(op: string, x: ArrayLike<number>): void {
    if (x.length !== this.dimension)
      throw new ShapeError(op, `needs ${this.dimension} numbers, got ${x.length}`)
  }
}

function kalman(covariance: Matrix, A: Matrix, sigma: number) {
  const cross = A.mmul(covariance) // AΣ
  const S = symmetrised(cross.mmul(A.transpose()).add(Matrix.eye(A.rows, A.rows, sigma ** 2)))
  const { solution: precision, logDeterminant } = solveSymmetric(S, Matrix.eye(A.rows, A.rows))
  const gain = cross.transpose().mmul(precision)
  // I − KA on one side, then on the other, never written out: n²·m multiplications.
  const left = Matrix.sub(covariance, gain.mmul(cross))
  const posterior = left
    .sub(left.mmul(A.transpose()).mmul(gain.transpose()))
    .add(gain.mmul(gain.transpose()).mul(sigma ** 2))
  return { gain, precision, logDeterminant, posterior: symmetrised(posterior) }
}

/** The matrix of a linear map. */
export function matrixOf(map: LinearMap): Matrix {
  if (Matrix.isMatrix(map)) return map
  if (!('forward' in map)) return new Matrix(map)
  using dense = denseMatrix(map)
  const [rows = 0, columns = 0] = dense.shape
  return Matrix.from1DArray(rows, columns, Array.from(dense.dataSync()))
}

/** Remembers one result per matrix. */
function once<T>(fn: (matrix: Matrix) => T): (matrix: Matrix) => T {
  const known = new Map<Matrix, T>()
  return (matrix) => {
    if (!known.has(matrix)) known.set(matrix, fn(matrix))
    return known.get(matrix)!
  }
}

/** log Σ exp(v), without overflow. */
export function logSumExp(values: ArrayLike<number>): number {
  const list = Array.from(values)
  const top = list.reduce((a, b) => Math.max(a, b), -Infinity)
  return top === -Infinity ? top : top + Math.log(list.reduce((total, v) => total + Math.exp(v - top), 0))
}
