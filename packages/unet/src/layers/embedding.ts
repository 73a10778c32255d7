import type { Tensor } from '@tweedie/tensor'
import { gather, tensor } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/**
 * Rows of the table `NAME.weight` [count, d] by their numbers, as PyTorch's `Embedding`: [N, d], or [1, d] for one number.
 *
 * @param index - int32 [N], or a whole number.
 * @throws {ShapeError} for a number that the table does not have.
 * @throws {DTypeError} for numbers of another type.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * layers.embedding({ 'e.weight': tensor([[1, 2], [3, 4]]) }, 'e', 1).toArray() // => [[3, 4]]
 * ```
 */
export function embedding(params: Params, name: string, index: Tensor | number): Tensor {
  const table = param(params, `${name}.weight`)
  const rows = typeof index === 'number' ? tensor([index], { dtype: 'int32', device: table.device }) : index
  return gather(table, rows)
}
