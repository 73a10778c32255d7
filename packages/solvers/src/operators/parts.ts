import { vjp } from '@tweedie/autograd'
import type { Shape, Tensor } from '@tweedie/tensor'
import { scope, sizeOf, zeros } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { pinvFromSvd } from '../linalg/spectral.ts'
import type { Blind, LinearOperator, Operator, Svd } from '../types.ts'
import { checkBatch } from './checks.ts'
import type { Spectrum, TensorMap } from './spectrum.ts'
import { svdOf } from './spectrum.ts'

/** An operator that can show what it measured. */
export interface ShownOperator extends Operator {
  /** m: how many numbers are measured of each sample. */
  readonly observed: number
  /** y as images in the data range, of whatever size suits it; what was not measured is 0 (mid-grey). */
  display(y: Tensor): Tensor
}

/** What is known of an operator with a pseudo-inverse. */
export interface Invertible {
  /** {@link Operator.pinv} */
  pinv(y: Tensor): Tensor
}

/** A linear operator whose singular value decomposition and pseudo-inverse are known. */
export interface SpectralOperator extends LinearOperator, ShownOperator, Invertible {
  pinv(y: Tensor): Tensor
  /** Worked out when first asked for, then kept. */
  svd(): Svd
}

/** What an operator is made of. Its maps may leave intermediate tensors and trust their input's shape. */
export interface Parts {
  readonly inShape: Shape
  readonly outShape: Shape
  readonly forward: TensorMap
  /** {@link Operator.differentiable}; true where left out. */
  readonly differentiable?: boolean
  /** {@link Operator.pinv}. Of a linear operator V Σ⁺ Uᵀ where left out and there is a spectrum. */
  readonly pinv?: TensorMap
  /** {@link Operator.blind}: what `forward` knows and a method does not. */
  readonly blind?: Blind
  /** y as images; as it is where left out. */
  readonly display?: TensorMap
}

/** What a linear operator is made of: `forward` alone, or with more where it is known in closed form. */
export interface LinearParts extends Parts {
  /** The VJP of `forward` where left out; at the cost of `forward` with its gradient. */
  readonly adjoint?: TensorMap
  /** Called once, when first needed. */
  readonly spectrum?: () => Spectrum | Svd
}

/** The type of the operator that {@link linearOperator} makes of parts: `svd` and `pinv` where the parts give them. */
export type LinearOf<P extends LinearParts> = P extends { readonly spectrum: () => Spectrum | Svd }
  ? SpectralOperator
  : P extends { readonly pinv: TensorMap }
    ? LinearOperator & ShownOperator & Invertible
    : LinearOperator & ShownOperator

/** The type of the operator that {@link shownOperator} makes of parts: `pinv` and `blind` where the parts give them. */
export type ShownOf<P extends Parts> = ShownOperator &
  (P extends { readonly pinv: TensorMap } ? Invertible : unknown) &
  (P extends { readonly blind: infer B extends Blind } ? { readonly blind: B } : unknown)

/** A map that checks its input and frees all it made but the result. */
const checked =
  (op: string, shape: Shape, map: TensorMap): TensorMap =>
  (x) => {
    checkBatch(op, x, shape)
    return scope(() => map(x))
  }

/** A measurement from its parts. */
export function shownOperator<const P extends Parts>(name: string, parts: P): ShownOf<P>
export function shownOperator(name: string, parts: Parts): ShownOperator {
  const { inShape, outShape, forward, pinv, differentiable, blind } = parts
  const { display = (y: Tensor) => y.reshape(y.shape) } = parts
  return {
    name,
    inShape,
    outShape,
    observed: sizeOf(outShape),
    forward: checked(`${name}.forward`, inShape, forward),
    display: checked(`${name}.display`, outShape, display),
    ...(differentiable !== undefined && { differentiable }),
    ...(blind && { blind }),
    ...(pinv && { pinv: checked(`${name}.pinv`, outShape, pinv) }),
  }
}

/** Aᵀ as the VJP of a linear A, which is the same at every x: at 0. */
export const transposeOf =
  (forward: TensorMap, inShape: Shape): TensorMap =>
  (y) => {
    const at = zeros([batchOf(y), ...inShape], { dtype: y.dtype, device: y.device })
    return vjp(forward, at)[1](y)[0]
  }

/**
 * A linear operator from its parts.
 * @example
 * ```ts
 * import { linearOperator } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const sum = linearOperator('sum', { inShape: [3], outShape: [1], forward: (x) => x.sum(1, true) })
 * sum.adjoint(tensor([[2]])).dataSync() // => [2, 2, 2]
 * ```
 */
export function linearOperator<const P extends LinearParts>(name: string, parts: P): LinearOf<P>
export function linearOperator(name: string, parts: LinearParts): LinearOperator & ShownOperator {
  const { inShape, outShape, forward, spectrum } = parts
  const { adjoint = transposeOf(forward, inShape) } = parts
  let made: Svd | undefined
  const svd = spectrum && (() => (made ??= checkedSvd(name, parts, spectrum())))
  let inverse: TensorMap | undefined
  const pinv = parts.pinv ?? (svd && ((y: Tensor) => (inverse ??= pinvFromSvd(svd()))(y)))
  return {
    ...shownOperator(name, parts),
    adjoint: checked(`${name}.adjoint`, outShape, adjoint),
    ...(pinv && { pinv: checked(`${name}.pinv`, outShape, pinv) }),
    ...(svd && { svd }),
  }
}

function checkedSvd(name: string, { inShape, outShape }: Parts, known: Spectrum | Svd): Svd {
  const { singularValues, vt, v, ut, u } = 'vt' in known ? known : svdOf(known, inShape, outShape)
  const n = [sizeOf(inShape)]
  return {
    singularValues,
    vt: checked(`${name}.svd.vt`, inShape, vt),
    v: checked(`${name}.svd.v`, n, v),
    ut: checked(`${name}.svd.ut`, outShape, ut),
    u: checked(`${name}.svd.u`, n, u),
  }
}
