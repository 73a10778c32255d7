import { dispatch } from '../dispatch.ts'
import { OptionError } from '../errors.ts'
import type { Conv2dParams } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'
import { reshape } from './shape-ops.ts'

type Pair = number | readonly [number, number]

/** Options of {@link conv2d}; a single number serves both spatial axes. */
export interface Conv2dOptions {
  stride?: Pair
  /** Zeros on each side, per axis or as [[top, bottom], [left, right]]. */
  padding?: Pair | readonly [readonly [number, number], readonly [number, number]]
  /** Spacing of the kernel's taps. */
  dilation?: Pair
  /** Spacing of the input's elements: zeros in between make a transposed convolution. */
  lhsDilation?: Pair
  groups?: number
}

function pair(
  option: string,
  value: Pair | undefined,
  fallback: number,
  least: number,
): readonly [number, number] {
  const both = value === undefined ? [fallback, fallback] : typeof value === 'number' ? [value, value] : value
  for (const n of both) {
    if (!Number.isInteger(n) || n < least)
      throw new OptionError(option, `must be an integer of at least ${least}, got ${n}`)
  }
  return both as [number, number]
}

/** The options as the primitive's parameters. */
export function conv2dParams(options: Conv2dOptions): Conv2dParams {
  const { padding, groups = 1 } = options
  const [groupCount] = pair('groups', groups, 1, 1)
  const sides =
    Array.isArray(padding) && Array.isArray(padding[0])
      ? (padding as unknown as Conv2dParams['padding'])
      : pair('padding', padding as Pair | undefined, 0, Number.NEGATIVE_INFINITY).map((n) => [n, n] as const)
  return {
    stride: pair('stride', options.stride, 1, 1),
    padding: sides as unknown as Conv2dParams['padding'],
    lhsDilation: pair('lhsDilation', options.lhsDilation, 1, 1),
    rhsDilation: pair('dilation', options.dilation, 1, 1),
    groups: groupCount,
  }
}

/**
 * Two-dimensional convolution (cross-correlation) of x [N, Cin, H, W] with w [Cout, Cin/groups, kh, kw],
 * plus an optional bias [Cout]. Returns [N, Cout, Hout, Wout].
 * @throws {ShapeError} where channels disagree or the kernel does not fit the padded input.
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions & { bias?: Tensor } = {}): Tensor {
  const y = dispatch('conv2d', [x, w], conv2dParams(options))
  return options.bias === undefined ? y : y.add(reshape(options.bias, [1, -1, 1, 1]))
}
