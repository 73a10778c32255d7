import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { writeAtomically } from '../checkpoint/file.ts'
import type { TrainProgress } from './train.ts'

/** One line of loss.jsonl. */
export interface LossLine {
  readonly step: number
  readonly loss: number
  readonly lossAverage: number
  readonly learningRate: number
  readonly gradNorm: number
  readonly imagesPerSecond: number
  /** Loss of the averaged parameters on images held out, at the steps where it was measured. */
  readonly heldOut?: number
}

const fields = [
  'step',
  'loss',
  'lossAverage',
  'learningRate',
  'gradNorm',
  'imagesPerSecond',
] as const satisfies readonly (keyof LossLine)[]

/** Adds a step to the log. */
export function appendLoss(path: string, progress: TrainProgress, heldOut?: number): void {
  const { step, loss, lossAverage, learningRate, gradNorm } = progress
  const imagesPerSecond = Math.round(progress.imagesPerSecond * 10) / 10
  const line: LossLine = {
    ...{ step, loss, lossAverage, learningRate, gradNorm, imagesPerSecond },
    ...(heldOut === undefined ? {} : { heldOut }),
  }
  appendFileSync(path, `${JSON.stringify(line)}\n`)
}

/**
 * Adds a loss on images held out to the line of a step, where there is one without: a training that was stopped at that step had no
 * time for it.
 */
export function completeLoss(path: string, step: number, heldOut: number): void {
  const { lines } = readLossLog(path)
  const line = lines.find((each) => each.step === step)
  if (line === undefined) return
  const completed = lines.map((each) => (each === line ? { ...each, heldOut } : each))
  writeAtomically(path, completed.map((each) => `${JSON.stringify(each)}\n`).join(''))
}

function parseLine(text: string): LossLine | undefined {
  try {
    const line = JSON.parse(text) as LossLine
    const isWhole = fields.every((name) => Number.isFinite(line[name]))
    return isWhole && Number.isSafeInteger(line.step) && line.step > 0 ? line : undefined
  } catch {
    return undefined
  }
}

/** The lines of a log in order, and how many texts in it are none; none where there is no log. */
export function readLossLog(path: string): { lines: LossLine[]; unreadable: number } {
  const texts = readText(path)
    .split('\n')
    .filter((text) => text !== '')
  const lines = texts.flatMap((text) => parseLine(text) ?? [])
  return { lines, unreadable: texts.length - lines.length }
}

const readText = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/**
 * Cuts a log back to the state after `step` steps. Lines of later steps are removed, since those steps will be run
 * again; so are lines that cannot be read or whose step does not rise. What remains has each step once, in order.
 * @param onMessage - Told what went.
 */
export function rewindLossLog(path: string, step: number, onMessage: (message: string) => void): void {
  const { lines, unreadable } = readLossLog(path)
  const kept: LossLine[] = []
  for (const line of lines) {
    if (line.step <= step && line.step > (kept.at(-1)?.step ?? 0)) kept.push(line)
  }
  const text = kept.map((line) => `${JSON.stringify(line)}\n`).join('')
  if (text === readText(path)) return
  writeAtomically(path, text)
  const later = lines.filter((line) => line.step > step).length
  const counts: readonly [number, string][] = [
    [unreadable, 'that cannot be read'],
    [lines.length - later - kept.length, 'out of order'],
    [later, `of steps after ${step}`],
  ]
  const dropped = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  if (dropped.length > 0) onMessage(`dropped lines of ${path}: ${dropped.join(', ')}`)
}
