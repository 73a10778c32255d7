import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { Network } from '../architectures/predictor.ts'
import { writeAtomically } from '../checkpoint/file.ts'
import type { ImageSet, Values } from '../data/images.ts'
import { imageSet } from '../data/images.ts'
import { isPictureSet, wholeImages } from '../data/pictures.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { loadNetwork } from '../models/folder.ts'
import { encodeBatch } from './standardise.ts'

/** The files of an autoencoder that `tweedie train` wrote. */
const files = ['record.json', 'model.safetensors', 'config.json'] as const

/** What a record says of the autoencoder whose latents a prior was trained on. */
export interface AutoencoderRecord {
  /** Name of its folder. */
  readonly folder: string
  /** SHA-256 of its model.safetensors; hexadecimal. */
  readonly sha256: string
}

/** An autoencoder from a folder, with the bytes of its files. */
export interface FoundAutoencoder {
  readonly network: Network
  readonly record: AutoencoderRecord
  /** Writes the same files into a folder that there is. */
  copyTo(folder: string): void
}

/**
 * The autoencoder in a folder that `tweedie train` wrote.
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the others.
 * @throws {OptionError} where the network is no autoencoder.
 */
export function readAutoencoder(folder: string): FoundAutoencoder {
  const network = loadNetwork(folder)
  if (architectureOf(network.config).coder === undefined)
    throw new OptionError(
      'autoencoder',
      `${folder} holds a network of ${network.config.architecture}, no autoencoder`,
    )
  const contents = files.map((name) => {
    try {
      return [name, readFileSync(join(folder, name))] as const
    } catch (error) {
      throw new FileFormatError(join(folder, name), `cannot be read: ${(error as Error).message}`)
    }
  })
  const weights = new Map<string, Uint8Array>(contents).get('model.safetensors') ?? new Uint8Array()
  return {
    network,
    record: {
      folder: basename(resolve(folder)),
      sha256: createHash('sha256').update(weights).digest('hex'),
    },
    copyTo: (to) => {
      for (const [name, bytes] of contents) writeAtomically(join(to, name), bytes)
    },
  }
}

/** Images coded at a time. */
const batch = 100

/**
 * A training set of latents in the place of pictures: what is learned are the means of their channels. Yields now and then,
 * the number of pictures done and in all.
 * @throws {OptionError} where the pictures are of another shape than the autoencoder's.
 */
export function* latentSet(
  { images: given, validation, test, ...rest }: TrainingSet,
  { config, params }: Network,
): Generator<{ readonly done: number; readonly all: number }, TrainingSet> {
  const { coder, sampleShape } = architectureOf(config)
  if (coder === undefined) throw new TypeError('latentSet: the network is no autoencoder')
  const images = isPictureSet(given) ? wholeImages(given) : given
  if (images === undefined)
    throw new OptionError(
      'data',
      'latents are of images of one size, taken as they are: no crops, flips or turns, and pictures of the size that the autoencoder codes',
    )
  const wanted = sampleShape(config)
  if (wanted.join() !== images.shape.join())
    throw new OptionError(
      'autoencoder',
      `codes pictures of [${wanted.join(', ')}], the data are of [${images.shape.join(', ')}]`,
    )
  const [channels = 0, height = 0, width = 0] = coder.latentShape(config)
  const size = channels * height * width
  const all = images.count + (validation?.count ?? 0) + (test?.count ?? 0)
  let done = 0
  function* coded(set: ImageSet<Values>): Generator<{ done: number; all: number }, ImageSet<Float32Array>> {
    const values = new Float32Array(set.count * size)
    for (let from = 0; from < set.count; from += batch) {
      const n = Math.min(batch, set.count - from)
      values.set(encodeBatch(params, config, set, from, n), from * size)
      done += n
      yield { done, all }
    }
    const latents = imageSet(values, [channels, height, width])
    return set.labels === undefined ? latents : { ...latents, labels: set.labels }
  }
  function* codedPart(set: ImageSet<Values> | undefined) {
    return set === undefined ? undefined : yield* coded(set)
  }
  return {
    ...rest,
    images: yield* coded(images),
    validation: yield* codedPart(validation),
    test: yield* codedPart(test),
  }
}
