import { dispatch } from '../dispatch.ts'
import type { Shape } from '../shape.ts'
import { normalizeAxes, normalizeAxis, reducedShape, sameShape } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { abs, add, div, exp, less, log, mul, sub, where } from './elementwise.ts'
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

/** Elements of x per element of its reduction over `axes`. */
const countOf = (op: string, { shape }: Tensor, axes: Axes | undefined): number =>
  normalizeAxes(op, axes, shape.length).reduce((count, axis) => count * shape[axis]!, 1)

/** Arithmetic mean over `axes`; NaN over an empty axis. Floats only. */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return div(sum(x, axes, keepDims), countOf('mean', x, axes))
}

/** Variance over `axes`, divided by n − `correction` (0: the maximum-likelihood one). */
export function variance(
  x: Tensor,
  axes?: Axes,
  options: { keepDims?: boolean; correction?: number } = {},
): Tensor {
  const centred = sub(x, mean(x, axes, true))
  const total = sum(mul(centred, centred), axes, options.keepDims ?? false)
  return div(total, countOf('variance', x, axes) - (options.correction ?? 0))
}

/** Index of the first largest value along `axis`, int32; of the first NaN where there is one, as `max` is NaN. */
export const argmax = (x: Tensor, axis: number): Tensor =>
  dispatch('argmax', [x], { axis: normalizeAxis('argmax', axis, x.shape.length) })

/** Running sum along `axis`. */
export const cumsum = (x: Tensor, axis: number): Tensor =>
  dispatch('cumsum', [x], { axis: normalizeAxis('cumsum', axis, x.shape.length) })

/**
 * log Σ exp along `axes`, stable. −∞ where all elements are −∞ or there are none, ∞ where one is ∞, NaN where one is
 * NaN. The gradient is softmax(x), so NaN where x is −∞ throughout, and at ∞.
 */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const reduced = normalizeAxes('logSumExp', axes, x.shape.length)
  if (reduced.some((axis) => x.shape[axis] === 0)) return log(sum(exp(x), reduced, keepDims))
  const top = max(x, reduced, true).detach()
  // An infinite pivot would make ∞ − ∞ of the elements that attain it.
  const pivot = where(less(abs(top), Infinity), top, 0)
  const total = add(log(sum(exp(sub(x, pivot)), reduced, true)), pivot)
  return keepDims ? total : reshape(total, reducedShape(x.shape, reduced, false))
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
