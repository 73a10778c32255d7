import type { AttentionParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  add,
  attentionComposed,
  concat,
  dispatch,
  matmul,
  matrixTranspose,
  mul,
  reshape,
  sizeOf,
  softmax,
  sub,
  sum,
} from '@tweedie/tensor'
import type { JvpContext, Rule, VjpContext } from './types.ts'

/** Gradient in input i, a view of the packed result: that of q, then those of k and v with their axes swapped. */
function gradientIn({ x, dy, params, shapes, shared }: VjpContext<'attention'>, i: number): Tensor {
  const all = shared(() => dispatch('attentionGrad', [x(0), x(1), x(2), dy], params))
  const start = shapes.slice(0, i).reduce((total, shape) => total + sizeOf(shape), 0)
  const shape = shapes[i]!
  const part = dispatch('slice', [all], { start: [start], size: [sizeOf(shape)], step: [1] })
  if (i === 0) return reshape(part, shape)
  return matrixTranspose(reshape(part, [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!]))
}

/** With P the weights and S = scale·QᵀK: Ẏ = V·Ṗᵀ + V̇·Pᵀ, Ṗ the tangent of the softmax along Ṡ. */
function tangent({ x, dx, params: { scale } }: JvpContext<'attention'>): Tensor {
  const [q, k, v] = [matrixTranspose(x(0)), x(1), x(2)]
  const weights = softmax(mul(matmul(q, k), scale))
  const [dq, dk, dv] = [dx(0), dx(1), dx(2)]
  const scores: Tensor[] = []
  if (dq !== undefined) scores.push(matmul(matrixTranspose(dq), k))
  if (dk !== undefined) scores.push(matmul(q, dk))
  const terms: Tensor[] = []
  if (scores.length > 0) {
    const slope = mul(
      scores.reduce((a, b) => add(a, b)),
      scale,
    )
    terms.push(matmul(v, matrixTranspose(dispatch('softmaxGrad', [weights, slope], {}))))
  }
  if (dv !== undefined) terms.push(matmul(dv, matrixTranspose(weights)))
  return terms.reduce((a, b) => add(a, b))
}

const flat = (x: Tensor): Tensor => reshape(x, [x.size])

/** Softmax and attention: fused gradients at first order, compositions beyond (docs/adr/0010). */
export const attentionRules = {
  // diag(y) − y·yᵀ is its own transpose.
  softmax: {
    kind: 'vjp',
    jvp: ({ y, dx }) => dispatch('softmaxGrad', [y, dx(0)!], {}),
    input: () => ({ needs: ['y'], grad: ({ y, dy }) => dispatch('softmaxGrad', [y, dy], {}) }),
  },
  softmaxGrad: {
    kind: 'composed',
    compose: ([y, dy]) => mul(y!, sub(dy!, sum(mul(y!, dy!), -1, true))),
  },
  attention: {
    kind: 'vjp',
    jvp: tangent,
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
