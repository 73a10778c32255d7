import type { Tensor } from '@tweedie/tensor'
import { ones, reshape, ShapeError, sizeOf, groupNorm as tensorGroupNorm, zeros } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/**
 * Layer normalisation (arXiv 1607.06450) of x [N, …shape] over the axes of `NAME.weight` and `NAME.bias`, both of that
 * shape, as PyTorch's `LayerNorm(shape)`: for images [N, C, H, W] the shape is [C, H, W] there.
 *
 * @throws {ShapeError} where the last axes of x are not those of the weight.
 * @example
 * ```ts
 * import { ones, tensor, zeros } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const params = { 'ln.weight': ones([2]), 'ln.bias': zeros([2]) }
 * layers.layerNorm(params, 'ln', tensor([[1, 3], [5, 9]]), { eps: 0 }).toArray() // => [[-1, 1], [-1, 1]]
 * ```
 */
export function layerNorm(
  params: Params,
  name: string,
  x: Tensor,
  { eps = 1e-5 }: { readonly eps?: number } = {},
): Tensor {
  const weight = param(params, `${name}.weight`)
  const rows = x.shape.slice(0, Math.max(0, x.rank - weight.rank))
  const own = x.shape.slice(rows.length)
  if (own.length !== weight.rank || own.some((extent, i) => extent !== weight.shape[i]))
    throw new ShapeError('layerNorm', 'the last axes of x must be those of the weight', [
      x.shape,
      weight.shape,
    ])
  const like = { dtype: x.dtype, device: x.device }
  const flat = reshape(x, [sizeOf(rows), 1, sizeOf(own)])
  const normal = tensorGroupNorm(flat, ones([1], like), zeros([1], like), { groups: 1, eps })
  return reshape(normal, x.shape)
    .mul(weight)
    .add(param(params, `${name}.bias`))
}
