// A cell of the grid of pictures: a method on a task. Each is kept in out/grid as it is done, so that a run which is
// interrupted goes on where it was.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MethodRecord, Picture, TaskRecord } from '@tweedie/runs'
import { meanScore, toPictures, verdict } from '@tweedie/runs'
import type { AnyMethod } from '@tweedie/solvers'
import { UnfitError } from '@tweedie/solvers'
import { TweedieError } from '@tweedie/tensor'
import type { Benches, DigitTask } from './digits.ts'
import { benchOf, openBenches, operatorOf, runOn, settingsOf } from './digits.ts'
import { root } from './measured.ts'

/** Digits of a cell: one where a method may take minutes for it. */
export const digitsOf = ({ info }: AnyMethod): 1 | 2 => (info.family === 'explicit' ? 2 : 1)
const folder = join(root, 'out/grid')

/** A grey picture as text: a byte for each pixel. */
interface Kept {
  readonly width: number
  readonly height: number
  readonly pixels: string
}

/** What became of a method on a task. */
export interface GridCell {
  /** Of what it depends on; a cell of another digest is run again. */
  readonly digest: string
  /** Why it cannot, in a sentence without its full stop. */
  readonly cannot?: string
  readonly psnr?: number
  /** That of the degraded picture. */
  readonly input?: number
  readonly misfit?: number
  readonly seconds?: number
  /** What the numbers say of a restoration that is none. */
  readonly why?: string
  readonly measured?: Kept
  readonly restored?: Kept
}

const keep = ({ width, height, channels, data }: Picture): Kept => {
  const size = width * height
  const grey = Uint8Array.from({ length: size }, (_, i) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += data[c * size + i] ?? 0
    return Math.round((255 * sum) / channels)
  })
  return { width, height, pixels: Buffer.from(grey).toString('base64') }
}

export const pictureOf = ({ width, height, pixels }: Kept): Picture => ({
  channels: 1,
  width,
  height,
  data: Float32Array.from(Buffer.from(pixels, 'base64'), (v) => v / 255),
})

const digestOf = (method: AnyMethod, task: DigitTask): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        method.info.name,
        settingsOf(method, task),
        task.operator,
        task.noise,
        digitsOf(method),
      ]),
    )
    .digest('hex')
    .slice(0, 12)

const fileOf = (method: AnyMethod, task: DigitTask) => join(folder, `${method.info.name}--${task.name}.json`)

/** Keeps a cell for later runs. */
export function keepCell(method: AnyMethod, task: DigitTask, cell: GridCell): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(fileOf(method, task), JSON.stringify(cell))
}

/** A cell that was kept; undefined where there is none, or one of other settings. */
export function readCell(method: AnyMethod, task: DigitTask): GridCell | undefined {
  const file = fileOf(method, task)
  if (!existsSync(file)) return undefined
  const cell: GridCell = JSON.parse(readFileSync(file, 'utf8'))
  return cell.digest === digestOf(method, task) ? cell : undefined
}

const scored = (record: TaskRecord, run: MethodRecord): Partial<GridCell> => {
  const [psnr, misfit] = ['psnr', 'misfit'].map((which) => meanScore(run.scores, which))
  const input = meanScore(record.input.scores, 'psnr')
  const { why } = verdict(record, run)
  return {
    seconds: run.seconds,
    ...(psnr !== undefined && { psnr }),
    ...(misfit !== undefined && { misfit }),
    ...(input !== undefined && { input }),
    ...(why !== undefined && { why }),
  }
}

const opened = new Map<number, Promise<Benches>>()

/** The digits of a cell, opened once. */
function open(digits: 1 | 2): Promise<Benches> {
  const benches = opened.get(digits) ?? openBenches(digits)
  opened.set(digits, benches)
  return benches
}

/** Runs a cell; undefined where there is no operator of that name yet. */
export async function runCell(method: AnyMethod, task: DigitTask): Promise<GridCell | undefined> {
  const bench = benchOf(await open(digitsOf(method)), task)
  const operator = operatorOf(task, bench)
  if (operator === undefined) return undefined
  const digest = digestOf(method, task)
  try {
    const { record, restored, measurement } = await runOn(method, task, operator, bench)
    const [run] = record.runs
    const x = restored.get(method.info.name)
    const [first] = measurement ?? []
    const measured = first === undefined ? {} : { measured: keep(first) }
    if (run === undefined || x === undefined)
      return { digest, ...measured, cannot: run?.error ?? 'it did not finish' }
    const [picture] = await toPictures(x)
    x.dispose()
    return {
      digest,
      ...measured,
      ...scored(record, run),
      ...(picture !== undefined && { restored: keep(picture) }),
    }
  } catch (error) {
    if (error instanceof UnfitError) return { digest, cannot: error.reason }
    // A method that refuses a problem says why; anything else is a bug.
    if (error instanceof TweedieError) return { digest, cannot: error.message }
    throw error
  }
}
