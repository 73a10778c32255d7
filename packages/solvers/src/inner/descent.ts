import type { AdamOptions, LbfgsOptions, LbfgsReason } from '@tweedie/autograd'
import { adam, lbfgs, valueAndGrad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, OptionError, ShapeError, scope, treeLeaves } from '@tweedie/tensor'
import { choose } from '../linalg/per-sample.ts'
import { requireCount } from './chain.ts'

/**
 * One number for each sample to be made small: x [n, …] to [n]. x may hold some of a batch's samples only; `rows`
 * takes a tensor of the whole batch, such as the measurements y, to the rows of the samples in x. Samples must not
 * depend on each other.
 */
export type SampleObjective = (x: Tensor, rows: (batch: Tensor) => Tensor) => Tensor

/** Options of {@link adamDescent}. */
export interface AdamDescentOptions extends AdamOptions {
  /** Most updates. */
  steps: number
  /** A sample ends where its objective is at most this: one number, or one for each; without it none ends early. */
  target?: number | readonly number[]
}

/** Options of {@link lbfgsDescent}. */
export type LbfgsDescentOptions = LbfgsOptions

/** What {@link adamDescent} came to. */
export interface AdamDescent {
  /** [N, …]. */
  readonly x: Tensor
  /** Updates of each sample. */
  readonly iterations: readonly number[]
}

/** What {@link lbfgsDescent} came to, one entry per sample but for x. */
export interface LbfgsDescent {
  /** [N, …]. */
  readonly x: Tensor
  readonly value: readonly number[]
  readonly iterations: readonly number[]
  /** Evaluations of the objective and its gradient. */
  readonly evaluations: readonly number[]
  readonly reason: readonly LbfgsReason[]
}

/**
 * Adam on each sample of a batch. It treats every element apart, so that one update of the whole batch is one of
 * each sample: a batch of N equals N single runs. With `target` (a discrepancy to stop at) a sample that has
 * reached it stays where it is.
 *
 * @param x - [N, …], where to start; stays valid.
 * @throws {OptionError} for options out of range; {ShapeError} where there is not one objective, or one target, per
 * sample; with a target, {DeviceError} on a device the host cannot read at once.
 * @example
 * ```ts
 * import { adamDescent } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const y = tensor([[1], [-2]])
 * const { x } = adamDescent((x, rows) => x.sub(rows(y)).square().sum(1), tensor([[0], [0]]), {
 *   steps: 200, learningRate: 0.1, target: 1e-6,
 * })
 * x.sub(y).abs().max().dataSync()[0]! < 2e-3 // => true
 * ```
 */
export function adamDescent(objective: SampleObjective, x: Tensor, options: AdamDescentOptions): AdamDescent {
  const { steps, target, ...rest } = options
  requireCount('steps', steps)
  const samples = samplesOf('adamDescent', x)
  const targets = target === undefined ? undefined : targetsOf(target, samples)
  const { init, update } = adam(rest)
  const evaluate = evaluation('adamDescent', (at) => objective(at, (batch) => batch))
  const iterations = new Array<number>(samples).fill(0)
  return scope(() => {
    let at = { params: x, state: init(x) }
    for (let k = 0; k < steps; k++) {
      const next = scope(() => {
        const [[, values], gradient] = evaluate(at.params)
        const now = targets === undefined ? undefined : values.dataSync()
        const active = iterations.map((_, i) => now === undefined || !(now[i]! <= targets![i]!))
        if (!active.includes(true)) return undefined
        active.forEach((moves, i) => {
          if (moves) iterations[i]!++
        })
        const { params, state } = update(gradient, at.state, at.params)
        return { params: choose(active, params, at.params), state }
      })
      if (next === undefined) break
      for (const old of treeLeaves(at)) if (old !== x) old.dispose()
      at = next
    }
    return { x: at.params === x ? x.detach() : at.params, iterations }
  })
}

/**
 * L-BFGS with a line search on each sample of a batch, one after the other: step lengths and curvature are a
 * sample's own, so that a batch of N equals N single runs. The objective is called on one row at a time.
 *
 * @param x - [N, …], where to start; stays valid.
 * @throws {OptionError | ShapeError} as {@link adamDescent}; {NonFiniteError} where an objective is not finite at
 * the start; {DeviceError} on a device the host cannot read at once.
 * @example
 * ```ts
 * import { lbfgsDescent } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const y = tensor([[1, 2], [-2, 5]], { dtype: 'float64' })
 * const scale = tensor([[1, 30]], { dtype: 'float64' })
 * const misfit = lbfgsDescent((x, rows) => x.sub(rows(y)).mul(scale).square().sum(1), y.mul(0))
 * misfit.x.dataSync() // ≈ [1, 2, -2, 5]
 * misfit.reason // => ['gradient', 'gradient']
 * ```
 */
export function lbfgsDescent(
  objective: SampleObjective,
  x: Tensor,
  options: LbfgsDescentOptions = {},
): LbfgsDescent {
  const samples = samplesOf('lbfgsDescent', x)
  const { minimize } = lbfgs(options)
  return scope(() => {
    const results = Array.from({ length: samples }, (_, i) => {
      const row = (batch: Tensor) => batch.slice([i, i + 1])
      return minimize((at: Tensor) => oneEach('lbfgsDescent', objective(at, row), at).sum(), row(x))
    })
    return {
      x: samples === 0 ? x.detach() : concat(results.map(({ params }) => params)),
      value: results.map(({ value }) => value),
      iterations: results.map((result) => result.iterations),
      evaluations: results.map(({ evaluations }) => evaluations),
      reason: results.map(({ reason }) => reason),
    }
  })
}

const evaluation = (op: string, objective: (x: Tensor) => Tensor) =>
  valueAndGrad(
    (x: Tensor): [Tensor, Tensor] => {
      const values = oneEach(op, objective(x), x)
      return [values.sum(), values]
    },
    { hasAux: true },
  )

function oneEach(op: string, values: Tensor, x: Tensor): Tensor {
  if (values.shape.length === 1 && values.shape[0] === x.shape[0]) return values
  throw new ShapeError(op, 'the objective must give one number per sample, [N]', [values.shape, x.shape])
}

function samplesOf(op: string, x: Tensor): number {
  const samples = x.shape[0]
  if (samples === undefined) throw new ShapeError(op, 'x needs a batch axis', [x.shape])
  return samples
}

function targetsOf(target: number | readonly number[], samples: number): readonly number[] {
  const targets = typeof target === 'number' ? new Array<number>(samples).fill(target) : target
  if (targets.length !== samples)
    throw new ShapeError('adamDescent', `needs one target per sample, got ${targets.length} for ${samples}`)
  const bad = targets.find(Number.isNaN)
  if (bad !== undefined) throw new OptionError('target', 'must be numbers, got NaN')
  return targets
}
