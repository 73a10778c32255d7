import type { Shape, Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from './constant.ts'
import type { HostMatrix } from './host-matrix.ts'
import { batchOf } from './per-sample.ts'

/** x ↦ Mx for each sample, from the transpose of M on the host, to `shape`; in the element type of x. */
export function matrixMap({ rows, columns, data }: HostMatrix, shape: Shape): (x: Tensor) => Tensor {
  const mt = constant(data, [rows, columns])
  return (x) => matmul(x.reshape([batchOf(x), rows]), mt(x)).reshape([batchOf(x), ...shape])
}
