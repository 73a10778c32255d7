import type { Shape, Tensor } from '@tweedie/tensor'
import { gather, scatterAdd, sizeOf } from '@tweedie/tensor'
import { constant } from '../linalg/constant.ts'
import { batchOf } from '../linalg/per-sample.ts'
import type { Svd } from '../types.ts'

/** A map of batches to batches. */
export type TensorMap = (x: Tensor) => Tensor

/**
 * A = U Σ Vᵀ where U only sorts: each measured number is the coordinate of x along one column of V, times its
 * singular value. For inputs of n elements and m measured numbers:
 */
export interface Spectrum {
  /** The m singular values, in the row-major order of y; none is 0. */
  readonly values: Float64Array
  /** Which of the n coordinates each number of y measures; no two alike. */
  readonly places: Int32Array
  /** Vᵀx, [N, …inShape] to N samples of n elements in any shape. */
  readonly analysis: TensorMap
  /** V c, [N, n] to N samples of n elements in any shape. */
  readonly synthesis: TensorMap
}

/** The decomposition in full, from a spectrum of an operator between these shapes. */
export function svdOf(spectrum: Spectrum, inShape: Shape, outShape: Shape): Svd {
  const { values, places, analysis, synthesis } = spectrum
  const n = sizeOf(inShape)
  const index = constant(places, [places.length])
  const singularValues = new Float64Array(n)
  places.forEach((place, k) => (singularValues[place] = values[k]!))
  return {
    singularValues,
    vt: (x) => analysis(x).reshape([batchOf(x), n]),
    v: (c) => synthesis(c).reshape([batchOf(c), ...inShape]),
    ut: (y) => scatterAdd(y.reshape([batchOf(y), places.length]), index(y), n, 1),
    u: (c) => gather(c, index(c), 1).reshape([batchOf(c), ...outShape]),
  }
}
