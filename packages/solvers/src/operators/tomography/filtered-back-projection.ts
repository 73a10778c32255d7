import type { Shape, Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Given } from '../../options/index.ts'
import { fill } from '../../options/index.ts'
import { backProjectionFilter, type RampFilter } from './filter.ts'
import { tomography } from './tomography.ts'

/**
 * Filtered back-projection of the sinograms of {@link tomography}: each view through the ramp filter, then Aᵀ, times the
 * step between two angles. It inverts line integrals over half a turn as angles and detectors become many; few angles
 * leave streaks, a limited range leaves out edges. It is no pseudo-inverse: A(FBP(y)) ≠ y.
 *
 * @param shape - Of the image, [C, H, W].
 * @param options - Those of the operator that measured.
 * @returns y [N, C, angles, detectors] to x [N, C, H, W].
 * @throws {OptionError | ShapeError} as the operator.
 * @example
 * ```ts
 * import { filteredBackProjection, tomography } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const options = { angles: 60 }
 * const y = tomography([1, 16, 16], options).forward(ones([1, 1, 16, 16]))
 * const x = filteredBackProjection([1, 16, 16], options)(y)
 * Math.abs(x.slice(0, 0, 8, 8).dataSync()[0]! - 1) < 0.05 // => true
 * ```
 */
export function filteredBackProjection(
  shape: Shape,
  options: Given<(typeof tomography)['info']['options']> = {},
  filter: RampFilter = 'ramp',
): (y: Tensor) => Tensor {
  const operator = tomography(shape, options)
  const { range, scale } = fill('tomography', tomography.info.options, options)
  const [, height = 1, width = 1] = shape
  const [, angles = 1, detectors = 1] = operator.outShape
  const factor = scale ?? 1 / Math.max(height, width)
  const step = ((range / angles) * Math.PI) / 180 / factor ** 2
  const filtered = backProjectionFilter(detectors, filter)
  return (y) => scope(() => operator.adjoint(filtered(y)).mul(step))
}
