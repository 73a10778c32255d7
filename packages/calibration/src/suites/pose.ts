import type { ExactPrior } from '@tweedie/solvers'
import { exactPrior, gaussianNoise, matrixOperator } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, normal, uniform } from '@tweedie/tensor'
import { Matrix, QrDecomposition } from 'ml-matrix'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case } from '../types.ts'

const host = { dtype: 'float64', device: 'reference' } as const

/** The elements of a tensor, which is freed. */
export function numbers(draw: Tensor): Float64Array {
  using drawn = draw
  return Float64Array.from(drawn.dataSync(), Number)
}

/** Standard normal numbers of a key. */
export const normals = (key: Key, count: number): Float64Array => numbers(normal(key, [count], host))

/** Numbers of a key, uniform on [0, 1). */
export const uniforms = (key: Key, count: number): Float64Array => numbers(uniform(key, [count], host))

/** A key for each of `count` draws. */
export const drawKeysOf = (key: Key, count: number): readonly Key[] =>
  Array.from({ length: count }, (_, i) => key.fold(i))

/** One draw of a prior's law. */
export const truthOf = (prior: ExactPrior, key: Key): Float64Array => numbers(prior.law.sample([key], host))

/** Q of the QR decomposition of a Gaussian matrix. */
export const orthogonal = (key: Key, d: number): Matrix =>
  new QrDecomposition(Matrix.from1DArray(d, d, normals(key, d * d))).orthogonalMatrix

/** A as an operator. */
export function operatorOf(A: Matrix) {
  using a = fromData(Float64Array.from(A.to1DArray()), [A.rows, A.columns], host)
  return matrixOperator(a)
}

/** A x. */
export const applied = (A: Matrix, x: Float64Array): Float64Array =>
  Float64Array.from(A.mmul(Matrix.columnVector(x)).to1DArray())

/** A batch of one, of the dtype that methods are to follow. */
export const batchOfOne = (values: Float64Array): Tensor =>
  fromData(values, [1, values.length], { dtype: 'float64' })

/** What a linear measurement of a mixture is posed of. */
export interface LinearMeasurement {
  readonly prior: ExactPrior
  readonly A: Matrix
  readonly sigma: number
  readonly truth: Float64Array
  readonly y: Float64Array
}

/** y = A x₀ + σ·ε of a mixture, where all is known in closed form. */
export function linearCase({ prior, A, sigma, truth, y }: LinearMeasurement): Case {
  const found = prior.law.posterior(A, y, sigma)
  return {
    prior,
    problem: { operator: operatorOf(A), noise: gaussianNoise(sigma), y: batchOfOne(y) },
    truth,
    posterior: mixturePosterior(found),
    conditional: exactPrior(found.law, { schedule: prior.schedule }),
    // ml-matrix changes matrices in place.
    matrix: A.clone(),
  }
}

/** A·x + σ·ε. */
export const measured = (A: Matrix, x: Float64Array, sigma: number, key: Key): Float64Array => {
  const noise = normals(key, A.rows)
  return applied(A, x).map((clean, i) => clean + sigma * (noise[i] ?? 0))
}
