import type { Tensor } from '@tweedie/tensor'
import { equal, fromData, OptionError } from '@tweedie/tensor'
import { complexProduct, conjugateProduct } from '../../linalg/complex.ts'
import { dft2 } from '../../linalg/dft.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { preciseDevice } from '../../linalg/precise.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { linearOperator } from '../parts.ts'
import type { CoilMaps } from './coil-maps.ts'
import { coilMaps, coilOptions, simulatedMaps } from './coil-maps.ts'
import { maskOptions, sampledPlaces } from './masks.ts'
import { complexExtents, imageOption } from './mri.ts'
import { multicoilMri } from './multicoil-mri.ts'
import { keepPlaces } from './sampled.ts'

/** Radii of the circles on which the loops of the examples lie. */
const radii = [1.5, 2, 3]

/**
 * {@link multicoilMri} with sensitivities that are not known, which blind methods look for: y_i = (F S_i x)[k] + noise with
 * the maps S as φ [K, 2, H, W], for each sample its own. The true ones, simulated or the caller's, serve to simulate y; no
 * method sees them.
 *
 * Image and maps are told apart up to a factor at each pixel, c·S and x/c. `normalise` settles its size, √Σ_i|S_i|² = 1 (as the
 * sum-of-squares combination of coils), to which given maps are brought as well; maps are their own pictures, and `project` and
 * `decode` are the same: where all coils are 0 they become equal and real. Its phase only priors settle; of a real
 * image it is that of all coils at a pixel, and there y tells it but for the sign. Maps are smooth: nothing here says so.
 *
 * A search begins with K simulated loops on a circle of radius 2, where those of the truth lie at 1.5 if nothing is said. There is
 * no singular value decomposition.
 *
 * @throws {OptionError}, {ShapeError} as multicoil-mri, and for given maps that are 0 in all coils at some pixel.
 * @example
 * ```ts
 * import { blindMri } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const { blind } = blindMri([1, 16, 16], { coils: 4 })
 * blind.shape // => [4, 2, 16, 16]
 * blind.normalise(ones([1, 4, 2, 16, 16])).dataSync()[0] // ≈ 0.353553
 * ```
 */
export const blindMri = defineOperator({
  name: 'blind-mri',
  summary: 'magnetic resonance with several coils of unknown sensitivity',
  example: 'blind-mri:coils=4,acceleration=2',
  options: { ...coilOptions, ...maskOptions, image: imageOption },
  build: (shape, { coils: count, radius, maps: measured, image, ...mask }) => {
    const complex = image === 'complex'
    const extents = complex ? complexExtents('blind-mri', shape) : imageExtents('blind-mri', shape)
    const [channels, height, width] = extents
    const given = coilMaps({ coils: count, radius, maps: measured }, height, width)
    const { coils } = given
    const truth = flat(unit(given), height * width)
    const places = sampledPlaces(height, width, mask)
    const fourier = dft2(height, width, { origin: 'centre' })
    const { keep, place } = keepPlaces(height, width, places)
    const images = complex ? channels / 2 : channels
    const mapsOf = (phi: Tensor) => phi.reshape([batchOf(phi), 1, coils, 2, height, width])
    const apply = (x: Tensor, phi: Tensor) => {
      const maps = mapsOf(phi)
      return keep(
        fourier.forward(
          complex
            ? complexProduct(x.reshape([batchOf(x), images, 1, 2, height, width]), maps)
            : x.reshape([batchOf(x), images, 1, 1, height, width]).mul(maps),
        ),
      )
    }
    const adjoint = (y: Tensor, phi: Tensor) => {
      const combined = conjugateProduct(fourier.inverse(place(y)), mapsOf(phi)).sum(2)
      return complex ? combined.reshape([batchOf(y), ...extents]) : combined.slice(null, null, 0)
    }
    const blindShape = [coils, 2, height, width]
    const one = (host: Float64Array, { dtype, device }: Pick<Tensor, 'dtype' | 'device'>) =>
      fromData(host, [1, ...blindShape], { dtype, device })
    using maps = fromData(truth, blindShape, { dtype: 'float64', device: preciseDevice() })
    const { outShape, forward, display } = multicoilMri(shape, { ...mask, image, maps })
    return {
      inShape: extents,
      outShape,
      forward,
      display,
      blind: {
        parameter: 'coil maps',
        shape: blindShape,
        apply,
        at: (phi: Tensor) => {
          const host = Float64Array.from(phi.dataSync())
          return linearOperator('blind-mri', {
            inShape: extents,
            outShape,
            forward: (x) => apply(x, one(host, x)),
            adjoint: (y) => adjoint(y, one(host, y)),
          })
        },
        normalise: ofUnitSquares,
        project: ofUnitSquares,
        decode: ofUnitSquares,
        examples: radii.map((radius) => flat(simulatedMaps(coils, height, width, radius), height * width)),
        initial: flat(simulatedMaps(coils, height, width, 2), height * width),
      },
    }
  },
})

/** Maps [N, K, 2, H, W] over √Σ|S_i|²; real and alike where that is 0. */
function ofUnitSquares(maps: Tensor): Tensor {
  const [coils = 1] = maps.shape.slice(1)
  const squares = maps.square().sum([1, 2], true)
  const nothing = equal(squares, 0).cast(maps.dtype)
  const real = fromData([1 / Math.sqrt(coils), 0], [1, 1, 2, 1, 1], {
    dtype: maps.dtype,
    device: maps.device,
  })
  return maps.div(squares.add(nothing).sqrt()).add(nothing.mul(real))
}

/** Maps of Σ|S_i|² = 1. @throws {OptionError} where all are 0 at a pixel. */
function unit({ coils, re, im }: CoilMaps): CoilMaps {
  const plane = re.length / coils
  const roots = Float64Array.from({ length: plane }, (_, at) => {
    let squares = 0
    for (let i = at; i < re.length; i += plane) squares += (re[i] ?? 0) ** 2 + (im[i] ?? 0) ** 2
    if (squares > 0) return Math.sqrt(squares)
    throw new OptionError('maps', `must not be 0 in all coils anywhere, as they are at pixel ${at}`)
  })
  const over = (part: Float64Array) => part.map((v, i) => v / (roots[i % plane] ?? 1))
  return { coils, re: over(re), im: over(im) }
}

/** Maps as the numbers of [K, 2, H, W]. */
function flat({ coils, re, im }: CoilMaps, plane: number): Float64Array {
  const out = new Float64Array(2 * coils * plane)
  for (let i = 0; i < coils; i++) {
    out.set(re.subarray(i * plane, (i + 1) * plane), 2 * i * plane)
    out.set(im.subarray(i * plane, (i + 1) * plane), (2 * i + 1) * plane)
  }
  return out
}
