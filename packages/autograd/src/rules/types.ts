import type { Aval, PrimitiveName, PrimitiveParams, Shape, Tensor } from '@tweedie/tensor'

/** What a rule may see of the call it differentiates: only what it declared to need was saved. */
export interface VjpContext<P extends PrimitiveName> {
  /** Gradient of the scalar in the result, in the result's shape. */
  readonly dy: Tensor
  /** Saved input i. */
  x(i: number): Tensor
  /** The saved result. */
  readonly y: Tensor
  readonly params: PrimitiveParams[P]
  readonly shapes: readonly Shape[]
  /** Computes something once for several inputs of one call. */
  shared(make: () => Tensor): Tensor
}

/** How the gradient reaches one input: what must be saved for it (input numbers, or the result), and the formula. */
export interface InputRule<P extends PrimitiveName> {
  readonly needs: readonly (number | 'y')[]
  grad(context: VjpContext<P>): Tensor
}

/** The gradients in all `inputs` of ⟨f(…inputs), cotangent⟩: what a composed rule may ask of the engine. */
export type Gradients = (
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  cotangent: Tensor,
) => Tensor[]

/**
 * The gradient of one primitive, in one of three forms: a formula per input in differentiable ops; a
 * composition of other primitives that is differentiated in its place; or the statement that the result
 * does not change with its inputs, and why.
 */
export type Rule<P extends PrimitiveName> =
  | {
      readonly kind: 'vjp'
      /** Inputs broadcast: the engine sums each gradient down to its input's shape. */
      readonly broadcasts?: true
      /** The rule of input i; undefined where no gradient flows to it (an index, a condition). */
      input(i: number): InputRule<P> | undefined
      /** Whether anything flows at all, where that depends on the call. */
      differentiable?(params: PrimitiveParams[P], inputs: readonly Aval[]): boolean
    }
  | {
      readonly kind: 'composed'
      compose(inputs: readonly Tensor[], params: PrimitiveParams[P], gradients: Gradients): Tensor
    }
  | { readonly kind: 'constant'; readonly why: string }

type Grad<P extends PrimitiveName> = (context: VjpContext<P>) => Tensor

/** Rule of a primitive of one input whose formula needs what `needs` says. */
export const unary = <P extends PrimitiveName>(needs: readonly (number | 'y')[], grad: Grad<P>): Rule<P> => ({
  kind: 'vjp',
  input: () => ({ needs, grad }),
})

/** Rule of a broadcasting primitive: one [needs, formula] per input, undefined where nothing flows. */
export const broadcasting = <P extends PrimitiveName>(
  ...inputs: readonly (readonly [readonly (number | 'y')[], Grad<P>] | undefined)[]
): Rule<P> => ({
  kind: 'vjp',
  broadcasts: true,
  input: (i) => {
    const rule = inputs[i]
    return rule && { needs: rule[0], grad: rule[1] }
  },
})

export const constant = <P extends PrimitiveName>(why: string): Rule<P> => ({ kind: 'constant', why })
