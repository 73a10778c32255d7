import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, scope } from '@tweedie/tensor'
import type { Svd } from '../types.ts'

/**
 * A function of the singular values as a multiplier of coordinates: c ↦ f(s)·c, [N, n] to [N, n]. With
 * `svd.v(gain(svd.vt(x)))` it is V f(Σ) Vᵀ x, with `svd.v(gain(svd.ut(y)))` it is V f(Σ) Uᵀ y.
 *
 * @param f - Called once for each of the n singular values, 0 among them.
 * @throws {OptionError} where f is not finite, naming the singular value.
 * @example
 * ```ts
 * import { matrixOperator, spectralGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const svd = matrixOperator(tensor([[2, 0], [0, 0]])).svd()
 * const damped = spectralGain(svd, (s) => s / (s ** 2 + 1))
 * svd.v(damped(svd.ut(tensor([[5, 5]])))).dataSync() // ≈ [2, 0]
 * ```
 */
export function spectralGain(
  { singularValues }: Pick<Svd, 'singularValues'>,
  f: (s: number) => number,
): (c: Tensor) => Tensor {
  const gains = singularValues.map((s) => {
    const gain = f(s)
    if (!Number.isFinite(gain)) throw new OptionError('f', `must be finite, got ${gain} for s = ${s}`)
    return gain
  })
  return (c) => scope(() => c.mul(fromData(gains, [gains.length], { dtype: c.dtype, device: c.device })))
}
