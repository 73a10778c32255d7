import type { Shape, Tensor } from '@tweedie/tensor'
import { eye, matmul, matrixTranspose, scope, sizeOf } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { hostMatrix, transposed } from '../../linalg/host-matrix.ts'
import { matrixSvd } from '../../linalg/matrix-svd.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { preciseDevice } from '../../linalg/precise.ts'
import type { Svd } from '../../types.ts'

/**
 * The decomposition of a small linear map that does the same to every channel, from its dense matrix.
 *
 * @param map - Of one channel, [·, n] to [·, …] of m elements.
 * @param inner - Shape of a channel of x, of n elements.
 * @param outer - Shape of a channel of y, of m elements.
 */
export function channelwiseSvd(
  map: (x: Tensor) => Tensor,
  channels: number,
  inner: Shape,
  outer: Shape,
): Svd {
  const n = sizeOf(inner)
  const { u, s, v } = scope(() =>
    matrixSvd(
      hostMatrix(
        'svd',
        matrixTranspose(
          map(eye(n, { dtype: 'float64', device: preciseDevice() })).reshape([n, sizeOf(outer)]),
        ),
      ),
    ),
  )
  /** x ↦ Mx of every channel, the result in a shape that follows the batch. */
  const times = (matrix: HostMatrix, shape: Shape) => {
    const mt = constant(transposed(matrix).data, [matrix.columns, matrix.rows])
    return (x: Tensor) =>
      matmul(x.reshape([batchOf(x) * channels, matrix.columns]), mt(x)).reshape([batchOf(x), ...shape])
  }
  return {
    singularValues: Float64Array.from({ length: channels * n }, (_, k) => s[k % n] ?? 0),
    vt: times(transposed(v), [channels * n]),
    v: times(v, [channels, ...inner]),
    ut: times(transposed(u), [channels * n]),
    u: times(u, [channels, ...outer]),
  }
}
