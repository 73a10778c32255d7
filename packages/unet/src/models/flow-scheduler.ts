import type { TrainedOn } from '../architectures/trained-on.ts'
import type { Fields, Kind } from '../fields.ts'
import { count, field, flag, nullable, number, oneOf, text } from '../fields.ts'
import { limits } from '../limits.ts'
import { inWords, requireKnown } from './scheduler-fields.ts'

/** Schedulers of flow matching: x_t = (1 − σ)·x₀ + σ·ε, a network of ε − x₀ that is told σ·T (arXiv 2210.02747). */
export const flowClasses = ['FlowMatchEulerDiscreteScheduler', 'FlowMatchHeunDiscreteScheduler'] as const

const anyNumber = number(-Number.MAX_VALUE, Number.MAX_VALUE)
const switchOf = nullable(flag)

/** Which σ their own sampler visits; the network is told each, so that nothing of it changes what it means. */
const others: Readonly<Record<string, Kind<unknown>>> = {
  shift: anyNumber,
  base_shift: nullable(anyNumber),
  max_shift: nullable(anyNumber),
  base_image_seq_len: nullable(anyNumber),
  max_image_seq_len: nullable(anyNumber),
  use_dynamic_shifting: switchOf,
  shift_terminal: nullable(anyNumber),
  time_shift_type: nullable(text),
  use_karras_sigmas: switchOf,
  use_exponential_sigmas: switchOf,
  use_beta_sigmas: switchOf,
  stochastic_sampling: switchOf,
  // From data to noise.
  invert_sigmas: oneOf(false, null),
}
const timesteps = count(limits.timesteps)

/**
 * What a scheduler of flow matching says, and that in words.
 * @throws {FileFormatError} for a field that is not known or does not fit.
 */
export function flowTraining(
  given: Fields,
  name: string,
  file: string,
): { trainedOn: TrainedOn; words: string } {
  requireKnown(given, { ...others, num_train_timesteps: timesteps }, name, file)
  const T = field(file, given, 'num_train_timesteps', timesteps, 1000)
  const { shift, ...rest } = Object.fromEntries(
    Object.entries(given).filter(
      ([key, value]) => Object.hasOwn(others, key) && value !== null && value !== false,
    ),
  )
  const unused = { ...(shift === undefined || shift === 1 ? {} : { shift }), ...rest }
  const not = Object.keys(unused).length === 0 ? '' : `; not used: ${inWords(unused)}`
  return {
    trainedOn: { schedule: { kind: 'flow', timesteps: T }, predicts: 'flow', clip: null },
    words: `${name}: a straight path from noise to x₀, told σ·${T}, predicts ε − x₀, x̂₀ not clipped${not}`,
  }
}
