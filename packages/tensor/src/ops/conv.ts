import { dispatch } from '../dispatch.ts'
import { OptionError } from '../errors.ts'
import type { Activation, Conv2dParams } from '../primitives.ts'
import type { Tensor } from '../tensor.ts'

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
  const both = typeof value === 'object' ? value : [value ?? fallback, value ?? fallback]
  const fits = Array.isArray(both) && both.length === 2
  if (!fits || both.some((n) => !Number.isInteger(n) || n < least)) {
    const range = Number.isFinite(least) ? `an integer of at least ${least}` : 'an integer'
    throw new OptionError(option, `must be ${range}, or two of them, got ${String(value)}`)
  }
  return both as [number, number]
}

const isSides = (padding: Conv2dOptions['padding']): padding is Conv2dParams['padding'] =>
  Array.isArray(padding) && padding.length === 2 && padding.every((sides) => Array.isArray(sides))

function paddingOf(padding: Conv2dOptions['padding']): Conv2dParams['padding'] {
  const sides = (value: Pair | undefined) => pair('padding', value, 0, -Infinity)
  if (isSides(padding)) return [sides(padding[0]), sides(padding[1])]
  const [rows, columns] = sides(padding as Pair | undefined)
  return [
    [rows, rows],
    [columns, columns],
  ]
}

/** What {@link conv2d} adds and applies to the convolution, in this order. */
export interface Conv2dEpilogue {
  /** One value per output channel, [Cout]. */
  bias?: Tensor
  /** Of the result's shape. */
  residual?: Tensor
  /** Default 'none'. */
  activation?: Activation
}

/** The options as the primitive's parameters. */
export function conv2dParams(options: Conv2dOptions): Conv2dParams {
  const [groupCount] = pair('groups', options.groups, 1, 1)
  return {
    stride: pair('stride', options.stride, 1, 1),
    padding: paddingOf(options.padding),
    lhsDilation: pair('lhsDilation', options.lhsDilation, 1, 1),
    rhsDilation: pair('dilation', options.dilation, 1, 1),
    groups: groupCount,
  }
}

/**
 * activation(x ∗ w + bias + residual): two-dimensional convolution (cross-correlation) of x [N, Cin, H, W]
 * with w [Cout, Cin/groups, kh, kw], to [N, Cout, Hout, Wout]; what follows it is optional and takes no pass
 * of its own over the result. The gradient through an activation computes the convolution once more rather
 * than keep its result.
 * @throws {ShapeError} where channels disagree, the kernel does not fit the padded input, or the bias or the
 * residual does not fit the result.
 * @example
 * ```ts
 * import { conv2d, ones, tensor } from '@tweedie/tensor'
 * const [x, w] = [ones([1, 2, 3, 3]), ones([1, 2, 3, 3])]
 * conv2d(x, w, { padding: 1, bias: tensor([0.5]), activation: 'silu' }).shape // => [1, 1, 3, 3]
 * conv2d(x, w, { bias: tensor([0.5]), residual: tensor([[[[100]]]]) }).dataSync()[0] // => 118.5
 * ```
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions & Conv2dEpilogue = {}): Tensor {
  const { bias, residual, activation = 'none', ...rest } = options
  const params = conv2dParams(rest)
  if (bias === undefined && residual === undefined && activation === 'none') {
    return dispatch('conv2d', [x, w], params)
  }
  const inputs = [x, w, bias, residual].filter((input) => input !== undefined)
  return dispatch('fusedConv2d', inputs, {
    ...params,
    bias: bias === undefined ? 'none' : 'channel',
    residual: residual !== undefined,
    activation,
  })
}
