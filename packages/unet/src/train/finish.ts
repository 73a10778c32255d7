import { basename, resolve } from 'node:path'
import { getDevice, NonFiniteError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import { writeSafetensors } from '../checkpoint/write.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { countParams } from '../params.ts'
import type { Arithmetic } from './arithmetic.ts'
import { scheduleOf } from './config.ts'
import { evaluateInBatches } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { readLossLog } from './loss-log.ts'
import type { TrainCommand } from './options.ts'
import type { OutFolder } from './out-folder.ts'
import { writeModel } from './out-folder.ts'
import { toItsEnd } from './parts.ts'
import type { Prepared } from './prepare.ts'
import type { TrainRecord } from './record.ts'
import { lossCurve } from './record.ts'
import { standardise } from './standardise.ts'
import type { TrainState } from './train.ts'

/** What a record says that was known before the first step. */
function facts(options: TrainCommand, { set, init, coder }: Prepared) {
  const { config } = options
  return {
    name: options.name ?? basename(resolve(options.out)),
    config,
    parameters: countParams(architectureOf(config.model).spec(config.model)),
    trainingImages: set.images.count,
    data: set.title,
    dataset: set.record,
    ...(init === undefined ? {} : { initFrom: init.record }),
    ...(coder === undefined ? {} : { autoencoder: coder.record }),
    command: options.command ?? '',
  }
}

/** The largest finite float16. */
const largestHalf = 65_504

/**
 * Evaluates the averaged parameters and writes the model.
 * @param began - When the training did, by `performance.now()`.
 * @throws {NonFiniteError} where the network's error is not finite; then no model is written.
 * @throws the signal's reason, between two batches of the evaluation; then no model is written.
 */
export async function finish(
  options: TrainCommand,
  folder: OutFolder,
  prepared: Prepared,
  state: TrainState,
  arithmetic: readonly Arithmetic[],
  began: number,
): Promise<TrainRecord> {
  const { set, coder: autoencoder } = prepared
  const { model } = options.config
  const { spec, write, coder } = architectureOf(model)
  let params = paramsFromVector(spec(model), state.ema)
  try {
    let latents: TrainRecord['latents']
    if (coder !== undefined) {
      const settling = standardise(params, options.config, set.images)
      const settled = await toItsEnd(settling, options.signal)
      params = settled.params
      latents = settled.moments
    }
    const evaluation = await evaluateTestSet(options, set, params)
    if (evaluation !== null && !Number.isFinite(evaluation.mse))
      throw new NonFiniteError(
        `train: the error on the test images is ${evaluation.mse}; a lower learning rate may help`,
      )
    const isHalf = Object.values(params).every((tensor) =>
      tensor.dataSync().every((value: number) => Math.abs(value) <= largestHalf),
    )
    const record: TrainRecord = {
      ...facts(options, prepared),
      arithmetic,
      evaluation,
      ...(latents === undefined ? {} : { latents }),
      lossCurve: lossCurve(readLossLog(folder.path('log')).lines),
      finished: new Date().toISOString(),
      secondsOfThisRun: Math.round((performance.now() - began) / 1000),
      machine: {
        node: process.version,
        arch: process.arch,
        workers: options.workers ?? 1,
        device: getDevice().info().name,
      },
    }
    if (autoencoder !== undefined) autoencoder.copyTo(folder.part('autoencoder'))
    writeModel(folder, {
      model: writeSafetensors(params, { dtype: isHalf ? 'float16' : 'float32', metadata: { format: 'pt' } }),
      config: `${JSON.stringify(write(model), null, 2)}\n`,
      record: `${JSON.stringify(record, null, 2)}\n`,
    })
    return record
  } finally {
    for (const tensor of Object.values(params)) tensor.dispose()
  }
}

/** @throws the signal's reason, between two batches. */
async function evaluateTestSet(
  { config, signal, onMessage, evaluateImages = 2000 }: TrainCommand,
  { test, testTitle }: TrainingSet,
  params: ReturnType<typeof paramsFromVector>,
): Promise<TrainRecord['evaluation']> {
  if (test === undefined) return null
  const seed = 7
  const count = Math.min(evaluateImages, test.count)
  const batch = Math.min(100, config.batch)
  const batches = evaluateInBatches(params, config.model, test, {
    count,
    batch,
    seed,
    timesteps: config.timesteps,
    predicts: config.predicts,
    schedule: scheduleOf(config),
  })
  let tenths = 0
  const value = await toItsEnd(batches, signal, (value) => {
    const now = Math.floor((10 * value) / count)
    if (now > tenths) onMessage?.(`evaluated ${value} of ${count} test images`)
    tenths = now
  })
  return { ...value, images: `the first ${count} of ${test.count} in ${testTitle}`, seed }
}
