import type { Epilogue, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import { dispatch, matmul, matrixTranspose, sum, zeros } from '@tweedie/tensor'
import { inputGradient, isEmpty, kernelGradient } from './contract.ts'
import type { InputRule, SavedCall, VjpContext, VjpRule } from './types.ts'

/** The contractions with an epilogue. */
export type Fused = 'fusedConv2d' | 'fusedMatmul'

/** Numbers of all inputs of a call. */
const inputsOf = ({ bias, residual }: Epilogue<string>): number[] =>
  [0, 1, bias === 'none' ? -1 : 2, residual ? (bias === 'none' ? 2 : 3) : -1].filter((i) => i >= 0)

/** A cotangent at the result, or a tangent before the activation, times the slope of the activation. */
export function throughActivation<P extends Fused>(
  primitive: P,
  { x, params }: Pick<SavedCall<P>, 'x' | 'params'>,
  d: Tensor,
): Tensor {
  if (params.activation === 'none') return d
  const before = { ...params, activation: 'none' } as PrimitiveParams[P]
  return dispatch('siluGrad', [d, dispatch(primitive, inputsOf(params).map(x), before)], {})
}

/** How one kind of contraction is differentiated. */
interface Contraction<P extends Fused> {
  readonly primitive: P
  /** Gradient in factor `i` for the gradient `dz` in the product. */
  factor(i: 0 | 1, dz: Tensor, context: VjpContext<P>): Tensor
  /** Gradient in the bias. */
  bias(dz: Tensor, params: PrimitiveParams[P]): Tensor
}

/**
 * With z = a·b + bias + residual, dz = dy·activation′(z): the gradient in the residual is dz, that in the bias
 * its sum, those in the factors are the contraction's own. Without activation only the other factor is saved;
 * with one all inputs are, and z is computed once more.
 */
function ruleOf<P extends Fused>(kind: Contraction<P>): VjpRule<P> {
  const gradient =
    (i: number): InputRule<P>['grad'] =>
    (context) => {
      const { params } = context
      const dz = context.shared(() => throughActivation(kind.primitive, context, context.dy))
      if (i < 2) return kind.factor(i as 0 | 1, dz, context)
      return i === 2 && params.bias !== 'none' ? kind.bias(dz, params) : dz
    }
  return {
    kind: 'vjp',
    input: (i, params) => {
      const factors = i < 2 ? [1 - i] : []
      return { needs: params.activation === 'none' ? factors : inputsOf(params), grad: gradient(i) }
    },
    jvp: 'formula',
  }
}

/** Gradients of the contractions with an epilogue. */
export const epilogueRules = {
  fusedConv2d: ruleOf({
    primitive: 'fusedConv2d',
    factor: (i, dy, { x, params, shapes }) => {
      // A convolution of nothing is zero, whatever the geometry says.
      if (shapes.slice(0, 2).some(isEmpty)) return zeros(shapes[i]!, { dtype: dy.dtype, device: dy.device })
      return (i === 0 ? inputGradient : kernelGradient)({ dy, x, params, shapes })
    },
    bias: (dz) => sum(dz, [0, 2, 3]),
  }),
  fusedMatmul: ruleOf({
    primitive: 'fusedMatmul',
    factor: (i, dz, { x }) =>
      i === 0 ? matmul(dz, matrixTranspose(x(1))) : matmul(matrixTranspose(x(0)), dz),
    bias: (dz, { bias }) => {
      const axis = dz.rank - (bias === 'row' ? 2 : 1)
      return sum(
        dz,
        dz.shape.map((_, i) => i).filter((i) => i !== axis),
      )
    },
  }),
} satisfies { [P in PrimitiveName]?: VjpRule<P> }
