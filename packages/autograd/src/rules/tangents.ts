import type { PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import {
  add,
  broadcastTo,
  dispatch,
  matmul,
  matrixTranspose,
  mul,
  onesLike,
  reshape,
  softmax,
  sum,
  zerosLike,
} from '@tweedie/tensor'
import type { Fused } from './epilogue.ts'
import { throughActivation } from './epilogue.ts'
import { share } from './reduce.ts'
import type { JvpContext } from './types.ts'

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => add(a, b))

/** With P the weights and S = scale·QᵀK: Ẏ = V·Ṗᵀ + V̇·Pᵀ, Ṗ the tangent of the softmax along Ṡ. */
function attentionTangent({ x, dx, params: { scale } }: JvpContext<'attention'>): Tensor {
  const [q, k, v] = [matrixTranspose(x(0)), x(1), x(2)]
  const weights = softmax(mul(matmul(q, k), scale))
  const [dq, dk, dv] = [dx(0), dx(1), dx(2)]
  const scores: Tensor[] = []
  if (dq !== undefined) scores.push(matmul(matrixTranspose(dq), k))
  if (dk !== undefined) scores.push(matmul(q, dk))
  const terms: Tensor[] = []
  if (scores.length > 0) {
    const slope = mul(total(scores), scale)
    terms.push(matmul(v, matrixTranspose(dispatch('softmaxGrad', [weights, slope], {}))))
  }
  if (dv !== undefined) terms.push(matmul(dv, matrixTranspose(weights)))
  return total(terms)
}

/**
 * With x̂ the normalised x and z = γ·x̂ + β: ẏ = silu′(z)·(γ·N(ẋ) + γ̇·x̂ + β̇). The derivative N of the
 * normalisation is symmetric, so the fused gradient kernel with unit weight computes it.
 */
function groupNormTangent({ x, dx, params }: JvpContext<'groupNorm'>): Tensor {
  const [input, weight, bias] = [x(0), x(1), x(2)]
  const plain = { ...params, silu: false }
  const perChannel = (v: Tensor) =>
    reshape(
      v,
      input.shape.map((extent, i) => (i === 1 ? extent : 1)),
    )
  const [unit, none] = [onesLike(weight), zerosLike(weight)]
  const terms: Tensor[] = []
  const [dInput, dWeight, dBias] = [dx(0), dx(1), dx(2)]
  if (dInput !== undefined) {
    const normal = dispatch('groupNormGradInput', [input, unit, none, dInput], plain)
    terms.push(mul(normal, perChannel(weight)))
  }
  if (dWeight !== undefined) {
    terms.push(mul(dispatch('groupNorm', [input, unit, none], plain), perChannel(dWeight)))
  }
  if (dBias !== undefined) terms.push(perChannel(dBias))
  const tangent = broadcastTo(total(terms), input.shape)
  if (!params.silu) return tangent
  return dispatch('siluGrad', [tangent, dispatch('groupNorm', [input, weight, bias], plain)], {})
}

/** The tangent of an extreme: that of the places which attain it, in equal parts. */
const extremeTangent = (context: JvpContext<'reduceMax' | 'reduceMin'>): Tensor =>
  sum(mul(context.dx(0)!, share(context)), context.params.axes, context.params.keepDims)

/**
 * With z = a·b + bias + residual: the tangent of z, times the slope of the activation.
 * @param multiply - The contraction alone.
 * @param spread - The bias in a shape that broadcasts over the result.
 */
const epilogueTangent =
  <P extends Fused>(
    primitive: P,
    multiply: (a: Tensor, b: Tensor, params: PrimitiveParams[P]) => Tensor,
    spread: (bias: Tensor, params: PrimitiveParams[P]) => Tensor,
  ) =>
  (context: JvpContext<P>): Tensor => {
    const { x, dx, params } = context
    const hasBias = params.bias !== 'none'
    const [a, b] = [dx(0), dx(1)]
    const bias = hasBias ? dx(2) : undefined
    const residual = params.residual ? dx(hasBias ? 3 : 2) : undefined
    const terms = [
      a && multiply(a, x(1), params),
      b && multiply(x(0), b, params),
      bias && spread(bias, params),
      residual,
    ].filter((term) => term !== undefined)
    return throughActivation(primitive, context, broadcastTo(total(terms), context.shape))
  }

/** Tangents of the results of the primitives whose rule says `formula`. */
export const tangentFormulas: { readonly [P in PrimitiveName]?: (context: JvpContext<P>) => Tensor } = {
  reduceMax: extremeTangent,
  reduceMin: extremeTangent,
  groupNorm: groupNormTangent,
  // diag(y) − y·yᵀ is its own transpose.
  softmax: ({ y, dx }) => dispatch('softmaxGrad', [y, dx(0)!], {}),
  attention: attentionTangent,
  fusedConv2d: epilogueTangent(
    'fusedConv2d',
    (a, b, { stride, padding, lhsDilation, rhsDilation, groups }) =>
      dispatch('conv2d', [a, b], { stride, padding, lhsDilation, rhsDilation, groups }),
    (bias) => reshape(bias, [1, bias.shape[0]!, 1, 1]),
  ),
  fusedMatmul: epilogueTangent(
    'fusedMatmul',
    (a, b) => matmul(a, b),
    (vector, { bias }) => (bias === 'row' ? reshape(vector, [vector.shape[0]!, 1]) : vector),
  ),
}
