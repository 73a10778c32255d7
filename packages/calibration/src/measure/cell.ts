import { InterruptedError } from '@tweedie/runs'
import { UnfitError } from '@tweedie/solvers'
import { NonFiniteError, TweedieError } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import { pointsOf } from '../points.ts'
import { drawKeys } from '../rows/references.ts'
import type { Case, Cost, Row, SampleMetric } from '../types.ts'

/** What a cell of a table is of. */
export interface CellId {
  readonly suite: string
  /** Version of the suite. */
  readonly version: number
  readonly problem: string
  readonly row: string
  /** The settings of the row in words. */
  readonly words: string
  /** Of the case, and of the row's own draws. */
  readonly seed: number
  readonly samples: number
}

/** One cell: a row on one case. */
export type Cell = CellId &
  (Measured | Refused) & {
    /** Seconds of all of it, metrics included. */
    readonly took: number
  }

/** The numbers of each metric, none where the case lacks something for it, and what the samples cost. */
export interface Measured {
  readonly metrics: Readonly<Record<string, readonly number[]>>
  readonly cost: Cost
}

/** Why there are no samples. */
export interface Refused {
  readonly refused: string
  /** Of one that was stopped, after how many seconds. */
  readonly stoppedAfter?: number | undefined
}

/** A case with the exact draws that samples are compared to, made once for all rows. */
export interface PosedCase {
  readonly posed: Case
  readonly seed: number
  /** The first `count` exact draws, apart from those of the row `exact`. */
  draws(count: number): Points
  /** Frees y. */
  [Symbol.dispose](): void
}

/**
 * A case for all of its rows.
 * @param posed - It owns y from then on.
 */
export function poseOnce(posed: Case, seed: number): PosedCase {
  const { dimension } = posed.posterior
  let all: Points = { values: new Float64Array(0), count: 0, dimension }
  return {
    posed,
    seed,
    draws: (count) => {
      // A draw depends on its key alone: a longer list begins with the shorter one.
      if (all.count < count) all = posed.posterior.sample(drawKeys(seed, 'exact draws', count))
      return pointsOf(all.values.subarray(0, count * dimension), dimension)
    },
    [Symbol.dispose]: () => posed.problem.y.dispose(),
  }
}

/** What is asked of {@link measureCell}. */
export interface CellOptions {
  readonly suite: string
  readonly version: number
  readonly problem: string
  readonly samples: number
  readonly metrics: readonly SampleMetric[]
  /** The most seconds for the samples; what is at work then ends its step. */
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number): void
}

/** What kept a row from samples, in words. */
const whyNot = (error: TweedieError): string =>
  error instanceof UnfitError
    ? error.reason
    : error instanceof NonFiniteError
      ? 'it diverges there'
      : error.message

/**
 * One cell: has the row draw, and judges what it drew. A method that does not fit, or diverges, is a cell that says so; an
 * error that is none of ours is thrown.
 *
 * @throws {InterruptedError} where `signal` is raised.
 * @example
 * ```ts
 * import { exactDraws, measureCell, poseOnce, sampleMetrics, suites } from '@tweedie/calibration'
 * const problem = suites[0]!.problems[0]!
 * using posed = poseOnce(problem.pose(0), 0)
 * const metrics = sampleMetrics.filter(({ info }) => info.name === 'sw')
 * const options = { suite: 'gmm', version: 1, problem: problem.name, samples: 50, metrics }
 * const cell = await measureCell(exactDraws, posed, options)
 * 'metrics' in cell && cell.metrics['sw']?.length // => 1
 * ```
 */
export async function measureCell(
  row: Row,
  { posed, draws, seed }: PosedCase,
  options: CellOptions,
): Promise<Cell> {
  const { suite, version, problem, metrics, limit, signal } = options
  const samples = Math.min(options.samples, row.most ?? Infinity)
  const id: CellId = { suite, version, problem, row: row.name, words: row.words, seed, samples }
  const began = performance.now()
  const took = () => (performance.now() - began) / 1000
  const refuse = (why: string): Cell => ({ ...id, refused: why, took: took() })
  const lack = row.lacks(posed)
  if (lack !== undefined) return refuse(lack)
  const stop = new AbortController()
  try {
    const drawn = await row.draw(posed, {
      samples,
      seed,
      signal: AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]),
      onProgress: (done) => {
        options.onProgress?.(done)
        if (limit !== undefined && done < 1 && took() > limit) stop.abort()
      },
    })
    if (!drawn.values.every(Number.isFinite)) return refuse('it diverges there')
    const judged = { posed, draws: draws(drawn.count), logEvidence: drawn.logEvidence }
    const found = metrics.map((metric) => {
      const numbers = metric.lacks(posed) === undefined ? metric.of(drawn, judged) : []
      return [metric.info.name, numbers] as const
    })
    return { ...id, metrics: Object.fromEntries(found), cost: drawn.cost, took: took() }
  } catch (error) {
    if (error instanceof InterruptedError) {
      if (signal?.aborted === true || limit === undefined) throw error
      return { ...refuse(`stopped after ${limit} s`), stoppedAfter: limit }
    }
    if (!(error instanceof TweedieError)) throw error
    return refuse(whyNot(error))
  }
}
