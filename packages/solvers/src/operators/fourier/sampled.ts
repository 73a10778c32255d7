import type { Tensor } from '@tweedie/tensor'
import { gather, scatterAdd } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { dft2 } from '../../linalg/dft.ts'
import { negatives, realFourierBasis } from '../../linalg/fourier-basis.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { Svd } from '../../types.ts'
import type { ImageExtents } from '../checks.ts'
import type { LinearParts } from '../parts.ts'
import type { Spectrum } from '../spectrum.ts'

const centred = { origin: 'centre' } as const

/** Some places of the H·W of every plane, [N, K, 2, H, W] to [N, K, 2, m], and its transpose. */
export function keepPlaces(height: number, width: number, places: Int32Array) {
  const plane = height * width
  const index = constant(places, [places.length])
  return {
    keep: (z: Tensor) => gather(z.reshape([...z.shape.slice(0, -2), plane]), index(z), z.shape.length - 2),
    place: (y: Tensor) =>
      scatterAdd(y, index(y), plane, y.shape.length - 1).reshape([...y.shape.slice(0, -1), height, width]),
  }
}

/** |z| of [… , 2, H, W], [… , H, W]. */
export const magnitude = (z: Tensor): Tensor =>
  z
    .square()
    .sum(z.shape.length - 3)
    .sqrt()

/**
 * Some frequencies of complex images, [N, 2K, H, W] with re and im of each image in turn, to [N, K, 2, m]. F is unitary, so
 * all singular values are 1 and A⁺ = Aᵀ is the zero-filled image.
 */
export function complexSamples([channels, height, width]: ImageExtents, places: Int32Array) {
  const images = channels / 2
  const [plane, m] = [height * width, places.length]
  const fourier = dft2(height, width, centred)
  const { keep, place } = keepPlaces(height, width, places)
  const split = (x: Tensor) => x.reshape([batchOf(x), images, 2, height, width])
  const joined = (z: Tensor) => z.reshape([batchOf(z), channels, height, width])
  const zeroFilled = (y: Tensor) => joined(fourier.inverse(place(y)))
  return {
    inShape: [channels, height, width],
    outShape: [images, 2, m],
    forward: (x) => keep(fourier.forward(split(x))),
    adjoint: zeroFilled,
    pinv: zeroFilled,
    // Magnitudes 0 and 1 are the ends of the data range.
    display: (y) =>
      magnitude(fourier.inverse(place(y)))
        .mul(2)
        .sub(1),
    spectrum: (): Spectrum => ({
      values: new Float64Array(channels * m).fill(1),
      places: Int32Array.from({ length: channels * m }, (_, i) => Math.floor(i / m) * plane + places[i % m]!),
      analysis: (x) => fourier.forward(split(x)),
      synthesis: (c) => fourier.inverse(split(c)),
    }),
  } satisfies LinearParts
}

/**
 * Some frequencies of real images, [N, C, H, W] to [N, C, 2, m]. X[−k] is the conjugate of X[k], so a mask that has only
 * one of the two knows both. In the coordinates √2·Re X, √2·Im X of {@link realFourierBasis} the singular values of a pair are
 * √½ where one of it was measured and 1 where both were, and A⁺ takes the mean of the two; a frequency that is its own
 * negative has 1, and the imaginary part that was measured of it is noise, which A⁺ drops.
 */
export function realSamples(shape: ImageExtents, places: Int32Array) {
  const [channels, height, width] = shape
  const m = places.length
  const fourier = dft2(height, width, centred)
  const { keep, place } = keepPlaces(height, width, places)
  const grey = constant(Float64Array.of(1, 0), [2, 1, 1])
  return {
    inShape: shape,
    outShape: [channels, 2, m],
    forward: (x) => keep(fourier.forwardReal(x)),
    adjoint: (y) => fourier.inverseReal(place(y)),
    // The magnitude of the zero-filled intensities x + 1, back in the data range: a constant is frequency 0 alone.
    display: (y) => {
      const zeroFilled = fourier.inverse(place(y))
      return magnitude(zeroFilled.add(grey(y))).sub(1)
    },
    spectrum: () => realSvd(shape, places),
  } satisfies LinearParts
}

function realSvd(shape: ImageExtents, places: Int32Array): Svd {
  const [channels, height, width] = shape
  const [plane, m] = [height * width, places.length]
  const negative = negatives(height, width, centred)
  const { analysis, synthesis } = realFourierBasis(shape, centred)
  const measured = new Uint8Array(plane)
  for (const at of places) measured[at] = 1
  const s = Float64Array.from(negative, (other, i) =>
    i === other ? measured[i]! : Math.sqrt((measured[i]! + measured[other]!) / 2),
  )
  // y holds of each place coordinate `from`, times its entry in A, ±√½ (1 or 0 of its own negative), over s: in U.
  const from = new Int32Array(2 * m)
  const weight = new Float64Array(2 * m)
  places.forEach((at, k) => {
    const other = negative[at]!
    const entry = at === other ? 1 : Math.SQRT1_2 / s[at]!
    from[k] = Math.min(at, other)
    from[m + k] = Math.max(at, other)
    weight[k] = entry
    weight[m + k] = at === other ? 0 : at < other ? entry : -entry
  })
  const [index, entries] = [constant(from, [2 * m]), constant(weight, [2 * m])]
  return {
    singularValues: Float64Array.from({ length: channels * plane }, (_, i) => s[i % plane]!),
    vt: analysis,
    v: synthesis,
    ut: (y) => {
      const weighted = y.reshape([batchOf(y), channels, 2 * m]).mul(entries(y))
      return scatterAdd(weighted, index(y), plane, 2).reshape([batchOf(y), channels * plane])
    },
    u: (c) => {
      const planes = c.reshape([batchOf(c), channels, plane])
      return gather(planes, index(c), 2)
        .mul(entries(c))
        .reshape([batchOf(c), channels, 2, m])
    },
  }
}
