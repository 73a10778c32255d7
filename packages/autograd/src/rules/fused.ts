import type { GroupNormParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import { concat, dispatch, groupNormComposed, reshape, stack } from '@tweedie/tensor'
import type { Gradients, Rule, VjpContext } from './types.ts'

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
  const inX = wanted[0] === true
  const inAffine = wanted[1] === true || wanted[2] === true
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

/** Gradients of the fused primitives: fused themselves at first order, compositions beyond. */
export const fusedRules = {
  groupNorm: {
    kind: 'vjp',
    jvp: 'formula',
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
