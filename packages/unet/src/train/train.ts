import type { AdamState } from '@tweedie/autograd'
import { adam, clipByGlobalNorm, updateAverage } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, NonFiniteError, OptionError, randomKey, scope, unscoped } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Samples } from '../data/pictures.ts'
import { countParams } from '../params.ts'
import type { TrainConfig } from './config.ts'
import { emaDecayAt, learningRateAt, scheduleOf } from './config.ts'
import { flatten } from './flat.ts'
import type { NoiseSchedule } from './schedule.ts'
import { noiseTable } from './schedule.ts'
import type { ShardExecutor, TrainTask } from './shard.ts'
import { localShards } from './shard.ts'

/** What a training continues from: all parameters in one vector, in the order of the model's spec. */
export interface TrainState {
  /** Steps done. */
  readonly step: number
  readonly params: Float32Array
  readonly ema: Float32Array
  /** Adam's moments. */
  readonly mean: Float32Array
  readonly square: Float32Array
  /** Running average of the loss. */
  readonly lossAverage: number
}

/** One finished step. */
export interface TrainProgress {
  /** Steps done, and steps in all. */
  readonly step: number
  readonly steps: number
  /** Of this batch, and its running average (weight 0.02). */
  readonly loss: number
  readonly lossAverage: number
  readonly learningRate: number
  /** Norm of the gradient before clipping. */
  readonly gradNorm: number
  /** Averaged over the last fifty steps or so. */
  readonly imagesPerSecond: number
  /** Seconds that this step took. */
  readonly seconds: number
  /** Estimated seconds to the end. */
  readonly eta: number
  /** Copies what {@link train} needs to go on from here. */
  state(): TrainState
}

export interface TrainInput {
  readonly config: TrainConfig
  readonly images: Samples
  /** Default: {@link scheduleOf} the configuration. */
  readonly schedule?: NoiseSchedule
  /** Continue from here; must be of the same configuration. */
  readonly from?: TrainState
  /** Who computes the gradients; default: this thread. It is closed at the end. */
  readonly executor?: (task: TrainTask, size: number) => ShardExecutor
  readonly signal?: AbortSignal
}

interface Live {
  params: { flat: Tensor }
  ema: { flat: Tensor }
  adam: AdamState<{ flat: Tensor }>
}

/** The state before the first step. */
export function initialState(config: TrainConfig): TrainState {
  const { model, seed } = config
  const { spec, init } = architectureOf(model)
  const params = scope(() => flatten(spec(model), init(model, randomKey(seed).fold('init'))))
  const zeros = () => new Float32Array(params.length)
  return { step: 0, params, ema: params.slice(), mean: zeros(), square: zeros(), lossAverage: Number.NaN }
}

/**
 * Trains a network of any architecture with Adam, yielding after every step. The loss is the mean squared error of what
 * it predicts at x_t = α_t x₀ + σ_t ε; for the noise, E‖ε − ε_θ(x_t, t)‖² (arXiv 2006.11239 eq. 14). The result depends
 * on the configuration, the images and the schedule, not on the number of workers or on interruptions.
 * @throws {NonFiniteError} where the loss or the gradient is no longer finite.
 * @throws what `signal` was aborted with; the last yielded state is good to go on from.
 */
export async function* train(input: TrainInput): AsyncGenerator<TrainProgress, TrainState> {
  const { config, images, signal } = input
  const table = noiseTable(input.schedule ?? scheduleOf(config), config.timesteps)
  const start = input.from ?? initialState(config)
  const size = countParams(architectureOf(config.model).spec(config.model))
  for (const name of ['params', 'ema', 'mean', 'square'] as const) {
    if (start[name].length !== size) {
      throw new OptionError('from', `${name} has ${start[name].length} elements, the model has ${size}`)
    }
  }
  const executor = (input.executor ?? localShards)({ config, images, table }, size)
  const vector = (values: Float32Array) => ({ flat: unscoped(() => fromData(values, [size])) })
  let live: Live = {
    params: vector(start.params),
    ema: vector(start.ema),
    adam: { step: start.step, mean: vector(start.mean), square: vector(start.square) },
  }
  let lossAverage = start.lossAverage
  let secondsPerStep = 0
  const state = (): TrainState => ({
    step: live.adam.step,
    params: live.params.flat.dataSync() as Float32Array,
    ema: live.ema.flat.dataSync() as Float32Array,
    mean: live.adam.mean.flat.dataSync() as Float32Array,
    square: live.adam.square.flat.dataSync() as Float32Array,
    lossAverage,
  })
  try {
    for (let k = start.step; k < config.steps; k++) {
      // Lets timers and signals through, which a chain of finished promises alone would not.
      await new Promise((resolve) => setTimeout(resolve, 0))
      signal?.throwIfAborted()
      // What is done between two steps is no part of them.
      const began = performance.now()
      const { gradient, loss } = await executor.step(live.params.flat.dataSync() as Float32Array, k)
      const { next, norm } = update(live, gradient, config, k)
      for (const { flat } of [live.params, live.ema, live.adam.mean, live.adam.square]) flat.dispose()
      live = next
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        throw new NonFiniteError(
          `train: at step ${k + 1} the loss is ${loss} and the gradient's norm ${norm}; a lower learning rate may help`,
        )
      }
      lossAverage = Number.isNaN(lossAverage) ? loss : 0.98 * lossAverage + 0.02 * loss
      const seconds = (performance.now() - began) / 1000
      // The mean of the first steps, then a running average.
      const weight = Math.max(0.02, 1 / (k + 1 - start.step))
      secondsPerStep += weight * (seconds - secondsPerStep)
      yield {
        step: k + 1,
        steps: config.steps,
        loss,
        lossAverage,
        learningRate: learningRateAt(config, k),
        gradNorm: norm,
        imagesPerSecond: config.batch / secondsPerStep,
        seconds,
        eta: (config.steps - k - 1) * secondsPerStep,
        state,
      }
    }
    return state()
  } finally {
    for (const { flat } of [live.params, live.ema, live.adam.mean, live.adam.square]) flat.dispose()
    await executor.close()
  }
}

/** Clip, Adam, moving average. */
function update(
  live: Live,
  gradient: Float32Array,
  config: TrainConfig,
  k: number,
): { next: Live; norm: number } {
  const { beta1, beta2, epsilon } = config
  const kept = scope(() => {
    const { grads, norm } = clipByGlobalNorm({ flat: fromData(gradient, [gradient.length]) }, config.clipNorm)
    const optimizer = adam({ learningRate: learningRateAt(config, k), beta1, beta2, epsilon })
    const { params, state } = optimizer.update(grads, live.adam, live.params)
    const ema = updateAverage(live.ema, params, emaDecayAt(config, k))
    return { next: { params, ema, adam: state }, norm }
  })
  return kept
}
