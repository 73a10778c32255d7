import type { Aval, PrimitiveName, PrimitiveParams, Shape, Tensor } from '@tweedie/tensor'

/** What a rule may see of the call it differentiates: only what it declared to need was saved. */
export interface SavedCall<P extends PrimitiveName> {
  /** Saved input i. */
  x(i: number): Tensor
  /** The saved result. */
  readonly y: Tensor
  readonly params: PrimitiveParams[P]
  readonly shapes: readonly Shape[]
}

/** The call, with the gradient that arrives at its result. */
export interface VjpContext<P extends PrimitiveName> extends SavedCall<P> {
  /** Gradient of the scalar in the result, in the result's shape. */
  readonly dy: Tensor
  /** For each input, whether its gradient is asked for: lets a rule compute several at once, or only the one. */
  readonly wanted: readonly boolean[]
  /** Computes something once for several inputs of one call. */
  shared(make: () => Tensor): Tensor
}

/** The call, with the tangents that arrive at its inputs. */
export interface JvpContext<P extends PrimitiveName> extends SavedCall<P> {
  /** Shape of the result. */
  readonly shape: Shape
  /** Tangent of input i in its shape; undefined stands for zero. */
  dx(i: number): Tensor | undefined
}

/** How the gradient reaches one input: what must be saved for it (input numbers, or the result), and the formula. */
export interface InputRule<P extends PrimitiveName> {
  readonly needs: readonly (number | 'y')[]
  grad(context: VjpContext<P>): Tensor
}

/**
 * How tangents of the inputs reach the result, out of what the formulas of those inputs saved:
 * - `elementwise`: the Jacobian in each input is diagonal, hence its own transpose: the formula of that
 *   input, fed with its tangent, gives the tangent of the result;
 * - `linear`: the primitive itself, applied to the tangents;
 * - `bilinear`: the primitive with one of its two inputs replaced by its tangent, summed over both;
 * - `formula`: a formula of its own, which is in `tangents.ts`, so that reverse mode alone carries none of them.
 */
export type Pushforward = 'elementwise' | 'linear' | 'bilinear' | 'formula'

/** The gradients in all `inputs` of ⟨f(…inputs), cotangent⟩: what a composed rule may ask of the engine. */
export type Gradients = (
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  cotangent: Tensor,
) => Tensor[]

/** A primitive with derivatives of its own. */
export interface VjpRule<P extends PrimitiveName> {
  readonly kind: 'vjp'
  /** Inputs broadcast: the engine sums each gradient down to its input's shape. */
  readonly broadcasts?: true
  /** The result is of another element type: the engine casts gradients back. */
  readonly casts?: true
  /** The rule of input i; undefined where no gradient flows to it (an index, a condition). */
  input(i: number, params: PrimitiveParams[P]): InputRule<P> | undefined
  readonly jvp: Pushforward
  /** Why nothing flows at all, where that depends on the call; undefined where something does. */
  constant?(params: PrimitiveParams[P], inputs: readonly Aval[]): string | undefined
}

/**
 * The derivative of one primitive, in one of three forms: formulas in differentiable ops; a composition of
 * other primitives that is differentiated in its place; or the statement that the result does not change
 * with its inputs, and why.
 */
export type Rule<P extends PrimitiveName> =
  | VjpRule<P>
  | {
      readonly kind: 'composed'
      compose(inputs: readonly Tensor[], params: PrimitiveParams[P], gradients: Gradients): Tensor
    }
  | { readonly kind: 'constant'; readonly why: string }

type Grad<P extends PrimitiveName> = (context: VjpContext<P>) => Tensor

/** Rule of a primitive of one input whose formula needs what `needs` says. */
export const unary = <P extends PrimitiveName>(
  needs: readonly (number | 'y')[],
  grad: Grad<P>,
  jvp: Pushforward = 'elementwise',
): Rule<P> => ({ kind: 'vjp', input: () => ({ needs, grad }), jvp })

/** Rule of a primitive of one input that is linear in it: only the transpose has to be said. */
export const linear = <P extends PrimitiveName>(transpose: Grad<P>): Rule<P> => unary([], transpose, 'linear')

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
  jvp: 'elementwise',
})

export const constant = <P extends PrimitiveName>(why: string): Rule<P> => ({ kind: 'constant', why })
