import type { Tensor } from '@tweedie/tensor'
import { greater, where } from '@tweedie/tensor'
import { number } from '../options/index.ts'
import { defineNoise, sumOfSamples } from './define.ts'
import { drawEach, gammaDraw } from './draws.ts'
import { logGamma } from './log-gamma.ts'

/**
 * Speckle of coherent imaging over L looks: the intensity u = (clean + 1)/2 in [0, 1] is multiplied by a gamma number
 * of mean 1 and variance 1/L (Goodman 1976, doi 10.1364/JOSA.66.001145), and y = 2v − 1 of the product v. With
 * v = (y + 1)/2, p(y | clean) = ∏ ½·Lᴸ·vᴸ⁻¹·e^(−L·v/u)/(Γ(L)·uᴸ), and the score is L·(v − u)/(2u²). An intensity below
 * `dark` counts as `dark`, where the score is 0.
 *
 * @throws {DeviceError} from `sample` on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { speckleNoise } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { likelihood } = speckleNoise(1)
 * // One look at the intensity 1: v is exponential, log p = −v − log 2 = −0.5 − log 2.
 * likelihood.log(tensor([[0]]), tensor([[1]])).dataSync() // ≈ [-1.19315]
 * likelihood.score(tensor([[0]]), tensor([[1]])).dataSync() // => [-0.25]
 * ```
 */
export const speckleNoise = defineNoise({
  name: 'speckle',
  summary: 'intensities times gamma numbers, as of radar and ultrasound',
  example: 'speckle:looks=4',
  positional: 'looks',
  options: {
    looks: number('L, how many looks are averaged', { default: 4, min: 1 }),
    dark: number('least intensity, as a part of white', { default: 1e-3, above: 0, max: 1 }),
  },
  law: ({ looks, dark }) => {
    const intensity = (clean: Tensor) => {
      const u = clean.add(1).mul(0.5)
      const lit = greater(u, dark)
      return { lit, u: where(lit, u, dark) }
    }
    return {
      sample: (keys, clean) =>
        drawEach(keys, clean, (value, next) => {
          const u = Math.max((value + 1) / 2, dark)
          return (2 * u * gammaDraw(looks, next)) / looks - 1
        }),
      likelihood: {
        log: (y, clean) => {
          const { u } = intensity(clean)
          const v = y.add(1).mul(0.5)
          const seen = greater(v, 0)
          const power = where(seen, v, 1)
            .log()
            .mul(looks - 1)
          const rest = u.log().add(v.div(u)).mul(-looks)
          const constant = looks * Math.log(looks) - logGamma(looks) - Math.log(2)
          return sumOfSamples(where(seen, power.add(rest).add(constant), -Infinity))
        },
        score: (y, clean) => {
          const { lit, u } = intensity(clean)
          const slope = y
            .add(1)
            .mul(0.5)
            .div(u)
            .sub(1)
            .div(u)
            .mul(looks / 2)
          return where(lit, slope, 0)
        },
      },
    }
  },
})
