import { existsSync, rmSync } from 'node:fs'
import { getDevice, OptionError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import { imagesSha256 } from '../data/digest.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { readTrainingSet } from '../data/training-set.ts'
import { requireMemory } from '../memory.ts'
import { countParams } from '../params.ts'
import type { Arithmetic } from './arithmetic.ts'
import { arithmeticDifference, arithmeticOf } from './arithmetic.ts'
import { checkLabels, classesOf } from './batch.ts'
import type { TrainConfig } from './config.ts'
import { scheduleOf } from './config.ts'
import { finish } from './finish.ts'
import type { FoundAutoencoder } from './latent-set.ts'
import { latentSet, readAutoencoder } from './latent-set.ts'
import { appendLoss, readLossLog, rewindLossLog } from './loss-log.ts'
import type { SaveEvery, TrainCommand } from './options.ts'
import type { OutFolder } from './out-folder.ts'
import { names, openOutFolder } from './out-folder.ts'
import { toItsEnd } from './parts.ts'
import type { TrainRecord } from './record.ts'
import { loadTrainState, saveTrainState } from './state-file.ts'
import type { TrainState } from './train.ts'
import { train } from './train.ts'
import { workerShards } from './worker-pool.ts'

/**
 * Trains a prior on the images of a folder. At the end it writes the averaged parameters (as float16, or float32 where
 * one of them passes its range), the configuration and a record of the training: all three or none. The state is saved
 * at intervals and when `signal` aborts; continued with `resume`, the result is the same bit for bit. One training at a
 * time owns the folder `out`. One that ends before its first state leaves nothing there.
 * @throws {FileFormatError} before any work, where the data or the state is missing or damaged.
 * @throws {OptionError} before any work: images of another size than the configuration's, an `out` that another process
 *   trains in, that holds a state (without `resume`) or one of another run, or the model of another.
 * @throws the signal's reason, once the state is saved, or before the first step.
 */
export async function trainFromCommand(options: TrainCommand): Promise<TrainRecord> {
  const { config, logEvery = 50 } = options
  const began = performance.now()
  const due = saveClock(options.saveEvery ?? { seconds: 180 })
  if (!Number.isInteger(logEvery) || logEvery < 1)
    throw new OptionError('logEvery', `must be a positive integer, got ${logEvery}`)
  const { evaluateImages = 1 } = options
  if (!Number.isInteger(evaluateImages) || evaluateImages < 1)
    throw new OptionError('evaluateImages', `must be a positive integer, got ${evaluateImages}`)
  checkMemory(config)
  const schedule = scheduleOf(config)
  const say = options.onMessage ?? (() => undefined)
  const coder = options.autoencoder === undefined ? undefined : readAutoencoder(options.autoencoder)
  checkShape(config, coder)
  const pictures = readTrainingSet(options.data, {
    test: options.testSet !== false,
    labels: classesOf(config.model) > 0,
  })
  const set = coder === undefined ? pictures : await codedSet(pictures, coder, options)
  checkImages(set, config)
  checkLabels(config, set.images)
  options.signal?.throwIfAborted()
  const folder = openOutFolder(options.out, say)
  let begun = false
  try {
    const identity = {
      config,
      images: {
        count: set.images.count,
        sha256: coder === undefined ? set.record.imagesSha256 : imagesSha256(set.images),
      },
    }
    const start = startingPoint(options, folder, identity)
    const { arithmetic } = start
    begun = true
    rewindLossLog(folder.path('log'), start.state?.step ?? 0, say)
    say(
      `training on ${set.title}: ${countParams(architectureOf(config.model).spec(config.model)).toLocaleString('en')} parameters, ${config.steps} steps`,
    )
    let state = start.state
    // The signal is looked at here, not in train: between two steps, where the state can be saved.
    const steps = train({
      config,
      images: set.images,
      schedule,
      executor: workerShards(options.workers ?? 1),
      ...(state === undefined ? {} : { from: state }),
    })
    for await (const progress of steps) {
      const { step } = progress
      const aborted = options.signal?.aborted === true
      if (step % logEvery === 0 || step === config.steps) appendLoss(folder.path('log'), progress)
      if (aborted || step === config.steps || due(step)) {
        state = progress.state()
        saveTrainState(folder.path('state'), state, identity, { arithmetic, node: process.version })
        options.onState?.(step)
      }
      options.onProgress?.(progress)
      if (aborted) {
        say(`stopped after step ${step}; continue with resume`)
        throw options.signal?.reason
      }
    }
    return await finish(options, folder, set, state!, arithmetic, began, coder)
  } finally {
    // Without a state the steps will be run again, and their log with them.
    if (begun && !existsSync(folder.path('state'))) rmSync(folder.path('log'), { force: true })
    folder.close()
  }
}

/** Tells, after each step, whether the state is due to be saved. */
function saveClock(every: SaveEvery): (step: number) => boolean {
  const [name, interval] =
    'steps' in every ? (['steps', every.steps] as const) : (['seconds', every.seconds] as const)
  if (!(interval > 0 && Number.isFinite(interval)) || (name === 'steps' && !Number.isInteger(interval)))
    throw new OptionError(
      'saveEvery',
      `must be a ${name === 'steps' ? 'whole ' : ''}number of ${name} above 0, got ${interval}`,
    )
  if (name === 'steps') return (step) => step % interval === 0
  let saved = performance.now()
  return () => {
    if (performance.now() - saved <= 1000 * interval) return false
    saved = performance.now()
    return true
  }
}

/** A step holds parameters, average and two moments, old and new, and the gradient: nine vectors. */
function checkMemory({ model }: TrainConfig): void {
  const parameters = countParams(architectureOf(model).spec(model))
  requireMemory('config', 9 * 4 * parameters, `a step on ${parameters} parameters`)
}

/**
 * Makes sure, before any picture is coded, that a prior of latents is of the autoencoder's.
 * @throws {OptionError} naming both shapes.
 */
function checkShape({ model }: TrainConfig, autoencoder: FoundAutoencoder | undefined): void {
  if (autoencoder === undefined) return
  const { config } = autoencoder.network
  const latent = architectureOf(config).coder?.latentShape(config) ?? []
  const shape = architectureOf(model).sampleShape(model)
  if (architectureOf(model).coder !== undefined)
    throw new OptionError('autoencoder', 'is for priors of latents; the model is itself an autoencoder')
  if (shape.join() !== latent.join())
    throw new OptionError(
      'config',
      `the model takes [${shape.join(', ')}] by its configuration, but the latents of the autoencoder are [${latent.join(', ')}]`,
    )
}

/** The latents of a training set. @throws the signal's reason, between two batches. */
async function codedSet(
  set: TrainingSet,
  { network }: FoundAutoencoder,
  { signal, onMessage }: TrainCommand,
): Promise<TrainingSet> {
  let tenths = 0
  const coded = await toItsEnd(latentSet(set, network), signal, ({ done, all }) => {
    const now = Math.floor((10 * done) / all)
    if (now > tenths) onMessage?.(`coded ${done} of ${all} pictures`)
    tenths = now
  })
  for (const tensor of Object.values(network.params)) tensor.dispose()
  return coded
}

function checkImages({ images, record }: TrainingSet, { model }: TrainConfig): void {
  const shape = architectureOf(model).sampleShape(model)
  if (shape.join() === images.shape.join()) return
  throw new OptionError(
    'config',
    `the model takes images of [${shape.join(', ')}] by its configuration, but ${record.training.file} in ${record.folder} holds [${images.shape.join(', ')}]`,
  )
}

/** The state to start from, where there is one that may be continued. */
function startingPoint(
  options: TrainCommand,
  folder: OutFolder,
  identity: Parameters<typeof loadTrainState>[1],
): { state: TrainState | undefined; arithmetic: readonly Arithmetic[] } {
  const now = arithmeticOf(getDevice())
  const path = folder.path('state')
  if (!existsSync(path)) {
    const other = (['config', 'model', 'record'] as const).find((file) => existsSync(folder.path(file)))
    if (other !== undefined)
      throw new OptionError(
        'out',
        `${options.out} holds ${names[other]} but no ${names.state}; choose another folder`,
      )
    const { lines, unreadable } = readLossLog(folder.path('log'))
    if (lines.length === 0 && unreadable > 0)
      throw new OptionError('out', `${folder.path('log')} is no log of a training; choose another folder`)
    if (options.resume === true) options.onMessage?.(`no ${names.state} in ${options.out}: starting anew`)
    return { state: undefined, arithmetic: [now] }
  }
  if (options.resume !== true)
    throw new OptionError('resume', `${path} exists: continue it with resume, or choose another folder`)
  const { state, provenance } = loadTrainState(path, identity)
  const before = provenance.arithmetic
  const difference = arithmeticDifference(before.at(-1) ?? {}, now)
  if (difference !== undefined) {
    if (options.allowOtherRounding !== true) {
      throw new OptionError(
        'resume',
        `${path} was computed with other settings, so the result would not be that of one go: ${difference}; go on under the same settings, or allow other rounding (--allow-other-rounding)`,
      )
    }
    options.onMessage?.(`the result will not be that of one go, bit for bit: ${difference}`)
  }
  options.onMessage?.(`continuing after step ${state.step}`)
  options.onState?.(state.step)
  return { state, arithmetic: difference === undefined ? before : [...before, now] }
}
