import type { AttentionParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  attentionComposed,
  concat,
  dispatch,
  matrixTranspose,
  mul,
  reshape,
  sizeOf,
  sub,
  sum,
} from '@tweedie/tensor'
import type { Rule, VjpContext } from './types.ts'

/** Gradient in input i, a view of the packed result: that of q, then those of k and v with their axes swapped. */
function gradientIn({ x, dy, params, shapes, shared }: VjpContext<'attention'>, i: number): Tensor {
  const all = shared(() => dispatch('attentionGrad', [x(0), x(1), x(2), dy], params))
  const start = shapes.slice(0, i).reduce((total, shape) => total + sizeOf(shape), 0)
  const shape = shapes[i]!
  const part = dispatch('slice', [all], { start: [start], size: [sizeOf(shape)], step: [1] })
  if (i === 0) return reshape(part, shape)
  return matrixTranspose(reshape(part, [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]))
}

const flat = (x: Tensor): Tensor => reshape(x, [x.size])

/** Softmax and attention: fused gradients at first order, compositions beyond (docs/adr/0010). */
export const attentionRules = {
  softmax: {
    kind: 'vjp',
    jvp: 'formula',
    input: () => ({ needs: ['y'], grad: ({ y, dy }) => dispatch('softmaxGrad', [y, dy], {}) }),
  },
  softmaxGrad: {
    kind: 'composed',
    compose: ([y, dy]) => mul(y!, sub(dy!, sum(mul(y!, dy!), -1, true))),
  },
  attention: {
    kind: 'vjp',
    jvp: 'formula',
    input: (i) => ({ needs: [0, 1, 2], grad: (context) => gradientIn(context, i) }),
  },
  attentionGrad: {
    kind: 'composed',
    compose: ([q, k, v, dy], params: AttentionParams, gradients) => {
      const [dq, dk, dv] = gradients((a, b, c) => attentionComposed(a!, b!, c!, params), [q!, k!, v!], dy!)
      return concat([dq!, matrixTranspose(dk!), matrixTranspose(dv!)].map(flat), 0)
    },
  },
} satisfies { [P in PrimitiveName]?: Rule<P> }
