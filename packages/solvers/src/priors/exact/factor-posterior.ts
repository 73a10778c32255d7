import { OptionError, ShapeError } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Factored, Inverse } from './factored.ts'
import { dot, times, transposeTimes } from './factored.ts'
import type { LinearMap, Mixture } from './mixture.ts'
import { logSumExp, matrixOf } from './mixture.ts'
import type { Spectrum } from './spread.ts'
import { solveSymmetric, spectrumOf, symmetrised } from './spread.ts'

/** A mixture of factor analysers with what is worked out of its components. */
interface FactorLaw extends Mixture {
  readonly background: Spectrum
  readonly factored: readonly Factored[]
  readonly inverses: readonly Inverse[]
}

/** A posterior, by its parts. */
interface FactorParts {
  readonly background: Spectrum
  readonly factored: readonly Factored[]
  /** log p(y). */
  readonly logEvidence: number
}

/**
 * y ↦ the posterior of a mixture of factor analysers under y = A x + σ·ε. With x = μ + W z + u, u ~ N(0, Ψ), the law of
 * x given z and y has the covariance Ψ' = (Ψ⁻¹ + AᵀA/σ²)⁻¹ whatever the component, so that with r = Aᵀ(y − Aμ)/σ²
 *
 *     C = (I + Wᵀ(Ψ⁻¹ − Ψ⁻¹Ψ'Ψ⁻¹)W)⁻¹,   z | y ~ N(C·WᵀΨ⁻¹Ψ'r, C),
 *     x | y ~ N(μ + Ψ'r + W'·C·W'ᵀr, Ψ' + W'C W'ᵀ),   W' = Ψ'Ψ⁻¹W:
 *
 * a mixture of factor analysers again. Its evidence is by |AΣAᵀ + σ²I| = σ^2m·|Ψ|/(|Ψ'|·|C|).
 *
 * @throws {OptionError | ShapeError} as `measured` of the mixture.
 */
export function factorPosterior(
  law: FactorLaw,
  map: LinearMap,
  sigma: number,
): (y: ArrayLike<number>) => FactorParts {
  if (!(sigma > 0)) throw new OptionError('sigma', `needs a σ_y above 0, got ${sigma}`)
  const A = matrixOf(map)
  if (A.columns !== law.dimension)
    throw new ShapeError('posterior', `A must have ${law.dimension} columns, got ${A.columns}`)
  const { spectrum, turn } = sharpened(law.background, A, sigma)
  const logs = (values: Float64Array) => values.reduce((sum, value) => sum + Math.log(value), 0)
  const shared = logs(law.background.values) - logs(spectrum.values) + 2 * A.rows * Math.log(sigma)
  const parts = law.factored.map(({ weight, factor }, k) => {
    const { pulled } = law.inverses[k] ?? missing()
    const across = turn(pulled) // Q'ᵀΨ⁻¹W
    const moved = across.clone()
    for (let i = 0; i < moved.rows; i++) moved.mulRow(i, spectrum.values[i] ?? 0)
    const q = factor.columns
    const precision = factor
      .transpose()
      .mmul(pulled)
      .sub(across.transpose().mmul(moved))
      .add(Matrix.eye(q, q))
    const { solution, logDeterminant } = solveSymmetric(symmetrised(precision), Matrix.eye(q, q))
    const { mean } = law.components[k] ?? missing()
    return {
      weight,
      mean,
      clean: times(A, mean),
      start: turn(Matrix.columnVector(law.factored[k]?.mean ?? missing())).to1DArray(),
      moved,
      inner: solution,
      logDeterminant,
      factor: moved.mmul(rootOf(solution)),
    }
  })

  return (y) => {
    if (y.length !== A.rows)
      throw new ShapeError('posterior', `y must have ${A.rows} numbers, got ${y.length}`)
    const joint: number[] = []
    const moved = parts.map((part) => {
      const innovation = part.clean.map((clean, i) => (y[i] ?? 0) - clean)
      const r = transposeTimes(A, innovation).map((value) => value / sigma ** 2)
      const inBasis = spectrum.vectors ? transposeTimes(spectrum.vectors, r) : r
      const z = times(part.inner, transposeTimes(part.moved, inBasis))
      const along = times(part.moved, z)
      const step = along.map((value, i) => value + (spectrum.values[i] ?? 0) * (inBasis[i] ?? 0))
      const square = dot(innovation, innovation) / sigma ** 2 - dot(step, inBasis)
      joint.push(
        Math.log(part.weight) -
          (square + shared + part.logDeterminant + y.length * Math.log(2 * Math.PI)) / 2,
      )
      return { mean: step.map((value, i) => value + (part.start[i] ?? 0)), factor: part.factor }
    })
    const logEvidence = logSumExp(joint)
    const factored = moved.map((part, k) => ({ ...part, weight: Math.exp((joint[k] ?? 0) - logEvidence) }))
    return { background: spectrum, factored, logEvidence }
  }
}

/** Ψ' and, of vectors in the coordinates of Ψ, those in the coordinates of Ψ'. */
function sharpened(
  { values, vectors }: Spectrum,
  A: Matrix,
  sigma: number,
): { spectrum: Spectrum; turn: (M: Matrix) => Matrix } {
  const seen = vectors ? A.mmul(vectors) : A
  const precision = seen
    .transpose()
    .mmul(seen)
    .div(sigma ** 2)
  values.forEach((value, i) => precision.set(i, i, precision.get(i, i) + 1 / value))
  const found = spectrumOf(symmetrised(precision))
  const own = found.vectors
  const spectrum = {
    values: found.values.map((value) => 1 / value),
    vectors: own && vectors ? vectors.mmul(own) : (own ?? vectors),
  }
  return { spectrum, turn: own ? (M) => own.transpose().mmul(M) : (M) => M }
}

/** R with R Rᵀ = M, of a positive definite M. */
function rootOf(M: Matrix): Matrix {
  const { values, vectors } = spectrumOf(symmetrised(M))
  const root = Matrix.diag(Array.from(values, (value) => Math.sqrt(value)))
  return vectors ? vectors.mmul(root) : root
}

function missing(): never {
  throw new TypeError('factorPosterior: no such component')
}
