import type { Parameterisation, Prediction } from '@tweedie/solvers'
import { parameterisations } from '@tweedie/solvers'

/**
 * What the squared error of an output weighs, by noise level:
 * - `output`: the same at each level;
 * - `x0`: as its error of x̂₀ does; `epsilon`: as its error of ε does;
 * - `min-snr`: as its error of x̂₀ does, times min(SNR, 5) with SNR = α²/σ² (arXiv 2303.09556), the levels with little
 *   noise so kept from ruling.
 *
 * EDM's weighting (arXiv 2206.00364, table 1) is `output` of a network that predicts `edm`.
 */
export const weightings = ['output', 'x0', 'epsilon', 'min-snr'] as const

/** A weighting by its name; see {@link weightings}. */
export type Weighting = (typeof weightings)[number]

/** γ of `min-snr`, as published. */
const gamma = 5

/** The weight of the squared error of an output F at α_t and σ_t, where x̂₀ = (x·x_t + output·F)/over. */
export function weightOf(
  weighting: Weighting,
  { output, over }: Parameterisation['estimate'],
  alpha: number,
  sigma: number,
): number {
  const ofX0 = (output / over) ** 2
  const snr = (alpha / sigma) ** 2
  if (weighting === 'x0') return ofX0
  if (weighting === 'epsilon') return ofX0 * snr
  return weighting === 'min-snr' ? ofX0 * Math.min(snr, gamma) : 1
}

/** How a training shows clean samples to a network. */
export interface Shown {
  readonly predicts: Prediction
  readonly weighting?: Weighting
}

/**
 * What a network sees of a sample x₀ under noise ε at α_t and σ_t, in the place of x₀, and what it should say, in `target`;
 * the weight of its squared error is what is returned.
 */
export function corrupt(
  { predicts, weighting = 'output' }: Shown,
  { alpha, sigma }: { readonly alpha: number; readonly sigma: number },
  x: Float32Array,
  noise: Float32Array,
  target: Float32Array,
): number {
  const { estimate, target: wanted, input } = parameterisations[predicts](alpha, sigma)
  for (let i = 0; i < x.length; i++) {
    const [clean, draw] = [x[i]!, noise[i]!]
    target[i] = wanted.x0 * clean + wanted.noise * draw
    x[i] = input * (alpha * clean + sigma * draw)
  }
  return weightOf(weighting, estimate, alpha, sigma)
}

/** Luma of red, green and blue (ITU-R BT.601), as Pillow's and OpenCV's conversions to grey take it. */
const luma = [0.299, 0.587, 0.114] as const

/** A picture of three channels, and the noise for it, as those of a grey one: its luma and the first channel's noise thrice. */
export function makeGrey(x: Float32Array, noise: Float32Array): void {
  const size = x.length / 3
  for (let i = 0; i < size; i++) {
    const grey = luma[0] * x[i]! + luma[1] * x[size + i]! + luma[2] * x[2 * size + i]!
    for (let c = 0; c < 3; c++) {
      x[c * size + i] = grey
      noise[c * size + i] = noise[i]!
    }
  }
}
