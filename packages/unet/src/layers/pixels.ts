import type { Tensor } from '@tweedie/tensor'
import { matmul, reshape, ShapeError } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { param } from '../params.ts'

/**
 * Samples, channels and pixels of images x [N, C, H, W].
 * @throws {ShapeError} where x has fewer axes, in the name of `op`.
 */
export function imageExtents(op: string, x: Tensor): { n: number; channels: number; pixels: number } {
  const [n, channels, height, width] = x.shape
  if (n === undefined || channels === undefined || height === undefined || width === undefined) {
    throw new ShapeError(op, 'x must be [N, C, H, W]', [x.shape])
  }
  return { n, channels, pixels: height * width }
}

/**
 * W·h + b (+ residual) at every pixel of h [N, C, P], to [N, out, P]: `NAME.weight` is [out, C], or that of a 1×1
 * convolution [out, C, 1], `NAME.bias` [out].
 */
export function project(params: Params, name: string, h: Tensor, residual?: Tensor): Tensor {
  const weight = param(params, `${name}.weight`)
  const bias = reshape(param(params, `${name}.bias`), [-1, 1])
  const w = reshape(weight, [weight.shape[0]!, h.shape[1]!])
  return matmul(w, h, residual === undefined ? { bias } : { bias, residual })
}
