import { dispatch } from '../dispatch.ts'
import type { Shape } from '../shape.ts'
import { normalizeAxes, normalizeAxis, sameShape } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { exp, log, mul, sub } from './elementwise.ts'
import { reshape } from './shape-ops.ts'

type Axes = number | readonly number[]

function reduce(
  primitive: 'reduceSum' | 'reduceMax' | 'reduceMin',
  x: Tensor,
  axes: Axes | undefined,
  keepDims: boolean,
): Tensor {
  return dispatch(primitive, [x], { axes: normalizeAxes(primitive, axes, x.shape.length), keepDims })
}

/** Sum over `axes` (all where left out); they stay as 1 with `keepDims`. */
export const sum = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  reduce('reduceSum', x, axes, keepDims)
/** Largest value over `axes`; ties share the gradient equally. */
export const max = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  reduce('reduceMax', x, axes, keepDims)
/** Smallest value over `axes`; ties share the gradient equally. */
export const min = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  reduce('reduceMin', x, axes, keepDims)

/** Arithmetic mean over `axes`. */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const total = sum(x, axes, keepDims)
  return mul(total, total.size / x.size)
}

/** Variance over `axes`, divided by n − `correction` (0: the maximum-likelihood one). */
export function variance(
  x: Tensor,
  axes?: Axes,
  options: { keepDims?: boolean; correction?: number } = {},
): Tensor {
  const centred = sub(x, mean(x, axes, true))
  const total = sum(mul(centred, centred), axes, options.keepDims ?? false)
  return mul(total, 1 / (x.size / total.size - (options.correction ?? 0)))
}

/** Index of the first largest value along `axis`, int32. */
export const argmax = (x: Tensor, axis: number): Tensor =>
  dispatch('argmax', [x], { axis: normalizeAxis('argmax', axis, x.shape.length) })

/** Running sum along `axis`. */
export const cumsum = (x: Tensor, axis: number): Tensor =>
  dispatch('cumsum', [x], { axis: normalizeAxis('cumsum', axis, x.shape.length) })

/** log Σ exp along `axes`, stable for any finite input. */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const top = max(x, axes, true).detach()
  const total = log(sum(exp(sub(x, top)), axes, true)).add(top)
  return keepDims ? total : reshape(total, sum(x, axes).shape)
}

/** Sums a tensor down to a shape it was broadcast from. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = x.shape.flatMap((extent, i) =>
    i < lead || (shape[i - lead] === 1 && extent !== 1) ? [i] : [],
  )
  return reshape(sum(x, axes, true), shape)
}
