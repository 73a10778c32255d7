import type { Limit, PipelinePriorOptions, Prior } from '@tweedie/solvers'
import { networkPrior, pipelinePrior } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import type { TrainedOn } from '@tweedie/unet'
import { scheduleOf } from './schedule.ts'

/** How x̂₀ of a network is kept to the range of the data; undefined where it is not. */
export function limitOf({ clip, thresholding }: TrainedOn): Limit | undefined {
  if (thresholding !== undefined) return { kind: 'dynamic', ...thresholding }
  return clip === null ? undefined : { kind: 'clip', range: clip }
}

/**
 * A network as a prior by what it was trained on: with the pipeline that it came with, where it came with one.
 * @param predict - Its outputs for x_t [N, …shape] at t: see `pipelinePrior`.
 * @example
 * ```ts
 * import { trainedPrior } from '@tweedie/runs'
 * import { linearTraining } from '@tweedie/unet'
 * const prior = trainedPrior('mine', [1, 8, 8], linearTraining(200), (xt) => ({ output: xt }))
 * prior.schedule.noisiest // => 199
 * prior.pipeline // => undefined
 * ```
 */
export function trainedPrior(
  name: string,
  shape: Shape,
  trainedOn: TrainedOn,
  predict: PipelinePriorOptions['predict'],
): Prior {
  const { predicts, clip, pipeline, schedule: trained } = trainedOn
  const options = { name, shape, schedule: scheduleOf(trained), predicts }
  // What the network is told of the time.
  const scale = trained.kind === 'flow' ? trained.timesteps : 1
  if (pipeline !== undefined)
    return pipelinePrior({ ...options, ...pipeline, limit: limitOf(trainedOn), predict })
  return networkPrior({
    ...options,
    ...(clip === null ? {} : { clip: [-clip, clip] as const }),
    predict: (xt, t) => predict(xt, t * scale).output,
  })
}
