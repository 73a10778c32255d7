import type { GroupNormParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  add,
  broadcastTo,
  concat,
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

const part = (x: Tensor, start: number, size: number): Tensor =>
  dispatch('slice', [x], { start: [start], size: [size], step: [1] })

/**
 * The gradient in input i. The one in x and those in weight and bias need the same sweeps over x and dy: where
 * both are wanted they come in one result, else each from a kernel of its own.
 */
function groupNormGradient(context: VjpContext<'groupNorm'>, i: number): Tensor {
  const { params, shapes, wanted } = context
  const shape = shapes[0]!
  const channels = shape[1]!
  const [inX, inAffine] = [wanted[0] === true, wanted[1] === true || wanted[2] === true]
  if (!inAffine) return dispatch('groupNormGradInput', inputsOf(context), params)
  const primitive = inX ? 'groupNormGrad' : 'groupNormGradAffine'
  const all = context.shared(() => reshape(dispatch(primitive, inputsOf(context), params), [-1]))
  const size = all.size - 2 * channels
  if (i === 0) return reshape(part(all, 0, size), shape)
  // Copies: gradients of parameters live long, and a view would hold on to all of the result.
  return dispatch('contiguous', [part(all, size + (i - 1) * channels, channels)], {})
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
      grad: (context) => groupNormGradient(context, i),
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
  groupNormGrad: {
    kind: 'composed',
    compose: (inputs, params, gradients) =>
      concat(
        composedGradients(inputs, params, gradients).map((gradient) => reshape(gradient, [gradient.size])),
        0,
      ),
  },
} satisfies { [P in PrimitiveName]?: Rule<P> }
