import type { CreateOptions, Key, Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, ShapeError, uniform } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { factorPosterior } from './factor-posterior.ts'
import type { Factored, Inverse } from './factored.ts'
import { dot, inverseOf, outOf, times, transposeTimes, turned, turnedBack } from './factored.ts'
import type { LinearMap, MixtureComponent, MixturePosterior } from './mixture.ts'
import { Mixture } from './mixture.ts'
import type { Covariance, Spectrum } from './spread.ts'
import { covarianceMatrix, spectrumOf } from './spread.ts'

/** Options of {@link factorMixture}. */
export interface FactorMixtureOptions {
  weights: ArrayLike<number>
  means: readonly ArrayLike<number>[]
  /** W_k, n rows of q numbers each. */
  factors: readonly (Matrix | readonly (readonly number[])[])[]
  /** Ψ, shared by all components, positive definite; or its eigenvalues and vectors. */
  background: Covariance | Spectrum
}

/**
 * A mixture of factor analysers, Σ_k w_k N(μ_k, W_kW_kᵀ + Ψ) on ℝⁿ with W_k of few columns and one Ψ for all: full
 * covariances that are known exactly, with densities, draws and posteriors by q×q matrices, so that pictures are not too
 * large. Of the posterior under any linear measurement it is the law again, with another Ψ.
 *
 * @throws {OptionError} where weights are negative or sum to nothing, or Ψ is not positive definite.
 * @throws {ShapeError} where lengths disagree.
 * @example
 * ```ts
 * import { factorMixture } from '@tweedie/solvers'
 * const law = factorMixture({ weights: [1], means: [[0, 0]], factors: [[[1], [1]]], background: 1 })
 * law.components[0]!.covariance.to2DArray() // => [[2, 1], [1, 2]]
 * law.posterior([[1, 0]], [3], 1).law.mean() // ≈ [2, 1]
 * ```
 */
export function factorMixture({ weights, means, factors, background }: FactorMixtureOptions): FactorMixture {
  const n = means[0]?.length ?? 0
  if (n === 0) throw new OptionError('means', 'needs at least one mean of at least one coordinate')
  if (weights.length !== means.length || factors.length !== means.length)
    throw new ShapeError(
      'factorMixture',
      `${weights.length} weights and ${factors.length} factors for ${means.length} means`,
    )
  const spectrum = isSpectrum(background) ? background : spectrumOf(covarianceMatrix(background, n))
  if (spectrum.values.length !== n || !spectrum.values.every((value) => value > 0))
    throw new OptionError('background', `needs ${n} eigenvalues above 0`)
  const total = Array.from(weights).reduce((a, b) => a + b, 0)
  const parts = means.map((mean, k) => {
    const weight = (weights[k] ?? 0) / total
    if (!(weight >= 0 && weight <= 1))
      throw new OptionError('weights', `weight ${k} is ${weights[k]} of ${total}`)
    const W = Matrix.checkMatrix(factors[k])
    if (mean.length !== n || W.rows !== n)
      throw new ShapeError(
        'factorMixture',
        `component ${k} has ${mean.length} numbers and ${W.rows} rows, not ${n}`,
      )
    return { weight, columns: joined(W, Matrix.columnVector(Array.from(mean))) }
  })
  // Into the basis all together: one product is faster than one apiece.
  const { vectors } = spectrum
  const all = parts.map(({ columns }) => columns).reduce(joined)
  const inBasis = vectors ? vectors.transpose().mmul(all) : all
  let from = 0
  return new FactorMixture(
    spectrum,
    parts.map(({ weight, columns: { columns } }) => {
      const at = from + columns - 1
      const factor = columns > 1 ? inBasis.subMatrix(0, n - 1, from, at - 1) : new Matrix(n, 0)
      from += columns
      return { weight, mean: Float64Array.from(inBasis.getColumn(at)), factor }
    }),
  )
}

const isSpectrum = (given: Covariance | Spectrum): given is Spectrum =>
  typeof given === 'object' && 'values' in given && 'vectors' in given

/** See {@link factorMixture}. */
export class FactorMixture extends Mixture {
  /** Ψ = Q diag(λ) Qᵀ: λ as `values`, Q as `vectors`, absent where it is the identity. */
  readonly background: Spectrum
  /** The components in the coordinates Qᵀx. */
  readonly factored: readonly Factored[]
  private known: readonly Inverse[] | undefined

  constructor(background: Spectrum, factored: readonly Factored[]) {
    super(factored.map((component) => new FactorComponent(background, component)))
    this.background = background
    this.factored = factored
  }

  /** Of each component, worked out once. */
  get inverses(): readonly Inverse[] {
    return (this.known ??= this.factored.map(({ factor }) => inverseOf(this.background.values, factor)))
  }

  override covariance(): Matrix {
    const centre = turned(this.background, this.mean())
    const columns = this.factored.map(({ weight, mean, factor }) => {
      const d = Matrix.columnVector(mean.map((m, i) => m - (centre[i] ?? 0)))
      return { weight, factor: joined(factor, d) }
    })
    const inside = columns.reduce(
      (sum, { weight, factor }) => sum.add(factor.mmul(factor.transpose()).mul(weight)),
      Matrix.diag(Array.from(this.background.values)),
    )
    return outOf(this.background, inside)
  }

