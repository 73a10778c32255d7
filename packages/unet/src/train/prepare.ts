import { architectureOf } from '../architectures/catalog.ts'
import type { DataOptions } from '../data/data-set.ts'
import { readDataSet } from '../data/data-set.ts'
import { imagesSha256 } from '../data/digest.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { checkLabels, classesOf } from './batch.ts'
import { checkImages, checkMemory, checkNumbers, checkOut, checkShape } from './checks.ts'
import type { Init } from './init-from.ts'
import { readInit } from './init-from.ts'
import type { FoundAutoencoder } from './latent-set.ts'
import { latentSet, readAutoencoder } from './latent-set.ts'
import type { TrainCommand } from './options.ts'
import { toItsEnd } from './parts.ts'
import type { RunIdentity } from './run-difference.ts'

/** What a training stands on besides its data. */
export interface Ground {
  readonly coder: FoundAutoencoder | undefined
  readonly init: Init | undefined
}

/** What a training stands on. */
export interface Prepared extends Ground {
  readonly set: TrainingSet
  readonly identity: RunIdentity
}

/**
 * Checks all that can be checked before the data are read, and reads what is small.
 * @throws {OptionError} naming the option that does not fit.
 * @throws {FileFormatError} for an autoencoder or a checkpoint that is missing, damaged or does not fit.
 */
export function checkGround(options: TrainCommand): Ground {
  const { config } = options
  checkNumbers(options)
  checkMemory(config)
  checkOut(options)
  const coder = options.autoencoder === undefined ? undefined : readAutoencoder(options.autoencoder)
  checkShape(config, coder)
  const init = options.initFrom === undefined ? undefined : readInit(options.initFrom, config)
  return { coder, init }
}

/**
 * Reads the data of a training and checks them against the model.
 * @param scratch - Paths of files for decoded pictures that memory does not hold.
 * @throws {FileFormatError} where data are missing or damaged.
 * @throws {OptionError} where they do not fit.
 * @throws the signal's reason.
 */
export async function prepare(
  options: TrainCommand,
  ground: Ground,
  scratch?: (part: number) => string,
): Promise<Prepared> {
  const { config, data, testSet, openPicture, signal, onMessage } = options
  const { coder } = ground
  const { model } = coder === undefined ? config : { model: coder.network.config }
  const given: DataOptions = typeof data === 'string' ? { path: data } : data
  const pictures = await readDataSet(given, {
    shape: architectureOf(model).sampleShape(model),
    labels: classesOf(config.model) > 0,
    test: testSet !== false,
    openPicture,
    scratch,
    signal,
    onMessage,
  })
  try {
    const set = coder === undefined ? pictures : await codedSet(pictures, coder, options)
    checkImages(set, config)
    checkLabels(config, set.images)
    if (set.test !== undefined) checkLabels({ model: config.model }, set.test)
    // Only now: what is refused is refused in one line.
    for (const note of [...(ground.init?.notes ?? []), ...set.notes]) onMessage?.(note)
    signal?.throwIfAborted()
    const { draw, imagesSha256: sha256 } = set.record
    const identity: RunIdentity = {
      config,
      images: {
        count: set.images.count,
        sha256: coder === undefined ? sha256 : imagesSha256(set.images),
        ...(draw === undefined ? {} : { draw }),
      },
      ...(ground.init === undefined ? {} : { init: ground.init.record.sha256 }),
    }
    return { ...ground, set, identity }
  } catch (error) {
    pictures.close()
    throw error
  }
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
