import type { Judged } from '@tweedie/calibration'
import { crps, pointsOf } from '@tweedie/calibration'
import { repeatSample } from '@tweedie/runs'
import { misfit, psnr } from '@tweedie/solvers'
import { fromData } from '@tweedie/tensor'
import type { Frame as DigitsFrame, Pictures } from '../../digits/engine/frames.ts'
import type { Ground } from '../../digits/engine/problem.ts'
import { greysOf, pose } from '../../digits/engine/problem.ts'
import type { RunRequest as DigitsRequest } from '../../digits/engine/run.ts'
import { runDigits } from '../../digits/engine/run.ts'
import type { Frame as PlaneFrame } from '../../plane/engine/frames.ts'
import { numbersOf } from '../../plane/engine/numbers.ts'
import type { RunRequest as PlaneRequest } from '../../plane/engine/run.ts'
import { runPlane } from '../../plane/engine/run.ts'
import type { CellScores } from '../scores.ts'

/** What a run has come to, as a cell of a map shows it. */
export interface CellResult {
  readonly scores: CellScores
  readonly nfe: number
  readonly vjps: number
  readonly milliseconds: number
  /** The samples, [N, 784] pixels of digits or [N, 2] particles, one after the other. */
  readonly x: Float32Array<ArrayBuffer>
  /** Of a population of weighted particles. */
  readonly weights?: Float32Array<ArrayBuffer>
  /** Of a digit, the greys that were measured. */
  readonly greys?: Uint8Array<ArrayBuffer>
}

/** The run of a digit, as its room makes it, with the scores of its samples. */
export async function digitsCell(
  request: DigitsRequest,
  ground: Ground,
  signal: AbortSignal,
): Promise<CellResult> {
  let last: DigitsFrame | undefined
  const { nfe, vjps, milliseconds } = await runDigits(request, ground, signal, (frame) => {
    last = frame
  })
  if (last === undefined) throw new RangeError('a run without steps')
  const { x } = last
  const scores = await scoresOfPictures(x, request, ground)
  return { scores, nfe, vjps, milliseconds, x: x.data, greys: greysOf(request.problem, ground.heldOut) }
}

async function scoresOfPictures(
  { shape, data }: Pictures,
  { problem, seed }: DigitsRequest,
  ground: Ground,
): Promise<CellScores> {
  const posed = pose(problem, seed, ground.heldOut)
  const { operator, noise } = posed
  using one = posed.truth
  using measured = posed.y
  const [count] = shape
  using truth = repeatSample(one, count)
  using y = repeatSample(measured, count)
  using x = fromData(data, [...shape])
  const average = (list: ArrayLike<number>) => Array.from(list).reduce((a, b) => a + b, 0) / count
  const samples = pointsOf(Float64Array.from(data), data.length / count)
  const posedTruth = { truth: Float64Array.from(one.dataSync(), Number) }
  return {
    psnr: average(await psnr(x, truth)),
    ...(noise.sigma !== undefined &&
      noise.sigma > 0 && { misfit: average(await misfit({ operator, noise, y }, x)) }),
    // Of the truth alone, which is all that it reads.
    ...(count > 1 && { crps: crps.of(samples, { posed: posedTruth } as Judged)[0] ?? Number.NaN }),
  }
}

/** The run on the plane, as its room makes it, with its distance from the exact posterior. */
export async function planeCell(request: PlaneRequest, signal: AbortSignal): Promise<CellResult> {
  let last: PlaneFrame | undefined
  const { nfe, vjps, milliseconds } = await runPlane(request, signal, (frame) => {
    last = frame
  })
  if (last === undefined) throw new RangeError('a run without steps')
  const { x, alpha, sigma, population } = last
  const weights = population?.weights
  const { sw, floor, spread, coverage } = await numbersOf({
    ...{ plane: request.plane, x, alpha, sigma },
    ...(weights && { weights }),
  })
  return { scores: { sw, floor, spread, coverage }, nfe, vjps, milliseconds, x, ...(weights && { weights }) }
}
