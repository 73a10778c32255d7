import type { Tensor } from '@tweedie/tensor'
import { concat, gather, scatterAdd } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { integer, number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { channelwiseSvd } from './channelwise-svd.ts'
import { backProjectionFilter } from './filter.ts'
import { stripsOf } from './strips.ts'

/** Images of up to so many pixels get a decomposition, by their dense matrix. */
const denseUpTo = 256

/**
 * Parallel-beam tomography: line integrals of each channel along parallel rays, at angles from `start` over `range` degrees
 * (180 where nothing is said; fewer angles are a sparse view, a smaller range a limited one). y is [C, angles, detectors].
 *
 * A detector is one pixel wide and sees the area of each pixel that lies in its strip: the exact integral of an image of
 * squares, over the strip's width. So nothing is lost (with enough detectors every angle sums to the sum of the image),
 * the adjoint is the exact transpose, and weights are non-negative. At 0° the rays run down the columns; at 90° along the
 * rows, the bottom row first.
 *
 * y is divided by the longer side (or multiplied by `scale`), so that σ_y is in units of an image's own range. It is shown
 * as the filtered back-projection, by the ramp filter under a Hann window, as {@link filteredBackProjection} has it. Up to
 * 256 pixels there is a decomposition, of the dense matrix of one channel; above, methods take conjugate gradients.
 *
 * @example
 * ```ts
 * import { tomography } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = tomography([1, 2, 2], { angles: 2, detectors: 2, scale: 1 })
 * operator.forward(tensor([[[[1, 2], [3, 4]]]])).dataSync() // ≈ [4, 6, 7, 3]
 * ```
 */
export const tomography = defineLinear({
  name: 'tomography',
  summary: 'line integrals along parallel rays',
  example: 'tomography:angles=30',
  options: {
    angles: integer('how many, evenly over the range', { default: 30, min: 1 }),
    range: number('degrees that the angles cover; the last stays one step below', {
      default: 180,
      above: 0,
      max: 360,
    }),
    start: number('first angle in degrees', { default: 0 }),
    detectors: integer('of one pixel each', { min: 1, otherwise: 'as many as the diagonal needs' }),
    scale: number('factor of the line integrals', { above: 0, otherwise: '1/the longer side' }),
  },
  build: (shape, { angles, range, start, detectors, scale }) => {
    const [channels, height, width] = imageExtents('tomography', shape)
    const bins = detectors ?? Math.ceil(Math.hypot(height, width))
    const factor = scale ?? 1 / Math.max(height, width)
    const [n, m] = [height * width, angles * bins]
    const views = Array.from({ length: angles }, (_, k) => {
      const angle = ((start + (range * k) / angles) * Math.PI) / 180
      const { places, areas } = stripsOf(height, width, bins, angle)
      return {
        places: constant(places, [3 * n]),
        areas: constant(
          areas.map((v) => factor * v),
          [3 * n],
        ),
      }
    })
    /** Planes [·, H·W] to sinograms [·, angles·bins], and back. */
    const project = (x: Tensor) => {
      const thrice = concat([x, x, x], 1)
      return concat(
        views.map(({ places, areas }) => scatterAdd(thrice.mul(areas(x)), places(x), bins, 1)),
        1,
      )
    }
    const backProject = (y: Tensor) =>
      views
        .map(({ places, areas }, k) => {
          const view = y.slice(null, [k * bins, (k + 1) * bins])
          return gather(view, places(y), 1).mul(areas(y))
        })
        .reduce((sum, shares) => sum.add(shares))
        .reshape([batchOf(y), 3, n])
        .sum(1)
    const planes = (map: (x: Tensor) => Tensor, from: number, to: readonly number[]) => (x: Tensor) =>
      map(x.reshape([batchOf(x) * channels, from])).reshape([batchOf(x), channels, ...to])
    const filter = backProjectionFilter(bins, 'hann')
    const step = ((range / angles) * Math.PI) / 180 / factor ** 2
    return {
      inShape: shape,
      outShape: [channels, angles, bins],
      forward: planes(project, n, [angles, bins]),
      adjoint: planes(backProject, m, [height, width]),
      display: planes((y) => backProject(filter(y)).mul(step), m, [height, width]),
      ...(n <= denseUpTo && {
        spectrum: () => channelwiseSvd(project, channels, [height, width], [angles, bins]),
      }),
    }
  },
})
