import type { Shape, Tensor } from '@tweedie/tensor'
import { ShapeError, sizeOf } from '@tweedie/tensor'
import type { HostMatrix } from '../linalg/host-matrix.ts'
import { hostMatrix, transposed } from '../linalg/host-matrix.ts'
import { matrixMap } from '../linalg/matrix-map.ts'
import { matrixSvd, wideSvd } from '../linalg/matrix-svd.ts'
import { reflectedBasis, reflectedMaps } from '../linalg/reflected-basis.ts'
import type { LinearParts, SpectralOperator } from './parts.ts'
import { linearOperator } from './parts.ts'

/**
 * y = A·x for any matrix A [m, n]: compressed sensing, small inverse problems of one's own, tests. The SVD
 * (ml-matrix, on the host, when first needed) takes time as m·n·min(m, n) and memory as n², as m·n where m is much less than n.
 *
 * @param a - A, copied to the host in double precision; it follows the element type of each input.
 * @param options.inShape - Shape of one sample with n elements; [n] where left out.
 * @param options.outShape - Shape of one measurement with m elements; [m] where left out.
 * @param options.rcond - Singular values at or below `rcond` times the largest count as 0; max(m, n)·2⁻⁵² where
 *   left out.
 * @throws {ShapeError} where A is no matrix or a shape does not hold as many elements.
 * @throws {NonFiniteError} where an entry is NaN or infinite.
 * @example
 * ```ts
 * import { matrixOperator } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const sum = matrixOperator(tensor([[1, 1, 1]]))
 * sum.forward(tensor([[1, 2, 3], [4, 5, 6]])).dataSync() // => [6, 15]
 * sum.pinv(tensor([[6]])).dataSync() // ≈ [2, 2, 2]
 * ```
 */
export function matrixOperator(
  a: Tensor,
  options: { inShape?: Shape; outShape?: Shape; rcond?: number; name?: string } = {},
): SpectralOperator {
  const { name = 'matrixOperator', rcond } = options
  const host = hostMatrix(name, a)
  const { inShape = [host.columns], outShape = [host.rows] } = options
  if (sizeOf(inShape) !== host.columns || sizeOf(outShape) !== host.rows) {
    throw new ShapeError(
      name,
      `a matrix of ${host.rows}×${host.columns} takes ${host.columns} elements to ${host.rows}`,
      [inShape, outShape],
    )
  }
  return linearOperator(name, matrixParts(host, inShape, outShape, rcond))
}

/** Up to so many columns a product with V is no slower than two passes over the elements, which reflections take. */
const fewColumns = 32

/**
 * The parts of y = A·x for a matrix on the host, which must hold as many elements as the shapes.
 * @param rcond - As of {@link matrixOperator}.
 */
export function matrixParts(host: HostMatrix, inShape: Shape, outShape: Shape, rcond?: number) {
  const n = [host.columns]
  return {
    inShape,
    outShape,
    forward: matrixMap(transposed(host), outShape),
    adjoint: matrixMap(host, inShape),
    spectrum: () => {
      const svd = 2 * host.rows + fewColumns < host.columns ? wideSvd(host, rcond) : matrixSvd(host, rcond)
      const basis =
        'first' in svd
          ? reflectedMaps(reflectedBasis(svd.first), inShape)
          : { vt: matrixMap(svd.v, n), v: matrixMap(transposed(svd.v), inShape) }
      return {
        singularValues: svd.s,
        ...basis,
        ut: matrixMap(svd.u, n),
        u: matrixMap(transposed(svd.u), outShape),
      }
    },
  } satisfies LinearParts
}
