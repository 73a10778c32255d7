import type { Tensor } from '@tweedie/tensor'
import { isTensor, NonFiniteError, OptionError, ShapeError } from '@tweedie/tensor'
import type { HostComplex } from '../../linalg/complex.ts'
import type { Filled } from '../../options/index.ts'
import { integer, number, object } from '../../options/index.ts'

/** Options of sensitivities. */
export const coilOptions = {
  coils: integer('how many loops lie around the image', { min: 1, otherwise: '8, or those of the maps' }),
  radius: number('of the circle that they lie on, in half sides of the image', {
    min: 1.5,
    otherwise: '1.5',
  }),
  maps: object('measured sensitivities', 'a tensor [K, 2, H, W]', isTensor, 'simulated'),
}

type CoilOptions = Filled<typeof coilOptions>

/** Sensitivities of K coils on the host, K·H·W complex numbers. */
export interface CoilMaps extends HostComplex {
  readonly coils: number
}

/**
 * Sensitivities of `coils` loops around the image, by the law of Biot and Savart in the plane. With the pixels in ζ = x + iy,
 * x and y from −1 to 1 over the image, a wire across the plane at a has the field B_x − iB_y ∝ 1/(ζ − a). Coil i is two
 * such wires with opposite currents, at radius·e^{i(θ ± δ)}, θ = 2πi/K and δ = π/(2K), and what it receives is in
 * proportion to that field (reciprocity). Each pixel's are divided by the root of their sum of squares:
 *
 *     S_i = s_i/(Σ_j |s_j|²)^½,   s_i = 1/(ζ − a_i) − 1/(ζ − b_i),   Σ_i |S_i|² = 1.
 *
 * @param radius - Above √2, so that no wire is in the image.
 */
export function simulatedMaps(coils: number, height: number, width: number, radius: number): CoilMaps {
  const plane = height * width
  const [re, im] = [new Float64Array(coils * plane), new Float64Array(coils * plane)]
  for (let at = 0; at < plane; at++) {
    const y = (2 * Math.floor(at / width) + 1) / height - 1
    const x = (2 * (at % width) + 1) / width - 1
    let total = 0
    for (let i = 0; i < coils; i++) {
      const [plus, minus] = [1, -1].map((side) => {
        const angle = (Math.PI * (2 * i + side / 2)) / coils
        const [dx, dy] = [x - radius * Math.cos(angle), y - radius * Math.sin(angle)]
        return [dx / (dx * dx + dy * dy), -dy / (dx * dx + dy * dy)] as const
      }) as [readonly [number, number], readonly [number, number]]
      const [a, b] = [plus[0] - minus[0], plus[1] - minus[1]]
      re[i * plane + at] = a
      im[i * plane + at] = b
      total += a * a + b * b
    }
    for (let i = 0; i < coils; i++) {
      re[i * plane + at]! /= Math.sqrt(total)
      im[i * plane + at]! /= Math.sqrt(total)
    }
  }
  return { coils, re, im }
}

/**
 * Sensitivities that were measured, [K, 2, H, W].
 * @throws {ShapeError} for others. @throws {NonFiniteError} for NaN and infinite ones.
 */
export function givenMaps(maps: Tensor, height: number, width: number): CoilMaps {
  const [coils = 0, parts, h, w] = maps.shape
  if (maps.shape.length !== 4 || coils < 1 || parts !== 2 || h !== height || w !== width)
    throw new ShapeError('multicoil-mri', `maps must be [K, 2, ${height}, ${width}]`, [maps.shape])
  const values = maps.dataSync()
  if (!values.every(Number.isFinite)) throw new NonFiniteError('multicoil-mri: maps are not finite')
  const plane = height * width
  const part = (p: number) =>
    Float64Array.from(
      { length: coils * plane },
      (_, i) => values[(2 * Math.floor(i / plane) + p) * plane + (i % plane)]!,
    )
  return { coils, re: part(0), im: part(1) }
}

/**
 * The maps of options: those given, or of as many simulated coils as are asked for, 8 if none are.
 * @throws {OptionError} for a number of coils, or a radius, beside given maps.
 */
export function coilMaps({ maps, coils, radius }: CoilOptions, height: number, width: number): CoilMaps {
  if (maps === undefined) return simulatedMaps(coils ?? 8, height, width, radius ?? 1.5)
  if (coils !== undefined || radius !== undefined)
    throw new OptionError('maps', 'go without coils and radius, which are for simulated ones')
  return givenMaps(maps, height, width)
}
