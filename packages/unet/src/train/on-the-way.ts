import { architectureOf } from '../architectures/catalog.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { loadNetwork } from '../models/folder.ts'
import { recordedTraining } from '../models/training-record.ts'
import { scheduleOf } from './config.ts'
import { evaluateInBatches } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import type { TrainCommand } from './options.ts'

/** Of the noise and the times of evaluations on the way. */
const seed = 11

/** Steps between two evaluations on the way: twenty in all, but no more often than every fifty steps. */
export const heldOutInterval = ({ config, heldOutEvery }: TrainCommand): number =>
  heldOutEvery ?? Math.max(50, Math.ceil(config.steps / 20))

/**
 * The loss of averaged parameters on images that are held out: the same ones, times and noise each time. Undefined where there are
 * none, or the signal is raised meanwhile.
 */
export async function heldOutLoss(
  { config, heldOutImages = 256, signal }: TrainCommand,
  { validation, test }: TrainingSet,
  ema: Float32Array,
): Promise<number | undefined> {
  const images = validation ?? test
  if (images === undefined) return undefined
  const { model, batch, timesteps, predicts } = config
  const params = paramsFromVector(architectureOf(model).spec(model), ema)
  try {
    const parts = evaluateInBatches(params, model, images, {
      count: Math.min(heldOutImages, images.count),
      batch: Math.min(100, batch),
      seed,
      timesteps,
      predicts,
      schedule: scheduleOf(config),
    })
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (signal?.aborted === true) return undefined
      const { done, value } = parts.next()
      if (done === true) return value.mse
    }
  } finally {
    for (const tensor of Object.values(params)) tensor.dispose()
  }
}

/** Has `snapshots.take` look at a network with averaged parameters. */
export async function takeSnapshot(
  { config, snapshots, out, autoencoder: folder }: TrainCommand,
  step: number,
  ema: Float32Array,
): Promise<void> {
  if (snapshots === undefined) return
  const { model } = config
  const params = paramsFromVector(architectureOf(model).spec(model), ema)
  const autoencoder = folder === undefined ? undefined : loadNetwork(folder)
  try {
    const trainedOn = recordedTraining(out, {
      config,
      ...(folder === undefined ? {} : { autoencoder: folder }),
    })
    const network = { config: model, params }
    await snapshots.take({
      step,
      network,
      trainedOn,
      out,
      ...(autoencoder === undefined ? {} : { autoencoder }),
    })
  } finally {
    for (const tensors of [params, autoencoder?.params ?? {}])
      for (const tensor of Object.values(tensors)) tensor.dispose()
  }
}
