import type { Case, Cell, Measured, Row, SampleMetric, Summary } from '@tweedie/calibration'
import {
  crps,
  exactDraws,
  exactPosteriorOf,
  hpdCoverage,
  inCentral,
  inHighest,
  marginalCoverage,
  measureCell,
  poseOnce,
  rankCalibration,
  rankSpread,
  rowsOfMethod,
  slicedWasserstein,
  varianceRatio,
} from '@tweedie/calibration'
import { InterruptedError } from '@tweedie/runs'
import { methods } from '@tweedie/solvers'
import { fromData, normal, OptionError, randomKey, scope, TweedieError } from '@tweedie/tensor'
import type { PlaneProblem } from '../../plane/engine/problem.ts'
import { posed } from '../../plane/engine/problem.ts'
import { normalOf } from '../../plane/law.ts'
import { drawsOfCase, mostCases, parts } from './calibration-size.ts'

/** What is asked of a watch of calibration. */
export interface CalibrationRequest {
  /** The prior, and the direction and noise of its measurements: the truth and y are drawn for each case. */
  readonly plane: PlaneProblem
  /** `name:key=value,…` each. */
  readonly methods: readonly string[]
  readonly seed: number
}

/** Whose ranks are kept, by their places in the numbers of {@link rankCalibration}, which begin with the number of samples. */
const ranked = { first: 1, second: 2, density: -1 } as const
export type Ranked = keyof typeof ranked

/** How a method stands after some cases. */
export interface Standing {
  /** As it was asked for; 'exact' for draws of the posterior. */
  readonly method: string
  readonly cases: number
  /** Why there is nothing, or in how many cases there was nothing. */
  readonly refused?: string
  /** By the names of the metrics, with their 95 % intervals. */
  readonly metrics: Readonly<Record<string, Summary>>
  /** Ranks 0 … 99 of the truth, one a case. */
  readonly ranks: Readonly<Record<Ranked, readonly number[]>>
  /** For each of {@link parts} how often the truth was in that part: of highest density, and of both coordinates. */
  readonly highest: readonly number[]
  readonly central: readonly number[]
  /** Means of a case. */
  readonly nfe: number
  readonly vjps: number
  readonly seconds: number
}

/** The metrics that are shown; not by the list of all, which would bring all. */
const shown: readonly SampleMetric[] = [
  slicedWasserstein,
  varianceRatio,
  rankCalibration,
  rankSpread,
  hpdCoverage,
  marginalCoverage,
  crps,
]

/** A truth of the prior and its measurement, with the posterior in closed form. The caller frees y. */
export async function caseOf({ plane, seed }: Omit<CalibrationRequest, 'methods'>, k: number): Promise<Case> {
  const { prior, problem } = await posed(plane)
  const key = randomKey(seed).fold('case').fold(k)
  const host = { dtype: 'float64', device: 'reference' } as const
  const [truth, noise] = scope(() => [
    Float64Array.from(prior.law.sample([key.fold('truth')], host).dataSync(), Number),
    Number(normal(key.fold('noise'), [1], host).dataSync()[0]),
  ])
  const clean = normalOf(plane.stripe).reduce((sum, a, d) => sum + a * (truth[d] ?? 0), 0)
  // In float32, as the plane has it: the posterior is of the number that methods are given.
  const y = fromData([clean + plane.stripe.sigma * noise], [1, 1], { dtype: 'float32' })
  const own = { ...problem, y }
  return { prior, problem: own, truth, ...exactPosteriorOf(prior, own) }
}

/** The row of a method: of one that moves particles, those of one run. @throws {OptionError} for words that are wrong. */
function rowOf(text: string): Row {
  const suite = { settings: () => undefined, populations: ['one run'] as const }
  const [row] = rowsOfMethod(methods.parse(text), suite, {})
  if (row === undefined) throw new OptionError('method', `'${text}' is no method`)
  return row
}

const isGood = (cell: Cell): cell is Cell & Measured => 'metrics' in cell
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / Math.max(1, list.length)

