import { ShapeError } from '../errors.ts'
import type { Conv2dParams } from '../primitive-params.ts'
import type { Shape } from '../shape.ts'

/** Extent of an axis after `dilation` − 1 zeros are put between its elements. */
export const dilated = (extent: number, dilation: number): number =>
  extent === 0 ? 0 : (extent - 1) * dilation + 1

/** The largest parameter: kernels take signed numbers of 32 bits. */
const most = 2 ** 31 - 1

function requireConvParams({ stride, padding, lhsDilation, rhsDilation, groups }: Conv2dParams): void {
  const inRange = (values: readonly number[], length: number, least: number) =>
    values.length === length && values.every((n) => Number.isInteger(n) && n >= least && n <= most)
  const fits =
    [stride, lhsDilation, rhsDilation].every((values) => inRange(values, 2, 1)) &&
    padding.length === 2 &&
    padding.every((values) => inRange(values, 2, -most)) &&
    inRange([groups], 1, 1)
  if (fits) return
  const given = JSON.stringify({ stride, padding, lhsDilation, rhsDilation, groups })
  throw new ShapeError(
    'conv2d',
    `needs integers, of at least 1 but for the padding, below 2^31: got ${given}`,
  )
}

/**
 * Output shape [N, Cout, Hout, Wout] of a convolution of x [N, Cin, H, W] with w [Cout, Cin/groups, kh, kw]
 * (cross-correlation, as everywhere in this field).
 */
export function conv2dShape(x: Shape, w: Shape, params: Conv2dParams): Shape {
  if (x.length !== 4 || w.length !== 4) {
    throw new ShapeError('conv2d', 'needs x [N, C, H, W] and w [Cout, Cin/groups, kh, kw]', [x, w])
  }
  requireConvParams(params)
  const { stride, padding, lhsDilation, rhsDilation, groups } = params
  const [n, channels, ...extents] = x as readonly [number, number, number, number]
  const [outChannels, perGroup, ...kernel] = w as readonly [number, number, number, number]
  if (channels !== perGroup * groups) {
    throw new ShapeError('conv2d', `input has ${channels} channels, weight expects ${perGroup * groups}`, [
      x,
      w,
    ])
  }
  if (outChannels % groups !== 0) {
    throw new ShapeError('conv2d', `${outChannels} output channels do not split into ${groups} groups`, [
      x,
      w,
    ])
  }
  const spatial = extents.map((extent, i) => {
    const axis = i as 0 | 1
    const padded = dilated(extent, lhsDilation[axis]) + padding[axis][0] + padding[axis][1]
    const reach = dilated(kernel[axis]!, rhsDilation[axis])
    if (!Number.isSafeInteger(padded) || !Number.isSafeInteger(reach))
      throw new ShapeError('conv2d', `axis ${i + 2} is longer than 2^53 − 1 with its zeros`, [x, w])
    if (padded < reach) {
      throw new ShapeError(
        'conv2d',
        `a kernel that reaches ${reach} does not fit an input of ${padded} (axis ${i + 2})`,
        [x, w],
      )
    }
    return Math.floor((padded - reach) / stride[axis]) + 1
  })
  return [n, outChannels, ...spatial]
}
