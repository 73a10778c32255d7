import type { TrainedOn } from '../architectures/trained-on.ts'
import { readJson } from '../checkpoint/file.ts'
import type { DataRecord } from '../data/record.ts'
import { field, objectOf, text, whole } from '../fields.ts'
import { recordedTraining } from '../models/training-record.ts'
import type { Arithmetic } from './arithmetic.ts'
import type { TrainConfig } from './config.ts'
import type { Evaluation } from './evaluate.ts'
import type { InitRecord } from './init-from.ts'
import type { AutoencoderRecord } from './latent-set.ts'
import type { LossLine } from './loss-log.ts'
import type { LatentMoments } from './standardise.ts'

/** What record.json says about a trained prior. */
export interface TrainRecord {
  readonly name: string
  readonly config: TrainConfig
  readonly parameters: number
  readonly trainingImages: number
  /** What the training images were, in a line. */
  readonly data: string
  /** The files they came from; not in records of before this was kept. */
  readonly dataset?: DataRecord
  /** The command that makes this prior again. */
  readonly command: string
  /** On images that were not trained on; null where there were none. */
  readonly evaluation: (Evaluation & { readonly images: string; readonly seed: number }) | null
  /** Of a prior on latents: the autoencoder, which lies in the folder `autoencoder` beside the record. */
  readonly autoencoder?: AutoencoderRecord
  /** The checkpoint whose parameters it began with; left out for fresh ones. */
  readonly initFrom?: InitRecord
  /** Of an autoencoder: what the latents were before they were scaled, which the parameters now do. */
  readonly latents?: LatentMoments
  readonly lossCurve: readonly (readonly [step: number, lossAverage: number])[]
  readonly finished: string
  readonly secondsOfThisRun: number
  readonly machine: Readonly<Record<string, unknown>>
  /** The settings that the bits depend on; more than one where the training went on under others. */
  readonly arithmetic?: readonly Arithmetic[]
}

/** At most some 200 points of a log, the last among them. */
export function lossCurve(lines: readonly LossLine[]): (readonly [number, number])[] {
  const every = Math.max(1, Math.floor(lines.length / 200))
  return lines
    .filter((_, i) => i % every === 0 || i === lines.length - 1)
    .map((line) => [line.step, Number(line.lossAverage.toPrecision(5))])
}

/** The record of a trained prior. @throws {FileFormatError} where it is not there or lacks what is read of it. */
export function readRecord(path: string): TrainRecord {
  const json = readJson(path)
  const { predicts } = checkRecord(path, json)
  const record = json as TrainRecord
  // Records of before there was a choice do not say it.
  return { ...record, config: { ...record.config, predicts } }
}

/**
 * Makes sure that the JSON of a record has what is read of it: what the network was trained on, the name, what the
 * images were and how many, the number of parameters.
 */
function checkRecord(path: string, json: unknown): TrainedOn {
  const trainedOn = recordedTraining(path, json)
  const record = objectOf(path, json)
  for (const name of ['parameters', 'trainingImages'])
    field(path, record, name, whole(0, Number.MAX_SAFE_INTEGER))
  for (const name of ['name', 'data']) field(path, record, name, text)
  return trainedOn
}
