import { FileFormatError, OptionError } from '@tweedie/tensor'
import { readSafetensors, writeAtomically } from '../checkpoint/file.ts'
import { encodeSafetensors } from '../checkpoint/write.ts'
import type { TrainConfig } from './config.ts'
import { learningRateAt } from './config.ts'
import type { TrainState } from './train.ts'

const vectors = ['params', 'ema', 'mean', 'square'] as const
const version = '1'

/** What a training must share with a checkpoint to continue it. */
export interface RunIdentity {
  readonly config: TrainConfig
  /** Number of training images. */
  readonly images: number
}

/** Saves a training state as float32 safetensors, whole or not at all. */
export function saveTrainState(path: string, state: TrainState, identity: RunIdentity): void {
  const tensors = Object.fromEntries(
    vectors.map((name) => [name, { shape: [state[name].length], values: state[name] }]),
  )
  const metadata = {
    format: 'tweedie-train-state',
    version,
    step: String(state.step),
    lossAverage: String(state.lossAverage),
    identity: JSON.stringify(identity),
  }
  writeAtomically(path, encodeSafetensors(tensors, { metadata }))
}

/**
 * Reads a training state back, bit for bit.
 * @throws {FileFormatError} for a damaged file or one that is no training state.
 * @throws {OptionError} where it belongs to another run: the message names the first field that differs.
 *   The number of steps and the decay may change as long as no step already done would have had another
 *   learning rate.
 */
export function loadTrainState(path: string, identity: RunIdentity): TrainState {
  const file = readSafetensors(path)
  const { metadata } = file
  if (metadata['format'] !== 'tweedie-train-state') throw new FileFormatError(path, 'is no training state')
  if (metadata['version'] !== version)
    throw new FileFormatError(path, `has version ${metadata['version']}, not ${version}`)
  const step = Number(metadata['step'])
  if (!Number.isSafeInteger(step) || step < 0)
    throw new FileFormatError(path, `step ${metadata['step']} makes no sense`)
  if (step > identity.config.steps) {
    throw new OptionError(
      'steps',
      `${path} has done ${step} steps already, which is more than ${identity.config.steps}`,
    )
  }
  const saved = savedIdentity(path, metadata['identity'] ?? '')
  const difference = runDifference(saved, JSON.parse(JSON.stringify(identity)) as RunIdentity, step)
  if (difference !== undefined)
    throw new OptionError('resume', `${path} belongs to another run: ${difference}`)
  const vector = (name: string): Float32Array => {
    const values = file.values(name)
    return values instanceof Float32Array ? values : Float32Array.from(values)
  }
  const [params, ema, mean, square] = vectors.map(vector) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  return { step, params, ema, mean, square, lossAverage: Number(metadata['lossAverage']) }
}

function savedIdentity(path: string, text: string): RunIdentity {
  try {
    const saved = JSON.parse(text) as Partial<RunIdentity> | null
    if (typeof saved?.config === 'object' && saved.config !== null) return saved as RunIdentity
  } catch {
    // Said below.
  }
  throw new FileFormatError(path, 'does not say which configuration it belongs to')
}

/**
 * What makes two runs different up to `step`. The learning rates of steps to come may change (more steps,
 * another decay): the result is then that of the new configuration from the start.
 */
function runDifference(saved: RunIdentity, now: RunIdentity, step: number): string | undefined {
  const rest = ({ config, images }: RunIdentity) => {
    const { steps, warmup, learningRate, decay, decaySteps, ...others } = config
    return { images, config: others }
  }
  const found = firstDifference(rest(saved), rest(now), '')
  if (found !== undefined) return found
  for (let k = 0; k < step; k++) {
    const [before, after] = [learningRateAt(saved.config, k), learningRateAt(now.config, k)]
    if (before !== after) return `the learning rate of step ${k + 1} was ${before}, is now ${after}`
  }
  return undefined
}

/** The first place where two JSON values differ, in words. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inner = path === '' ? key : `${path}.${key}`
      const found = firstDifference(
        (a as Record<string, unknown>)[key],
        (b as Record<string, unknown>)[key],
        inner,
      )
      if (found !== undefined) return found
    }
    return undefined
  }
  return Object.is(a, b) ? undefined : `${path} was ${JSON.stringify(a)}, is now ${JSON.stringify(b)}`
}
