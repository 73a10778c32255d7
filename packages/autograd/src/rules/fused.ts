import type { GroupNormParams, PrimitiveName, Tensor } from '@tweedie/tensor'
import { dispatch, groupNormComposed, reshape, stack } from '@tweedie/tensor'
import type { Gradients, Rule, VjpContext } from './types.ts'

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

/** Gradients of the fused primitives: fused themselves at first order, compositions beyond. */
export const fusedRules = {
  groupNorm: {
    kind: 'vjp',
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
