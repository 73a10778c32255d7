import type { Pipeline, Prediction } from '@tweedie/solvers'

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
  /** The straight path α = 1 − t, σ = t of flow matching; the network is told t·`timesteps`. */
  | { readonly kind: 'flow'; readonly timesteps: number }

/** What a network was trained on, as far as a sampler has to know it. */
export interface TrainedOn {
  readonly schedule: TrainedSchedule
  readonly predicts: Predicts
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
}

/** DDPM's linear schedule and x̂₀ within the data range: what `train` and guided-diffusion train on. */
export const linearTraining = (timesteps: number, predicts: Predicts = 'epsilon'): TrainedOn => ({
  schedule: { kind: 'vp-linear', timesteps },
  predicts,
  clip: 1,
})
