import type { PrimitiveName, PrimitiveParams } from './primitive-params.ts'
import type { Shape } from './shape.ts'
import { sizeOf } from './shape.ts'

/**
 * How far a result in float32 may be from the float64 evaluation of the same primitive on the same float32 values.
 * A unit is what the errors of a kind are counted in; u = 2⁻²⁴ is the unit roundoff of float32.
 *
 * - `ulp`: `units` distances between neighbouring float32 numbers at the exact element, for each element. ½ is correct
 *   rounding, 0 the same value. `ranges` are the arguments for which a function of one number promises it.
 * - `largest`: `units`·u·(the largest magnitude among inputs and result).
 * - `sum`: (terms + 2)·u·Σ|terms|, which holds for any order of summation (Higham, Accuracy and Stability of Numerical
 *   Algorithms, §3.1); Σ|terms| is the largest element of the same primitive on the magnitudes of its inputs.
 */
export type Tolerance<P extends PrimitiveName = PrimitiveName> =
  | { readonly kind: 'ulp'; readonly units: number; readonly ranges?: readonly ArgumentRange[] }
  | { readonly kind: 'largest'; readonly units: number }
  | {
      readonly kind: 'sum'
      /** The terms of an element, in words. */
      readonly over: string
      terms(shapes: readonly Shape[], params: PrimitiveParams[P]): number
    }

/** Arguments from … to, both included. */
export type ArgumentRange = readonly [number, number]

const ulp = (units: number, ...ranges: readonly ArgumentRange[]) =>
  ranges.length === 0 ? ({ kind: 'ulp', units } as const) : ({ kind: 'ulp', units, ranges } as const)
const largest = (units: number) => ({ kind: 'largest', units }) as const

/** Only moves or chooses values. */
const same = ulp(0)
/** One rounding of the exact result. */
const rounded = ulp(0.5)
/** One rounding of a result in float64, whose own rounding may tip it. */
const roundedTwice = ulp(0.501)

const tiny: ArgumentRange = [-1e-30, 1e-38]
const small: ArgumentRange = [-1e-3, 1e-3]
const angles: readonly ArgumentRange[] = [[-10, 10], small, [-1e6, 1e6], [1e6, 1e9], [-3e38, 3e38]]

/**
 * The bound of every primitive on the `wasm` device; docs/tolerances.md is made from it, and tests hold the kernels to
 * it.
 * @example
 * ```ts
 * import { tolerances } from '@tweedie/tensor'
 * tolerances.add // => { kind: 'ulp', units: 0.5 }
 * ```
 */
export const tolerances: { readonly [P in PrimitiveName]: Tolerance<P> } = {
  neg: same,
  abs: same,
  sign: same,
  floor: same,
  exp: ulp(1, [-104, 89], [-1, 1]),
  log: ulp(1, [0.5, 2], [0, 1000], [0, 1e-37], [1e30, 3e38]),
  log1p: ulp(2, [-1, 1], small, tiny, [1, 1e8]),
  expm1: ulp(2, [-20, 89], [-1, 1], small, tiny),
  sqrt: ulp(0.5, [0, 10], [0, 1e-38]),
  rsqrt: ulp(2, [0, 10], [0, 1e-38]),
  reciprocal: ulp(0.5, [-10, 10]),
  sin: ulp(2, ...angles),
  cos: ulp(2, ...angles),
  tanh: ulp(3, [-10, 10], [-0.5, 0.5], small, tiny),
  sigmoid: ulp(3, [-105, 90], [-5, 5]),
  silu: ulp(3, [-88, 90], [-5, 5], tiny),
  erf: ulp(2, [-5, 5], [-1, 1], small, tiny),
  affine: largest(2),
  divScalar: rounded,
  powScalar: ulp(2, [0, 10], [0, 1e-37], [1e30, 3e38]),
  clamp: rounded,
  not: same,
  cast: same,
  add: rounded,
  sub: rounded,
  mul: rounded,
  div: rounded,
  pow: ulp(1),
  maximum: same,
  minimum: same,
  siluGrad: largest(8),
  eq: same,
  lt: same,
  le: same,
  and: same,
  or: same,
  where: same,
  reduceSum: roundedTwice,
  reduceMax: same,
  reduceMin: same,
  argmax: same,
  cumsum: roundedTwice,
  matmul: { kind: 'sum', over: 'inner extent', terms: ([a]) => a!.at(-1)! },
  conv2d: {
    kind: 'sum',
    over: 'channels of a group × kernel',
    terms: ([, w]) => sizeOf(w!.slice(1)),
  },
  gather: same,
  scatterAdd: { kind: 'sum', over: 'indices', terms: ([, indices]) => sizeOf(indices!) },
  pad: same,
  concat: same,
  contiguous: same,
  reshape: same,
  transpose: same,
  slice: same,
  broadcastTo: same,
  groupNorm: largest(8),
  groupNormGradInput: largest(12),
  groupNormGradAffine: largest(12),
  groupNormGrad: largest(12),
  softmax: largest(4),
  softmaxGrad: largest(8),
  attention: largest(16),
  attentionGrad: largest(48),
  // SiLU halves small sums, by which errors are measured.
  fusedMatmul: {
    kind: 'sum',
    over: 'twice the inner extent, and 6',
    terms: ([a]) => 2 * a!.at(-1)! + 6,
  },
  fusedConv2d: {
    kind: 'sum',
    over: 'twice the channels of a group × kernel, and 6',
    terms: ([, w]) => 2 * sizeOf(w!.slice(1)) + 6,
  },
}