  override score(x: ArrayLike<number>): Float64Array {
    this.requireLength('score', x)
    const { values } = this.background
    const c = turned(this.background, x)
    const pull = new Float64Array(this.dimension)
    this.responsibilities(x).forEach((r, k) => {
      const { mean } = this.factored[k] ?? missing()
      const { pulled, inner } = this.inverses[k] ?? missing()
      const d = mean.map((m, i) => m - (c[i] ?? 0))
      const z = times(inner, transposeTimes(pulled, d))
      const back = times(pulled, z)
      for (let i = 0; i < pull.length; i++)
        pull[i] = (pull[i] ?? 0) + r * ((d[i] ?? 0) / (values[i] ?? 1) - (back[i] ?? 0))
    })
    return turnedBack(this.background, pull)
  }

  protected override logJoint(x: ArrayLike<number>): Float64Array {
    this.requireLength('logDensity', x)
    const { values } = this.background
    const c = turned(this.background, x)
    return Float64Array.from(this.factored, ({ weight, mean }, k) => {
      const { pulled, inner, logDeterminant } = this.inverses[k] ?? missing()
      const d = c.map((value, i) => value - (mean[i] ?? 0))
      const b = transposeTimes(pulled, d)
      const square = d.reduce((sum, v, i) => sum + v ** 2 / (values[i] ?? 1), 0) - dot(b, times(inner, b))
      return Math.log(weight) - (square + logDeterminant + d.length * Math.log(2 * Math.PI)) / 2
    })
  }

  override noised(alpha: number, sigma: number): FactorMixture {
    const { values, vectors } = this.background
    return new FactorMixture(
      { values: values.map((value) => alpha ** 2 * value + sigma ** 2), vectors },
      this.factored.map(({ weight, mean, factor }) => ({
        weight,
        mean: mean.map((m) => alpha * m),
        factor: Matrix.mul(factor, alpha),
      })),
    )
  }

  /**
   * As of every mixture, for σ > 0; of many measurements by one A, {@link measured} is worked out once.
   * @throws {OptionError} where σ is 0.
   */
  override posterior(A: LinearMap, y: ArrayLike<number>, sigma: number): MixturePosterior {
    return this.measured(A, sigma)(y)
  }

  /**
   * y ↦ the law of x given y = A x + σ·ε. What does not depend on y is worked out once: an eigendecomposition of
   * Ψ⁻¹ + AᵀA/σ², seconds at n = 784.
   * @throws {OptionError} where σ is 0.
   * @throws {ShapeError} where lengths disagree.
   */
  measured(A: LinearMap, sigma: number): (y: ArrayLike<number>) => MixturePosterior {
    const given = factorPosterior(this, A, sigma)
    return (y) => {
      const { background, factored, logEvidence } = given(y)
      return { law: new FactorMixture(background, factored), logEvidence }
    }
  }

  override sample(keys: readonly Key[], options: CreateOptions = {}): Tensor {
    const n = this.dimension
    const out = new Float64Array(keys.length * n)
    const host = { dtype: 'float64', device: 'reference' } as const
    const scales = this.background.values.map(Math.sqrt)
    keys.forEach((key, row) => {
      using u = uniform(key.fold('component'), [1], host)
      let left = Number(u.dataSync()[0])
      const { mean, factor } =
        this.factored.find(({ weight }) => (left -= weight) < 0) ?? this.factored.at(-1) ?? missing()
      using own = normal(key.fold('factors'), [factor.columns], host)
      using rest = normal(key.fold('draw'), [n], host)
      const along = times(factor, Float64Array.from(own.dataSync()))
      const z = rest.dataSync()
      const c = mean.map((m, i) => m + (along[i] ?? 0) + (scales[i] ?? 0) * Number(z[i]))
      out.set(turnedBack(this.background, c), row * n)
    })
    return fromData(out, [keys.length, n], { dtype: 'float64', ...options })
  }
}

/** A component as every mixture has them; its dense covariance is worked out when it is asked for. */
class FactorComponent implements MixtureComponent {
  readonly weight: number
  readonly mean: Float64Array
  private readonly background: Spectrum
  private readonly factor: Matrix
  private dense: Matrix | undefined

  constructor(background: Spectrum, { weight, mean, factor }: Factored) {
    this.weight = weight
    this.mean = turnedBack(background, mean)
    this.background = background
    this.factor = factor
  }

  get covariance(): Matrix {
    return (this.dense ??= outOf(
      this.background,
      this.factor.mmul(this.factor.transpose()).add(Matrix.diag(Array.from(this.background.values))),
    ))
  }
}

/** [A B]. */
function joined(A: Matrix, B: Matrix): Matrix {
  const out = Matrix.zeros(A.rows, A.columns + B.columns)
  return out.setSubMatrix(A, 0, 0).setSubMatrix(B, 0, A.columns)
}

function missing(): never {
  throw new TypeError('FactorMixture: no such component')
}
