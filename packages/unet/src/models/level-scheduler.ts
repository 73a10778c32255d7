import { FileFormatError } from '@tweedie/tensor'
import type { TrainedOn } from '../architectures/trained-on.ts'
import type { Fields, Kind } from '../fields.ts'
import { count, field, flag, nullable, number, oneOf, text, whole } from '../fields.ts'
import { limits } from '../limits.ts'
import { inWords, requireKnown } from './scheduler-fields.ts'

const most = Number.MAX_VALUE
const anyNumber = number(-most, most)
const level = number(1e-9, most)

/** A field that says something of the network, and its default in diffusers. */
type Said = readonly [kind: Kind<number> | Kind<string>, fallback: number | string]

interface LevelClass {
  /** Fields that say what the network was trained on. */
  readonly said: Readonly<Record<string, Said>>
  /** Fields of its own sampler, which is not used. */
  readonly unused: Readonly<Record<string, Kind<unknown>>>
  readonly trainedOn: (said: Readonly<Record<string, number>>, prediction: unknown) => TrainedOn
  readonly words: string
}

const range = (sigmaMin: number, sigmaMax: number): Record<string, Said> => ({
  sigma_min: [level, sigmaMin],
  sigma_max: [level, sigmaMax],
})

const edm: LevelClass = {
  said: {
    ...range(0.002, 80),
    sigma_data: [level, 0.5],
    prediction_type: [oneOf('epsilon', 'v_prediction'), 'epsilon'],
  },
  unused: {
    num_train_timesteps: count(limits.timesteps),
    sigma_schedule: text,
    rho: anyNumber,
    final_sigmas_type: text,
    solver_order: whole(1, 3),
    algorithm_type: text,
    solver_type: text,
    lower_order_final: flag,
    euler_at_final: flag,
    thresholding: oneOf(false),
    dynamic_thresholding_ratio: anyNumber,
    sample_max_value: anyNumber,
  },
  trainedOn: ({ sigma_min = 0, sigma_max = 0, sigma_data = 0 }, prediction) => ({
    schedule: { kind: 'edm', sigmaMin: sigma_min, sigmaMax: sigma_max },
    predicts: 'edm',
    ...(prediction === 'v_prediction' && { says: 'negative' }),
    sigmaData: sigma_data,
    clip: null,
  }),
  words: 'told ¼·log σ, predicts what is left of x₀ after c_skip·x (arXiv 2206.00364)',
}

/**
 * Schedulers whose networks are asked otherwise than DDPM's. Their samplers are not used; what the network means is read off
 * what they and their pipelines make of it:
 * - EDM's take D = c_skip·x + c_out·F(c_in·x, ¼·log σ), with F negated for `v_prediction`;
 * - of `ScoreSdeVe` it is the score of pictures in [0, 1], told σ;
 * - of `KarrasVe` x₀ = x + σ·F for pictures in [−1, 1], which it is shown in [0, 1] and told σ/2 of;
 * - of `ScoreSdeVp` it predicts ε on times 0 … 1, told 999·t as the published networks are (arXiv 2011.13456).
 */
const classes = {
  EDMEulerScheduler: edm,
  EDMDPMSolverMultistepScheduler: edm,
  ScoreSdeVeScheduler: {
    said: range(0.01, 1348),
    unused: {
      num_train_timesteps: count(limits.timesteps),
      snr: anyNumber,
      sampling_eps: anyNumber,
      correct_steps: whole(0, limits.timesteps),
    },
    // A level of pictures in [0, 1] is twice that in [−1, 1].
    trainedOn: ({ sigma_min = 0, sigma_max = 0 }) => ({
      schedule: { kind: 'edm', sigmaMin: 2 * sigma_min, sigmaMax: 2 * sigma_max },
      predicts: 'epsilon',
      says: 'score',
      unit: true,
      clip: null,
    }),
    words: 'of pictures in [0, 1], told σ, predicts the score',
  },
  KarrasVeScheduler: {
    said: range(0.02, 100),
    unused: { s_noise: anyNumber, s_churn: anyNumber, s_min: anyNumber, s_max: anyNumber },
    trainedOn: ({ sigma_min = 0, sigma_max = 0 }) => ({
      schedule: { kind: 'edm', sigmaMin: sigma_min, sigmaMax: sigma_max },
      predicts: 'epsilon',
      says: 'negative',
      unit: true,
      clip: null,
    }),
    words: 'shown pictures in [0, 1], told σ/2, predicts −ε',
  },
  ScoreSdeVpScheduler: {
    said: { beta_min: [level, 0.1], beta_max: [level, 20] },
    unused: { num_train_timesteps: count(limits.timesteps), sampling_eps: nullable(anyNumber) },
    trainedOn: ({ beta_min = 0, beta_max = 0 }) => ({
      schedule: { kind: 'vp-continuous', betaMin: beta_min, betaMax: beta_max, told: 999 },
      predicts: 'epsilon',
      clip: null,
    }),
    words: 'continuous times t, told 999·t, predicts ε',
  },
} as const satisfies Readonly<Record<string, LevelClass>>

export type LevelClassName = keyof typeof classes
export const levelClasses = Object.keys(classes) as readonly LevelClassName[]

/**
 * What a scheduler of {@link levelClasses} says of its network, and that in words.
 * @throws {FileFormatError} for a field that is not known or does not fit.
 */
export function levelTraining(
  given: Fields,
  name: LevelClassName,
  file: string,
): { trainedOn: TrainedOn; words: string } {
  const { said, unused, trainedOn, words }: LevelClass = classes[name]
  const kinds = Object.fromEntries(Object.entries(said).map(([key, [kind]]) => [key, kind]))
  requireKnown(given, { ...unused, ...kinds }, name, file)
  const values = Object.fromEntries(
    Object.entries(said).map(([key, [kind, fallback]]) => [
      key,
      field<unknown>(file, given, key, kind, fallback),
    ]),
  )
  const { prediction_type: prediction, ...numbers } = values as Record<string, number>
  for (const [least, largest] of [
    ['sigma_min', 'sigma_max'],
    ['beta_min', 'beta_max'],
  ] as const)
    if ((numbers[least] ?? 0) > (numbers[largest] ?? Infinity))
      throw new FileFormatError(file, `${least}: ${numbers[least]} is above ${largest}, ${numbers[largest]}`)
  const rest = Object.entries(given).filter(
    ([key, value]) => Object.hasOwn(unused, key) && value !== null && value !== false,
  )
  const not = rest.length === 0 ? '' : `; not used: ${inWords(Object.fromEntries(rest))}`
  return {
    trainedOn: trainedOn(numbers, prediction),
    words: `${name}: ${inWords(values)}; ${words}, x̂₀ not clipped${not}`,
  }
}
