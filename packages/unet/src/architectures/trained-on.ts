import type { Prediction } from '@tweedie/solvers'

/** What a network predicts, in the words and by the formulas of solvers' `parameterisations`. */
export type Predicts = Prediction

/** The noise schedule of a network, as data. */
export type TrainedSchedule =
  /** DDPM's (arXiv 2006.11239 §4) over T steps: β from 0.1/T to 20/T in equal parts. */
  | { readonly kind: 'vp-linear'; readonly timesteps: number }
  /** The βs themselves, T of them. */
  | { readonly kind: 'betas'; readonly betas: readonly number[] }
  /** One of those that diffusers names, over T steps; `squaredcos_cap_v2` has no use for the two ends. */
  | {
      readonly kind: 'diffusers'
      readonly name: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid'
      readonly timesteps: number
      readonly betaStart: number
      readonly betaEnd: number
    }
  /** Noise levels σ themselves, of x = x₀ + σ·ε: its time is σ. Between these, null for no limit. */
  | { readonly kind: 'edm'; readonly sigmaMin: number; readonly sigmaMax: number | null }

/** What a network was trained on, as far as a sampler has to know it. */
export interface TrainedOn {
  readonly schedule: TrainedSchedule
  readonly predicts: Predicts
  /** x̂₀ is limited to ± this; null for no limit. */
  readonly clip: number | null
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
