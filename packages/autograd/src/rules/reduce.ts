import type { PrimitiveName, Shape, Tensor } from '@tweedie/tensor'
import { broadcastTo, cast, cumsum, div, equal, flip, mul, reshape, sum } from '@tweedie/tensor'
import type { Rule, SavedCall } from './types.ts'
import { constant, linear, unary } from './types.ts'

/** A reduced tensor stretched back over the axes that were reduced. */
function restore(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  const kept = shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
  return broadcastTo(reshape(reduced, kept), shape)
}

/** Each place's share in the extreme: all places that attain it have equal parts. */
export function share({
  x,
  y,
  shapes: [shape],
  params: { axes },
}: SavedCall<'reduceMax' | 'reduceMin'>): Tensor {
  const mask = cast(equal(x(0), restore(y, shape!, axes)), y.dtype)
  return div(mask, sum(mask, axes, true))
}

const extreme = <P extends 'reduceMax' | 'reduceMin'>(): Rule<P> =>
  unary(
    [0, 'y'],
    (context) => mul(restore(context.dy, context.shapes[0]!, context.params.axes), share(context)),
    'formula',
  )

/** Gradients of reductions and scans. */
export const reduceRules = {
  reduceSum: linear(({ dy, shapes: [shape], params: { axes } }) => restore(dy, shape!, axes)),
  reduceMax: extreme(),
  reduceMin: extreme(),
  argmax: constant('an index is constant between jumps'),
  cumsum: linear(({ dy, params: { axis } }) => flip(cumsum(flip(dy, [axis]), axis), [axis])),
} satisfies { [P in PrimitiveName]?: Rule<P> }
