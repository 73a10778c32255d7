import type { LinePoint, LineSearchOptions } from '@tweedie/autograd'
import { wolfeTrials } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, OptionError, scope, zeros } from '@tweedie/tensor'
import { batchOf, choose, dots, perSample } from '../linalg/per-sample.ts'
import { sampleAxes } from '../run/residual.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { Evaluated, Stepped, StepwiseOptimizer } from './stepwise.ts'

/** Where the line search of a sample is: numbers alone. */
export interface LbfgsRow {
  /** f at the iterate. */
  readonly value: number
  /** ∇f·d at the iterate, and ‖∇f‖₁. */
  readonly slope: number
  readonly size: number
  /** Pairs of the history that are the sample's. */
  readonly pairs: number
  /** The step length to be tried; 0 at first and at the end. */
  readonly alpha: number
  /** Of this search: α, φ(α) and φ′(α) of each trial, one after the other. */
  readonly trials: readonly number[]
  /** 0 before the first evaluation, 1 in a search, 2 where the next point is taken as it is, 3 at the end. */
  readonly phase: 0 | 1 | 2 | 3
}

/** Where {@link lbfgsSteps} is: tensors [N, …], and a row for each sample. */
export interface LbfgsStepsState {
  readonly x: Tensor
  readonly gradient: Tensor
  readonly direction: Tensor
  /** s = x_{k+1} − x_k and y = ∇f_{k+1} − ∇f_k, [N, m, …], the newest last; of a sample its last `pairs`. */
  readonly s: Tensor
  readonly y: Tensor
  readonly rows: readonly LbfgsRow[]
}

/** Options of {@link lbfgsSteps}. */
export interface LbfgsStepsOptions {
  /** Pairs remembered. Default 10. */
  historySize?: number
  /** A sample ends where max |∇f| is at most this. Default 1e-7. */
  gradientTolerance?: number
  /** c₁, c₂ and the evaluations of one line search. */
  lineSearch?: Omit<LineSearchOptions, 'initial' | 'slack'>
}

/**
 * L-BFGS (Nocedal & Wright 2006, Algorithms 7.4 and 7.5) with a strong-Wolfe line search, as `lbfgs` of autograd, on each
 * sample of a batch: history, step length and end are a sample's own, the evaluations are the batch's. Every evaluation,
 * the trials of line searches too, is an update, and the state tells all, so that it can be left between any two.
 *
 * A sample ends where its gradient is small enough, or where no lower point is found along −∇f.
 *
 * @throws {OptionError} for options out of range.
 * @example
 * ```ts
 * import { lbfgsSteps } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { init, at, update } = lbfgsSteps()
 * let state = init(tensor([[3, -2], [1, 5]], { dtype: 'float64' }))
 * for (let k = 0; k < 12; k++) {
 *   const x = at(state)
 *   const scaled = x.mul(tensor([[1, 30]], { dtype: 'float64' }))
 *   ;({ state } = update(state, { value: x.mul(scaled).sum(1), gradient: scaled.mul(2) }, [true, true]))
 * }
 * state.x.abs().max().dataSync()[0]! < 1e-6 // => true
 * ```
 */
export function lbfgsSteps(options: LbfgsStepsOptions = {}): StepwiseOptimizer<LbfgsStepsState> {
  const { historySize = 10, gradientTolerance = 1e-7, lineSearch = {} } = options
  requirePositive('historySize', historySize)
  if (!(gradientTolerance >= 0))
    throw new OptionError('gradientTolerance', `must be at least 0, got ${gradientTolerance}`)
  return {
    init: (x) => {
      const pairs = () =>
        zeros([batchOf(x), historySize, ...x.shape.slice(1)], { dtype: x.dtype, device: x.device })
      const nothing = () => zeros(x.shape, { dtype: x.dtype, device: x.device })
      const row = { value: 0, slope: 0, size: 0, pairs: 0, alpha: 0, trials: [], phase: 0 } as const
      const rows = new Array<LbfgsRow>(batchOf(x)).fill(row)
      return { x, gradient: nothing(), direction: nothing(), s: pairs(), y: pairs(), rows }
    },
    at: pointOf,
    update: (state, point, active) =>
      scope(() => advance(state, point, active, { historySize, gradientTolerance, lineSearch })),
  }
}

