import { randomKey, randomUnits } from '@tweedie/tensor'
import type { HostComplex } from '../../linalg/complex.ts'
import { complexFactor } from '../../linalg/complex.ts'
import { dft2 } from '../../linalg/dft.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { choice, integer } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { amplitude, amplitudePicture, objectOf, objectOption } from './amplitude.ts'

/** A random complex number with E|d|² = 1 from two uniform ones. */
const laws = {
  phase: (u: number): readonly [number, number] => [Math.cos(2 * Math.PI * u), Math.sin(2 * Math.PI * u)],
  sign: (u: number): readonly [number, number] => [u < 0.5 ? 1 : -1, 0],
  octanary: (u: number, v: number): readonly [number, number] => {
    const size = v < 0.8 ? Math.SQRT1_2 : Math.sqrt(3)
    const turn = Math.floor(4 * u)
    return [[size, 0, -size, 0][turn] ?? 0, [0, size, 0, -size][turn] ?? 0]
  },
} as const

/** `count` masks of `plane` numbers each, one stream of random numbers a mask. */
export function codedMasks(law: keyof typeof laws, count: number, plane: number, seed: number): HostComplex {
  const [re, im] = [new Float64Array(count * plane), new Float64Array(count * plane)]
  for (let j = 0; j < count; j++) {
    const units = randomUnits(randomKey(seed).fold('coded-diffraction').fold(j), 2 * plane)
    for (let i = 0; i < plane; i++) {
      const [a, b] = laws[law](units[2 * i]!, units[2 * i + 1]!)
      re[j * plane + i] = a
      im[j * plane + i] = b
    }
  }
  return { re, im }
}

/**
 * Coded diffraction patterns (Candès, Li & Soltanolkotabi, arXiv 1310.3240): of each channel the amplitudes of the orthonormal
 * Fourier transform behind J random masks,
 *
 *     y_j = |F(d_j ⊙ x)| + noise,   j = 1 … J,
 *
 * with frequency 0 in the middle; y is [N, C, J, H, W]. The entries of a mask are independent: e^{iφ} with φ uniform
 * (`phase`), ±1 (`sign`), or `octanary`, b₁b₂ with b₁ uniform on {1, i, −1, −i} and b₂ = √½ with probability 4/5, √3 with
 * 1/5, as in the paper. Their mean square is 1, so ‖y_j‖ is about ‖x‖, and exactly so for the first two.
 *
 * −x has the same amplitudes (with `object` = `signed`). One `sign` mask leaves other ambiguities; more masks, or complex ones,
 * none in general. The gradient is 0 where an amplitude is.
 *
 * @example
 * ```ts
 * import { codedDiffraction } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const operator = codedDiffraction([1, 16, 16], { masks: 4 })
 * operator.outShape // => [1, 4, 16, 16]
 * operator.forward(ones([1, 1, 16, 16])).square().sum().dataSync() // ≈ [1024]
 * ```
 */
export const codedDiffraction = defineOperator({
  name: 'coded-diffraction',
  summary: 'amplitudes of the Fourier transforms of the image behind random masks',
  example: 'coded-diffraction:masks=4,seed=1',
  positional: 'masks',
  options: {
    masks: integer('how many', { default: 1, min: 1 }),
    law: choice('of the entries of a mask', ['phase', 'sign', 'octanary']),
    seed: integer('which masks', { default: 0, min: 0 }),
    object: objectOption,
  },
  build: (shape, { masks, law, seed, object }) => {
    const [channels, height, width] = imageExtents('coded-diffraction', shape)
    const fourier = dft2(height, width, { origin: 'centre' })
    const { ofReal } = complexFactor(codedMasks(law, masks, height * width, seed), [masks, height, width])
    return {
      inShape: shape,
      outShape: [channels, masks, height, width],
      forward: (x) => {
        const single = objectOf(object, x).reshape([batchOf(x), channels, 1, 1, height, width])
        return amplitude(fourier.forward(ofReal(single)))
      },
      // The patterns side by side.
      display: (y) =>
        amplitudePicture(y)
          .transpose([0, 1, 3, 2, 4])
          .reshape([batchOf(y), channels, height, masks * width]),
    }
  },
})
