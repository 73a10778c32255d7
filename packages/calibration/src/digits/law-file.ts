import type { FactorMixture } from '@tweedie/solvers'
import { factorMixture } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import { encodeSafetensors, parseSafetensors, safetensorsToTensors } from '@tweedie/unet'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { FactorModel } from '../em/model.ts'

/**
 * The file of a law, in half precision: weights [K], means [K, n], factors [K, n, q], and of Ψ = L Lᵀ the lower triangle L
 * by rows, background [n(n + 1)/2]. So Ψ is positive definite after rounding, too.
 */
export function encodeLaw({ weights, means, factors, background }: FactorModel): Uint8Array {
  const [K, n, q] = [weights.length, background.rows, factors[0]?.columns ?? 0]
  const L = new CholeskyDecomposition(background).lowerTriangularMatrix
  const triangle = Array.from({ length: n }, (_, i) => L.getRow(i).slice(0, i + 1)).flat()
  return encodeSafetensors(
    {
      weights: { shape: [K], values: weights },
      means: { shape: [K, n], values: means.flatMap((mean) => Array.from(mean)) },
      factors: { shape: [K, n, q], values: factors.flatMap((W) => W.to1DArray()) },
      background: { shape: [triangle.length], values: triangle },
    },
    { dtype: 'float16' },
  )
}

/**
 * The law of a file's bytes; for browsers, which fetch them: `@tweedie/calibration/priors/digits-gmm/model.safetensors`.
 * @throws {FileFormatError} where an array is missing or they do not fit together.
 */
export const decodeLaw = (bytes: Uint8Array, file = 'model.safetensors'): FactorMixture =>
  factorMixture(decodeModel(bytes, file))

/** The numbers of the file. @throws {FileFormatError} as {@link decodeLaw}. */
export function decodeModel(bytes: Uint8Array, file = 'model.safetensors'): FactorModel {
  const tensors = safetensorsToTensors(parseSafetensors(bytes, file), { device: 'reference' })
  const array = (name: string, axes: number) => {
    const tensor = tensors[name]
    if (tensor?.shape.length !== axes)
      throw new FileFormatError(file, `has no array '${name}' of ${axes} axes`)
    return { shape: tensor.shape, values: Array.from(tensor.dataSync(), Number) }
  }
  const [weights, means, factors] = [array('weights', 1), array('means', 2), array('factors', 3)]
  const background = array('background', 1)
  for (const tensor of Object.values(tensors)) tensor.dispose()
  const [K = 0, n = 0, q = 0] = factors.shape
  if (
    weights.shape[0] !== K ||
    means.shape.join() !== `${K},${n}` ||
    background.shape[0] !== (n * (n + 1)) / 2
  )
    throw new FileFormatError(file, 'its arrays do not fit together')
  const part = (values: readonly number[], k: number, size: number) => values.slice(k * size, (k + 1) * size)
  return {
    weights: weights.values,
    means: weights.values.map((_, k) => Float64Array.from(part(means.values, k, n))),
    factors: weights.values.map((_, k) => Matrix.from1DArray(n, q, part(factors.values, k, n * q))),
    background: fromTriangle(background.values, n),
  }
}

/** L Lᵀ of the rows of a lower triangle. */
function fromTriangle(values: readonly number[], n: number): Matrix {
  const out = new Matrix(n, n)
  const start = (i: number): number => (i * (i + 1)) / 2
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0; k <= j; k++) sum += (values[start(i) + k] ?? 0) * (values[start(j) + k] ?? 0)
      out.set(i, j, sum)
      out.set(j, i, sum)
    }
  return out
}