/** x + α·d. */
function pointOf({ x, direction, rows }: LbfgsStepsState): Tensor {
  const alphas = rows.map(({ alpha }) => alpha)
  return x.add(direction.mul(perSample(alphas, x)))
}

/** What becomes of a sample: its point is taken, or it searches on, or begins anew without its history. */
type Verdict = LbfgsRow | 'take' | 'forget'

function judge(
  row: LbfgsRow,
  value: number,
  slope: number,
  slack: number,
  options: LineSearchOptions,
): Verdict {
  if (row.phase === 3) return row
  if (row.phase !== 1) return 'take'
  // What is not finite is too high, and has to be a number that a file can hold.
  const held = (v: number, instead: number) => (Number.isFinite(v) ? v : instead)
  const trials = [...row.trials, row.alpha, held(value, Number.MAX_VALUE), held(slope, 0)]
  const start = { alpha: 0, value: row.value, slope: row.slope }
  const search = wolfeTrials<LinePoint>(start, { ...options, initial: firstTrial(row), slack })
  let asked = search.next()
  for (let k = 0; k < trials.length && asked.done !== true; k += 3) {
    const [alpha = 0, value = 0, slope = 0] = trials.slice(k, k + 3)
    asked = search.next({ alpha, value, slope })
  }
  if (asked.done !== true) return { ...row, trials, alpha: asked.value }
  const { alpha } = asked.value.point
  if (alpha === row.alpha) return 'take'
  // The best of the search was an earlier trial: it is evaluated again, for its gradient.
  if (alpha > 0) return { ...row, trials: [], alpha, phase: 2 }
  return row.pairs > 0 ? 'forget' : { ...row, trials: [], alpha: 0, phase: 3 }
}

const firstTrial = ({ pairs, size }: Pick<LbfgsRow, 'pairs' | 'size'>): number =>
  pairs > 0 ? 1 : Math.min(1, 1 / size)

