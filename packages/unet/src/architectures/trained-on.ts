import type { Pipeline, Prediction } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import type { Fields } from '../fields.ts'
import { field, number, objectOf, pairOf, show } from '../fields.ts'

/** What a network predicts, in the words and by the formulas of solvers' `parameterisations`. */
export type Predicts = Prediction

/** The noise schedule of a network, as data. */
export type TrainedSchedule =
  /** DDPM's (arXiv 2006.11239 §4) over T steps: β from 0.1/T to 20/T in equal parts. */
  | { readonly kind: 'vp-linear'; readonly timesteps: number }
  /** The βs themselves, T of them. */
  | { readonly kind: 'betas'; readonly betas: readonly number[]; readonly zeroSnr?: boolean }
  /** One of those that diffusers names, over T steps; some have no use for the two ends. */
  | {
      readonly kind: 'diffusers'
      readonly name: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid' | 'laplace' | 'exp'
      readonly timesteps: number
      readonly betaStart: number
      readonly betaEnd: number
      /** Whether the βs are rescaled so that nothing is left of x₀ at the last time. */
      readonly zeroSnr?: boolean
    }
  /** The VP schedule of times 0 … 1 of the score SDE (arXiv 2011.13456 eq. 32); the network is told t·`told`. */
  | {
      readonly kind: 'vp-continuous'
      readonly betaMin: number
      readonly betaMax: number
      readonly told: number
    }
  /** Noise levels σ themselves, of x = x₀ + σ·ε: its time is σ. Between these, null for no limit. */
  | { readonly kind: 'edm'; readonly sigmaMin: number; readonly sigmaMax: number | null }
  /** The straight path α = 1 − t, σ = t of flow matching; the network is told t·`timesteps`. */
  | { readonly kind: 'flow'; readonly timesteps: number }

/** What a network was trained on, as far as a sampler has to know it. */
export interface TrainedOn {
  readonly schedule: TrainedSchedule
  readonly predicts: Predicts
  /** What it says in place of that: of the noise the score, −ε/σ at the σ that it is told; or the negative. */
  readonly says?: 'score' | 'negative'
  /** Standard deviation of the data, of `edm` alone; 0.5 where left out. */
  readonly sigmaData?: number
  /** x̂₀ is limited to ± this; null for no limit. */
  readonly clip: number | null
  /** In place of `clip`: x̂₀ is limited by the quantile `ratio` of its absolute values, at most `most`. */
  readonly thresholding?: { readonly ratio: number; readonly most: number }
  /** How the pipeline that it came with samples. */
  readonly pipeline?: Pick<Pipeline, 'grid' | 'variance'>
  /** Whether half of the outputs are for the variance; undefined where nothing says it. */
  readonly learnedVariance?: boolean
  /** Whether the last class that the network is told stands for none. */
  readonly noClass?: boolean
  /** Of noise levels: whether the network is shown pictures in [0, 1], and told σ and says x₀ in their units. */
  readonly unit?: boolean
  /** Whether a network of three channels was trained on grey pictures too, all channels and their noise alike. */
  readonly grey?: boolean
}

/**
 * What a published denoiser was trained on: pictures in [0, 1], to say the clean one. The field `noiseRange` of its
 * config.json has the least and the largest standard deviation of the noise, in grey levels of 255; the two are the same
 * for a network of one level.
 * @param usual - The range where the file does not say it.
 * @throws {FileFormatError} where the field does not fit.
 */
export function denoiserTraining(
  json: unknown,
  file: string,
  usual: readonly [least: number, largest: number],
): { readonly trainedOn: TrainedOn; readonly note: string } {
  const fields = objectOf(file, json)
  const range = field(file, fields, 'noiseRange', pairOf(number(0, 255)), usual)
  const [least, largest] = range
  if (!(least <= largest && largest > 0))
    throw new FileFormatError(
      file,
      `noiseRange: must be the least and the largest, above 0, got ${show(range)}`,
    )
  // A grey level is 2/255 where pictures are in [−1, 1].
  const [sigmaMin, sigmaMax] = [(2 * least) / 255, (2 * largest) / 255]
  const said = Object.hasOwn(fields, 'noiseRange')
  return {
    trainedOn: { schedule: { kind: 'edm', sigmaMin, sigmaMax }, predicts: 'x0', clip: 1, unit: true },
    note: said
      ? `denoises noise of standard deviation ${least} to ${largest} of 255`
      : `does not say which noise it was trained on: taken is that of the published networks, ${least} to ${largest} of 255; "noiseRange": [25, 25] in its config.json would say another`,
  }
}

/** The fields of a denoiser's configuration, without what {@link denoiserTraining} reads. */
export const withoutNoiseRange = ({ noiseRange: _, ...fields }: Fields): Fields => fields

/** DDPM's linear schedule and x̂₀ within the data range: what `train` and guided-diffusion train on. */
export const linearTraining = (timesteps: number, predicts: Predicts = 'epsilon'): TrainedOn => ({
  schedule: { kind: 'vp-linear', timesteps },
  predicts,
  clip: 1,
})
