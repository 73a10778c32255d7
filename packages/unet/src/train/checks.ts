import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import { isPictureSet } from '../data/pictures.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { requireDisk, requireWritable } from '../disk.ts'
import { requireMemory } from '../memory.ts'
import { countParams } from '../params.ts'
import { sizeFits } from './batch.ts'
import type { TrainConfig } from './config.ts'
import type { FoundAutoencoder } from './latent-set.ts'
import { readLossLog } from './loss-log.ts'
import type { TrainCommand } from './options.ts'
import { names } from './out-folder.ts'

/** Parameters of the model of a configuration. */
export const parametersOf = ({ model }: Pick<TrainConfig, 'model'>): number =>
  countParams(architectureOf(model).spec(model))

/** Makes sure that options are numbers that make sense. @throws {OptionError} */
export function checkNumbers(options: TrainCommand): void {
  for (const name of ['logEvery', 'heldOutEvery', 'heldOutImages', 'evaluateImages', 'workers'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new OptionError(name, `must be a positive integer, got ${value}`)
  }
}

/** A step holds parameters, average and two moments, old and new, and the gradient: nine vectors. */
export function checkMemory(config: TrainConfig): void {
  const parameters = parametersOf(config)
  requireMemory('config', 9 * 4 * parameters, `a step on ${parameters} parameters`)
}

/** A file that a training writes, and about how long it is. */
export interface PlannedFile {
  readonly name: string
  readonly bytes: number
}

/** The files that a training leaves, as far as it knows. */
export function plannedFiles({ config, autoencoder, snapshots }: TrainCommand): PlannedFile[] {
  const parameters = parametersOf(config)
  const [, height, width] = architectureOf(config.model).sampleShape(config.model)
  return [
    { name: names.state, bytes: 16 * parameters + 4096 },
    { name: names.log, bytes: 200 * Math.ceil(config.steps / 50) },
    { name: names.model, bytes: 2 * parameters + 4096 },
    { name: names.config, bytes: 1024 },
    { name: names.record, bytes: 2 ** 14 },
    // Sixteen samples, twice as large, of bytes that are packed.
    ...(snapshots === undefined ? [] : [{ name: 'samples/step-….png', bytes: 16 * 3 * 4 * height * width }]),
    ...(autoencoder === undefined ? [] : [{ name: 'autoencoder/', bytes: 2 ** 20 }]),
  ]
}

/**
 * Makes sure that a training may begin in, or go on in, `out`, as far as that can be told before the data are read: that nothing of
 * another is there, that it may be written to, and that the disk has room for a model and two states, of which one is
 * written while the other is still there.
 * @throws {OptionError} saying what is in the way.
 */
export function checkOut(options: TrainCommand): void {
  const { out, resume } = options
  requireWritable('out', out)
  const path = (file: keyof typeof names) => join(out, names[file])
  if (existsSync(path('state'))) {
    if (resume !== true)
      throw new OptionError(
        'resume',
        `${path('state')} exists: continue it with resume, or choose another folder`,
      )
  } else {
    const other = (['config', 'model', 'record'] as const).find((file) => existsSync(path(file)))
    if (other !== undefined)
      throw new OptionError(
        'out',
        `${out} holds ${names[other]} but no ${names.state}; choose another folder`,
      )
    const { lines, unreadable } = readLossLog(path('log'))
    if (lines.length === 0 && unreadable > 0)
      throw new OptionError('out', `${path('log')} is no log of a training; choose another folder`)
  }
  const parameters = parametersOf(options.config)
  const states = existsSync(path('state')) ? 1 : 2
  requireDisk('out', out, (16 * states + 4) * parameters, `a training of ${parameters} parameters`)
}

/**
 * Makes sure, before any picture is coded, that a prior of latents is of the autoencoder's.
 * @throws {OptionError} naming both shapes.
 */
export function checkShape({ model }: TrainConfig, autoencoder: FoundAutoencoder | undefined): void {
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

/**
 * Makes sure that a network can be shown the samples of a set: images of the size it says, or crops of another that it can halve.
 * @throws {OptionError} naming both, and what would fit.
 */
export function checkImages({ images, record }: TrainingSet, { model }: TrainConfig): void {
  if (sizeFits(images, model)) return
  const { sampleShape, divisor } = architectureOf(model)
  const shape = sampleShape(model)
  const [channels, height, width] = images.shape
  const odd = [height, width].find((side) => side % divisor(model) !== 0)
  if (isPictureSet(images) && channels === shape[0] && odd !== undefined)
    throw new OptionError(
      'crop',
      `the network halves its images: a side of ${odd} is no multiple of ${divisor(model)}`,
    )
  const larger = height >= shape[1] && width >= shape[2]
  const hint =
    channels !== shape[0]
      ? ''
      : `; ${larger ? `train on crops (crop, --crop ${shape[1] === shape[2] ? shape[1] : `${shape[1]}x${shape[2]}`}), ` : ''}resize them (resize, --resize ${Math.min(shape[1], shape[2])}), or change the model`
  throw new OptionError(
    'config',
    `the model takes images of [${shape.join(', ')}] by its configuration, but ${record.training.file} in ${record.folder} holds [${images.shape.join(', ')}]${hint}`,
  )
}
