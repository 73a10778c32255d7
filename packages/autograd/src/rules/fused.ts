import type { GroupNormParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  add,
  broadcastTo,
  dispatch,
  groupNormComposed,
  mul,
  onesLike,
  reshape,
  stack,
  zerosLike,
} from '@tweedie/tensor'
import type { Gradients, JvpContext, Rule, VjpContext } from './types.ts'

const inputsOf = ({ x, dy }: VjpContext<'groupNorm'>): Tensor[] => [x(0), x(1), x(2), dy]

/** Row 0 of the fused result is the gradient in the weight, row 1 that in the bias. */
function affineRow(context: VjpContext<'groupNorm'>, row: number): Tensor {
  const both = context.shared(() => dispatch('groupNormGradAffine', inputsOf(context), context.params))
  const channels = both.shape[1]!
  return reshape(dispatch('slice', [both], { start: [row, 0], size: [1, channels], step: [1, 1] }), [
    channels,
  ])
}

/** Gradients of the composed normalisation, for when a fused gradient is itself differentiated. */
function composedGradients(
  inputs: readonly Tensor[],
  params: GroupNormParams,
  gradients: Gradients,
): Tensor[] {
  const [x, weight, bias, dy] = inputs as readonly [Tensor, Tensor, Tensor, Tensor]
  return gradients((a, b, c) => groupNormComposed(a!, b!, c!, params), [x, weight, bias], dy)
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
  const tangent = broadcastTo(
    terms.reduce((a, b) => add(a, b)),
    input.shape,
  )
  if (!params.silu) return tangent
  return dispatch('siluGrad', [tangent, dispatch('groupNorm', [input, weight, bias], plain)], {})
}

/** Gradients of the fused primitives: fused themselves at first order, compositions beyond. */
export const fusedRules = {
  groupNorm: {
    kind: 'vjp',
    jvp: groupNormTangent,
    input: (i) => ({
      needs: [0, 1, 2],
      grad: (context) =>
        i === 0
          ? dispatch('groupNormGradInput', inputsOf(context), context.params)
          : affineRow(context, i - 1),
    }),
  },
  groupNormGradInput: {
    kind: 'composed',
    compose: (inputs, params, gradients) => composedGradients(inputs, params, gradients)[0]!,
  },
  groupNormGradAffine: {
    kind: 'composed',
    compose: (inputs, params, gradients) => stack(composedGradients(inputs, params, gradients).slice(1)),
  },
} satisfies { [P in PrimitiveName]?: Rule<P> }