function advance(
  state: LbfgsStepsState,
  { value, gradient }: Evaluated,
  active: readonly boolean[],
  options: Required<LbfgsStepsOptions>,
): Stepped<LbfgsStepsState> {
  const { historySize, gradientTolerance, lineSearch } = options
  const values = Array.from(value.dataSync())
  const slopes = dots(gradient, state.direction)
  const epsilon = gradient.dtype === 'float32' ? 2 ** -23 : 2 ** -52
  const verdicts = state.rows.map((row, i) =>
    active[i]
      ? judge(row, values[i] ?? 0, slopes[i] ?? 0, 4 * epsilon * Math.abs(row.value), lineSearch)
      : row,
  )
  const taken = verdicts.map((verdict) => verdict === 'take')
  const turns = verdicts.map((verdict) => typeof verdict === 'string')
  if (!turns.includes(true)) {
    const rows = verdicts.map(
      (verdict, i) => (typeof verdict === 'string' ? state.rows[i] : verdict) ?? never(),
    )
    return { state: { ...state, rows }, taken, values: rows.map((row) => row.value) }
  }
  const point = pointOf(state)
  const [ds, dy] = [point.sub(state.x), gradient.sub(state.gradient)]
  const [sy, yy] = [dots(ds, dy), dots(dy, dy)]
  const curved = state.rows.map(
    ({ phase }, i) => taken[i] === true && phase !== 0 && (sy[i] ?? 0) > Number.EPSILON * (yy[i] ?? 0),
  )
  const s = choose(curved, pushed(state.s, ds), state.s)
  const y = choose(curved, pushed(state.y, dy), state.y)
  const x = choose(taken, point, state.x)
  const slopeOf = choose(taken, gradient, state.gradient)
  const sizes = Array.from(slopeOf.abs().sum(sampleAxes(slopeOf)).dataSync())
  const tops = slopeOf.abs().max(sampleAxes(slopeOf)).dataSync()
  let pairs = state.rows.map((row, i) =>
    verdicts[i] === 'forget' ? 0 : curved[i] ? Math.min(historySize, row.pairs + 1) : row.pairs,
  )
  let turned = directions(slopeOf, s, y, pairs)
  let descents = dots(slopeOf, turned)
  // Where rounding has made a direction lead uphill, the history is forgotten.
  const uphill = descents.map((d, i) => !(d < 0) && (pairs[i] ?? 0) > 0)
  if (uphill.includes(true)) {
    pairs = pairs.map((count, i) => (uphill[i] ? 0 : count))
    turned = choose(uphill, slopeOf.neg(), turned)
    descents = dots(slopeOf, turned)
  }
  const rows = verdicts.map((verdict, i): LbfgsRow => {
    if (typeof verdict !== 'string') return verdict
    const [count = 0, size = 0, slope = 0] = [pairs[i], sizes[i], descents[i]]
    const at = verdict === 'take' ? values[i] : state.rows[i]?.value
    const ends = !((tops[i] ?? 0) > gradientTolerance) || !(slope < 0)
    const alpha = ends ? 0 : firstTrial({ pairs: count, size })
    return { value: at ?? 0, slope, size, pairs: count, alpha, trials: [], phase: ends ? 3 : 1 }
  })
  const direction = choose(turns, turned, state.direction)
  return {
    state: { x, gradient: slopeOf, direction, s, y, rows },
    taken,
    values: rows.map((row) => row.value),
  }
}

const never = (): never => {
  throw new RangeError('as many rows as samples')
}

/** A history without its oldest, and with a newest. */
const pushed = (history: Tensor, newest: Tensor): Tensor =>
  concat([history.slice(null, [1, null]), newest.reshape([batchOf(newest), 1, ...newest.shape.slice(1)])], 1)

/** −H·∇f of each sample by the two-loop recursion, over its own pairs. */
function directions(gradient: Tensor, s: Tensor, y: Tensor, pairs: readonly number[]): Tensor {
  const m = s.shape[1] ?? 0
  const most = Math.max(0, ...pairs)
  const column = (of: readonly number[]) => perSample(of, gradient)
  const used = (j: number, of: readonly number[]) => of.map((v, i) => (j >= m - (pairs[i] ?? 0) ? v : 0))
  const pair = (j: number) => {
    const [sj, yj] = [s.slice(null, j), y.slice(null, j)]
    return { sj, yj, rho: used(j, dots(sj, yj).map((v) => 1 / v)) } // biome-ignore format: one line
  }
  const along = (rho: readonly number[], by: readonly number[]) =>
    rho.map((r, i) => (r === 0 ? 0 : r * (by[i] ?? 0)))
  let q = gradient.neg()
  const alphas: number[][] = []
  for (let j = m - 1; j >= m - most; j--) {
    const { sj, yj, rho } = pair(j)
    const alpha = along(rho, dots(sj, q))
    alphas[j] = alpha
    q = q.sub(yj.mul(column(alpha)))
  }
  if (most === 0) return q
  const newest = pair(m - 1)
  const squares = dots(newest.yj, newest.yj)
  let r = q.mul(column(newest.rho.map((rho, i) => (rho === 0 ? 1 : 1 / (rho * (squares[i] ?? 1))))))
  for (let j = m - most; j < m; j++) {
    const { sj, yj, rho } = pair(j)
    const beta = along(rho, dots(yj, r))
    r = r.add(sj.mul(column(beta.map((b, i) => (alphas[j]?.[i] ?? 0) - b))))
  }
  return r
}
