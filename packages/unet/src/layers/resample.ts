import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, mean, reshape, ShapeError } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import { conv2d } from './affine.ts'

/** Each pixel of x [N, C, H, W] repeated twice per axis: [N, C, 2H, 2W]. */
export function upsampleNearest(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as readonly [number, number, number, number]
  if (x.rank !== 4) throw new ShapeError('upsampleNearest', 'x must be [N, C, H, W]', [x.shape])
  return reshape(broadcastTo(reshape(x, [n, c, h, 1, w, 1]), [n, c, h, 2, w, 2]), [n, c, 2 * h, 2 * w])
}

/** The mean of each 2×2 pixels of x [N, C, H, W], H and W even: [N, C, H/2, W/2]. */
export function averagePool(x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as readonly [number, number, number, number]
  if (x.rank !== 4 || h % 2 !== 0 || w % 2 !== 0)
    throw new ShapeError('averagePool', 'x must be [N, C, H, W] with even H and W', [x.shape])
  return mean(reshape(x, [n, c, h / 2, 2, w / 2, 2]), [3, 5])
}

/** Nearest-neighbour upsampling followed by the 3×3 convolution `NAME.conv`. */
export const upsample = (params: Params, name: string, x: Tensor): Tensor =>
  conv2d(params, `${name}.conv`, upsampleNearest(x), { padding: 1 })

/**
 * The 3×3 convolution `NAME.conv` with stride 2: [N, C, H, W] to [N, C, H/2, W/2]. With `padding` 0 one
 * row and one column of zeros are added at the end only, as the checkpoints converted from TensorFlow
 * need it.
 */
export const downsample = (params: Params, name: string, x: Tensor, padding = 1): Tensor =>
  conv2d(params, `${name}.conv`, x, {
    stride: 2,
    padding:
      padding === 0
        ? [
            [0, 1],
            [0, 1],
          ]
        : padding,
  })