/** All cells of a method as one. */
export function standingOf(method: string, cells: readonly Cell[]): Standing {
  const good = cells.filter(isGood)
  const numbers = (name: string) =>
    good.flatMap(({ metrics }) => (metrics[name]?.length ? [metrics[name]] : []))
  const summaries = shown.flatMap(({ info: { name }, over }) => {
    const of = numbers(name)
    return of.length > 0 ? [[name, over(of)] as const] : []
  })
  const all = numbers(rankCalibration.info.name)
  const ranks = (name: Ranked) => all.map((list) => list.at(ranked[name]) ?? Number.NaN)
  const [first, second, density] = [ranks('first'), ranks('second'), ranks('density')]
  const covered = (list: readonly number[], inside: typeof inHighest) =>
    parts.map((part) => mean(list.map((rank) => inside(rank, drawsOfCase, part))))
  const refused = cells.flatMap((cell) => ('refused' in cell ? [cell.refused] : []))
  return {
    ...{ method, cases: good.length },
    ...(refused[0] !== undefined && {
      refused: good.length === 0 ? refused[0] : `nothing in ${refused.length} cases: ${refused[0]}`,
    }),
    metrics: Object.fromEntries(summaries),
    ranks: { first, second, density },
    highest: covered(density, inHighest),
    central: covered([...first, ...second], inCentral),
    nfe: mean(good.map(({ cost }) => cost.nfe)),
    vjps: mean(good.map(({ cost }) => cost.vjps)),
    seconds: mean(good.map(({ cost }) => cost.seconds)),
  }
}

/** The cells of the last request: one that was stopped goes on with them. */
let latest: { readonly key: string; readonly cells: Map<string, Cell[]>; done: number } | undefined

/** Forgets the cells of the last request. */
export function forgetCells(): void {
  latest = undefined
}

/**
 * Draws cases and has every method sample each, one case after the other, so that all methods stand at the same number of cases.
 * `onCase` gets how they stand after each case, exact draws first.
 * @throws {InterruptedError} between two steps of a method; what was measured is kept for the same request.
 */
export async function calibrate(
  request: CalibrationRequest,
  signal: AbortSignal,
  onCase: (standings: readonly Standing[]) => void | Promise<void>,
): Promise<void> {
  const key = JSON.stringify(request)
  if (latest?.key !== key) latest = { key, cells: new Map(), done: 0 }
  const kept = latest
  const rows = [
    { method: 'exact', row: () => exactDraws },
    ...request.methods.map((method) => ({ method, row: () => rowOf(method) })),
  ]
  for (; kept.done < mostCases; kept.done++) {
    using pose = poseOnce(await caseOf(request, kept.done), kept.done)
    const options = {
      suite: 'plane',
      version: 1,
      problem: 'plane',
      samples: drawsOfCase,
      metrics: shown,
      signal,
    }
    const fresh: [string, Cell][] = []
    for (const { method, row } of rows) fresh.push([method, await cellOf(row, pose, options)])
    for (const [method, cell] of fresh) kept.cells.set(method, [...(kept.cells.get(method) ?? []), cell])
    await onCase(rows.map(({ method }) => standingOf(method, kept.cells.get(method) ?? [])))
    if (signal.aborted) {
      kept.done++
      throw new InterruptedError()
    }
  }
}

/** A cell, or why there is none: words that are wrong do not end the watch of the others. */
async function cellOf(
  row: () => Row,
  pose: ReturnType<typeof poseOnce>,
  options: Parameters<typeof measureCell>[2],
): Promise<Cell> {
  try {
    return await measureCell(row(), pose, options)
  } catch (error) {
    if (!(error instanceof TweedieError) || error instanceof InterruptedError) throw error
    const { suite, version, problem, samples } = options
    const id = { suite, version, problem, row: '', words: '', seed: pose.seed, samples }
    return { ...id, refused: error.message, took: 0 }
  }
}
