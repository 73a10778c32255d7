import type { PrimitiveName, Shape, Tensor } from '@tweedie/tensor'
import { broadcastTo, cast, cumsum, div, equal, flip, mul, reshape, sum } from '@tweedie/tensor'
import type { Rule } from './types.ts'
import { constant, unary } from './types.ts'

/** A reduced tensor stretched back over the axes that were reduced. */
function restore(reduced: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  const kept = shape.map((extent, i) => (axes.includes(i) ? 1 : extent))
  return broadcastTo(reshape(reduced, kept), shape)
}

/** The gradient of an extreme goes to all places that attain it, in equal parts. */
const extreme = <P extends 'reduceMax' | 'reduceMin'>(): Rule<P> =>
  unary([0, 'y'], ({ dy, x, y, shapes: [shape], params: { axes } }) => {
    const mask = cast(equal(x(0), restore(y, shape!, axes)), dy.dtype)
    const share = div(mask, sum(mask, axes, true))
    return mul(restore(dy, shape!, axes), share)
  })

/** Gradients of reductions and scans. */
export const reduceRules = {
  reduceSum: unary([], ({ dy, shapes: [shape], params: { axes } }) => restore(dy, shape!, axes)),
  reduceMax: extreme(),
  reduceMin: extreme(),
  argmax: constant('an index is constant between jumps'),
  cumsum: unary([], ({ dy, params: { axis } }) => flip(cumsum(flip(dy, [axis]), axis), [axis])),
} satisfies { [P in PrimitiveName]?: Rule<P> }
