import { OptionError, randomKey, sizeOf } from '@tweedie/tensor'
import { defineLinear } from '../define.ts'
import { matrixParts } from '../matrix.ts'
import { gaussianRows } from './random-rows.ts'
import { measuredOf, sensingOptions } from './ratio.ts'

/** The most numbers of a matrix: 128 MiB in double precision on the host, and as many for the transpose. */
const largest = 2 ** 24

/**
 * Compressed sensing by a dense Gaussian matrix over all n elements of a sample of any shape: y = A·x, [N, m], with
 * m = round(ratio·n) and independent entries N(0, 1/m), so that E‖Ax‖² = ‖x‖². The singular values lie between about
 * √(n/m) − 1 and √(n/m) + 1; their decomposition (ml-matrix, on the host, when first asked for) takes time as m²·n and
 * memory as n². `display(y)` is Aᵀy, the back projection.
 *
 * @throws {OptionError} where nothing would be measured, or the matrix would have more than 2²⁴ entries.
 * @example
 * ```ts
 * import { csGaussian } from '@tweedie/solvers'
 * csGaussian([1, 16, 16], { ratio: 0.5, seed: 1 }).outShape // => [128]
 * ```
 */
export const csGaussian = defineLinear({
  name: 'cs-gaussian',
  summary: 'compressed sensing: random Gaussian sums of the whole picture',
  example: 'cs-gaussian:0.25',
  positional: 'ratio',
  options: sensingOptions,
  build: (shape, { ratio, seed }) => {
    const n = sizeOf(shape)
    const m = measuredOf(ratio, n, 'numbers')
    if (m * n > largest) {
      const most = Math.floor(largest / n)
      const fit = most < 1 ? '' : `ratio up to ${(most / n).toPrecision(2)} fits; `
      throw new OptionError(
        'ratio',
        `${ratio} makes a matrix of ${m}×${n}, of at most 2^24 entries; ${fit}` +
          'cs-walsh-hadamard and cs-block hold no such matrix',
      )
    }
    const matrix = gaussianRows(randomKey(seed).fold('csGaussian'), m, n)
    matrix.data.forEach((value, i) => (matrix.data[i] = value / Math.sqrt(m)))
    const parts = matrixParts(matrix, shape, [m])
    return { ...parts, display: parts.adjoint }
  },
})
