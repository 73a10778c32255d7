import type { Limit, PipelinePriorOptions, Prior } from '@tweedie/solvers'
import { networkPrior, pipelinePrior } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import type { TrainedOn, TrainedSchedule } from '@tweedie/unet'
import { atLevels } from './levels.ts'
import { scheduleOf } from './schedule.ts'

/** How x̂₀ of a network is kept to the range of the data; undefined where it is not. */
export function limitOf({ clip, thresholding }: TrainedOn): Limit | undefined {
  if (thresholding !== undefined) return { kind: 'dynamic', ...thresholding }
  return clip === null ? undefined : { kind: 'clip', range: clip }
}

/** What a time is multiplied by for the network to be told it. */
function toldScale(trained: TrainedSchedule): number {
  if (trained.kind === 'flow') return trained.timesteps
  return trained.kind === 'vp-continuous' ? trained.told : 1
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
  const { predicts, clip, pipeline, sigmaData, schedule: trained } = trainedOn
  const schedule = scheduleOf(trained)
  const options = { name, shape, schedule, predicts, ...(sigmaData === undefined ? {} : { sigmaData }) }
  const scale = toldScale(trained)
  if (pipeline !== undefined)
    return pipelinePrior({ ...options, ...pipeline, limit: limitOf(trainedOn), predict })
  const output = (xt: Tensor, t: number) => predict(xt, t * scale).output
  return networkPrior({
    ...options,
    ...(clip === null ? {} : { clip: [-clip, clip] as const }),
    predict: trained.kind === 'edm' ? atLevels(name, trained, trainedOn, schedule, output) : output,
  })
}
