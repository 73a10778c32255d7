import type { Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { hostMatrix, transposed } from '../../linalg/host-matrix.ts'
import { matrixSvd, rankTolerance } from '../../linalg/matrix-svd.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { Given } from '../../options/index.ts'
import { fill, integer, number } from '../../options/index.ts'
import type { Svd } from '../../types.ts'
import type { LinearParts, SpectralOperator } from '../parts.ts'
import { linearOperator } from '../parts.ts'

/** X ↦ L·X·Rᵀ on the planes of [N, channels, …], for host matrices L and R. */
function sandwich(channels: number, left: HostMatrix, right: HostMatrix): (x: Tensor) => Tensor {
  const l = constant(left.data, [left.rows, left.columns])
  const rt = constant(transposed(right).data, [right.columns, right.rows])
  return (x) => {
    const batch = batchOf(x) * channels
    const rows = matmul(l(x), x.reshape([batch, left.columns, right.columns]))
    const both = matmul(rows.reshape([batch * left.rows, right.columns]), rt(x))
    return both.reshape([batchOf(x), channels, left.rows, right.rows])
  }
}

/** The Kronecker product of two decompositions, the same for each channel. */
function kroneckerSvd(channels: number, rows: HostMatrix, columns: HostMatrix, rcond: number): Svd {
  // Small factors count only by their products, so nothing is cut off before.
  const [a, b] = [matrixSvd(rows, 0), matrixSvd(columns, 0)]
  const n = channels * rows.columns * columns.columns
  const top = a.s.reduce((x, y) => Math.max(x, y)) * b.s.reduce((x, y) => Math.max(x, y))
  const singularValues = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const s = a.s[Math.floor(i / b.s.length) % a.s.length]! * b.s[i % b.s.length]!
    singularValues[i] = s > rcond * top ? s : 0
  }
  const seen = constant(
    singularValues.map((s) => (s > 0 ? 1 : 0)),
    [n],
  )
  const v = sandwich(channels, a.v, b.v)
  const vt = sandwich(channels, transposed(a.v), transposed(b.v))
  const u = sandwich(channels, a.u, b.u)
  const ut = sandwich(channels, transposed(a.u), transposed(b.u))
  const flat = (x: Tensor) => x.reshape([batchOf(x), n])
  return {
    singularValues,
    vt: (x) => flat(vt(x)),
    v,
    ut: (y) => flat(ut(y)).mul(seen(y)),
    u: (c) => u(c.mul(seen(c))),
  }
}

/**
 * The parts of Y = R·X·Cᵀ of every channel, for matrices on the host.
 * @param rcond - Singular values at or below `rcond` times the largest count as 0; the longest side · 2⁻⁵² where
 *   left out.
 */
export const separableParts = (
  rows: HostMatrix,
  columns: HostMatrix,
  channels: number,
  rcond = rankTolerance(rows.rows, rows.columns, columns.rows, columns.columns),
) =>
  ({
    inShape: [channels, rows.columns, columns.columns],
    outShape: [channels, rows.rows, columns.rows],
    forward: sandwich(channels, rows, columns),
    adjoint: sandwich(channels, transposed(rows), transposed(columns)),
    spectrum: () => kroneckerSvd(channels, rows, columns, rcond),
  }) satisfies LinearParts

const options = {
  channels: integer('how many channels, each measured alike', { default: 1, min: 1 }),
  rcond: number('singular values up to this part of the largest count as 0', {
    min: 0,
    below: 1,
    otherwise: 'the longest side · 2⁻⁵²',
  }),
}

/**
 * Y = R·X·Cᵀ of every channel: one matrix along the rows' index, one along the columns'. Blurs, resampling and
 * separable transforms have this form. Its singular values are the products s_i(R)·s_j(C), from the SVDs of
 * the two matrices alone.
 *
 * @param rows - R [h, H], acting on the vertical axis.
 * @param columns - C [w, W], acting on the horizontal axis.
 * @returns The operator from [N, channels, H, W] to [N, channels, h, w].
 * @throws {ShapeError} where one is no matrix. @throws {NonFiniteError} for NaN or infinite entries.
 * @throws {OptionError} for options out of range.
 * @example
 * ```ts
 * import { separable } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const sumOfColumns = separable(tensor([[1, 1]]), tensor([[1, 0], [0, 1]]))
 * sumOfColumns.forward(tensor([[[[1, 2], [3, 4]]]])).dataSync() // => [4, 6]
 * ```
 */
export function separable(
  rows: Tensor,
  columns: Tensor,
  given: Given<typeof options> = {},
): SpectralOperator {
  const { channels, rcond } = fill('separable', options, given)
  const [r, c] = [hostMatrix('separable', rows), hostMatrix('separable', columns)]
  return linearOperator('separable', separableParts(r, c, channels, rcond))
}
