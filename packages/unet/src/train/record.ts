import { readJson } from '../checkpoint/file.ts'
import type { DataRecord } from '../data/training-set.ts'
import type { Arithmetic } from './arithmetic.ts'
import type { TrainConfig } from './config.ts'
import type { Evaluation } from './evaluate.ts'
import type { LossLine } from './loss-log.ts'
import { checkRecord } from './record-check.ts'

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
  checkRecord(path, json)
  return json as TrainRecord
}
