import type { Tensor } from '@tweedie/tensor'
import { isFloat, NonFiniteError, OptionError, scope, treeLeaves } from '@tweedie/tensor'
import { valueAndGrad } from '../grad.ts'
import type { LinePoint, LineSearchOptions } from './line-search.ts'
import { strongWolfe } from './line-search.ts'
import { treeDot, zipTrees } from './optimizer.ts'
import type { SavedState } from './state.ts'
import { restoreState } from './state.ts'

/** A step and what it did to the gradient: s = x_{k+1} − x_k, y = ∇f_{k+1} − ∇f_k; sᵀy > 0. */
export interface CurvaturePair<P> {
  readonly s: P
  readonly y: P
}

/** Where an L-BFGS run is: a tree of tensors and numbers, for {@link saveState}. */
export interface LbfgsState<P> {
  /** Iterations done. */
  readonly step: number
  readonly params: P
  /** f(params) and ∇f(params). */
  readonly value: number
  readonly gradient: P
  /** Oldest first. */
  readonly history: readonly CurvaturePair<P>[]
}

/**
 * Why a run ended: the largest element of the gradient, or the relative decrease of f, fell below its
 * tolerance; or `maxIterations` were done; or the line search found no lower point along −∇f: f is
 * exhausted to rounding, not smooth there, or its gradient is wrong.
 */
export type LbfgsReason = 'gradient' | 'value' | 'iterations' | 'line-search'

/** What one iteration came to. */
export interface LbfgsUpdate<P> {
  readonly state: LbfgsState<P>
  /** Evaluations of f and its gradient. */
  readonly evaluations: number
  /** Absent where there is more to do. */
  readonly reason?: LbfgsReason
}

/** What a run came to. */
export interface LbfgsResult<P> {
  /** The minimiser; the start itself where no step was made. */
  readonly params: P
  readonly value: number
  readonly reason: LbfgsReason
  /** Iterations and evaluations of this run; what a continued state did before does not count. */
  readonly iterations: number
  readonly evaluations: number
  /** Good to go on from. */
  readonly state: LbfgsState<P>
}

/** Options of {@link lbfgs}. */
export interface LbfgsOptions {
  /** Pairs remembered. Default 10. */
  historySize?: number
  /** Default 100. */
  maxIterations?: number
  /** Ends where max |∇f| is at most this. Default 1e-7. */
  gradientTolerance?: number
  /** Ends where (f_k − f_{k+1})/max(|f_k|, |f_{k+1}|, 1) is below this. Default 0, which never ends a run. */
  valueTolerance?: number
  /** c₁, c₂ and the evaluations of one line search. */
  lineSearch?: Omit<LineSearchOptions, 'initial'>
}

/** The minimiser of a scalar function of a tree, as pure functions. */
export interface Lbfgs {
  /** The state at `params`; one evaluation. */
  init<P>(objective: (params: P) => Tensor, params: P): LbfgsState<P>
  /** One iteration: a direction and a line search along it. The old state stays valid until you free it. */
  update<P>(objective: (params: P) => Tensor, state: LbfgsState<P>): LbfgsUpdate<P>
  /** Iterates from `params` until a reason to end; frees what lies between the first state and the last. */
  minimize<P>(objective: (params: P) => Tensor, params: P): LbfgsResult<P>
  /** Goes on from a state, as if the run had never stopped; that state stays valid. */
  resume<P>(objective: (params: P) => Tensor, state: LbfgsState<P>): LbfgsResult<P>
}

/**
 * −H·∇f by the two-loop recursion (Nocedal & Wright 2006, Algorithm 7.4), H₀ = (sᵀy/yᵀy)·I of the newest pair
 * (eq. 7.20); the steepest descent without history. A tree like the gradient.
 */
export function lbfgsDirection<P>(gradient: P, history: readonly CurvaturePair<P>[]): P {
  return scope(() => {
    const op = 'lbfgs'
    const rho = history.map(({ s, y }) => 1 / treeDot(s, y))
    const alpha = new Array<number>(history.length)
    let q = zipTrees(op, gradient, {}, (g) => g!.neg())
    for (let i = history.length - 1; i >= 0; i--) {
      const { s, y } = history[i]!
      alpha[i] = rho[i]! * treeDot(s, q)
      q = zipTrees(op, q, { y }, (a, b) => a!.sub(b!.mul(alpha[i]!)))
    }
    const newest = history.at(-1)
    if (newest === undefined) return q
    const gamma = 1 / (rho.at(-1)! * treeDot(newest.y, newest.y))
    let r = zipTrees(op, q, {}, (a) => a!.mul(gamma))
    for (let i = 0; i < history.length; i++) {
      const { s, y } = history[i]!
      const beta = rho[i]! * treeDot(y, r)
      r = zipTrees(op, r, { s }, (a, b) => a!.add(b!.mul(alpha[i]! - beta)))
    }
    return r
  })
}

/** One number per float leaf. */
const over = (tree: unknown, measure: (x: Tensor) => Tensor): number[] =>
  treeLeaves(tree)
    .filter((x) => isFloat(x.dtype) && x.size > 0)
    .map((x) => scope(() => measure(x).dataSync()[0]!))

const maxAbs = (tree: unknown): number => Math.max(0, ...over(tree, (x) => x.abs().max()))
const sumAbs = (tree: unknown): number => over(tree, (x) => x.abs().sum()).reduce((a, b) => a + b, 0)

/** A point on the search line with what was computed there. */
interface Trial<P> extends LinePoint {
  readonly params: P
  readonly gradient: P
}

function evaluated<P>(objective: (params: P) => Tensor, params: P): { value: number; gradient: P } {
  const [value, gradient] = valueAndGrad(objective)(params) as [Tensor, P]
  return { value: value.dataSync()[0]!, gradient }
}

/**
 * L-BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithm 7.5) with a strong-Wolfe line search
 * ({@link strongWolfe}), over any tree of parameters. For smooth, deterministic objectives: all of the data,
 * fixed noise. The first line search starts at min(1, 1/‖∇f‖₁), the others at the full step 1. Where a
 * quasi-Newton direction leads nowhere, the history is forgotten once and the steepest descent tried.
 *
 * A rise of f by up to 4 ulp counts as rounding. Scalars are read on the host, so it needs a device that can
 * be read at once, and no gradient should be taken through a run: differentiate the condition ∇f = 0 at its end.
 *
 * @throws {OptionError} for options out of range; {NonFiniteError} where f or ∇f is not finite at the start.
 * @throws {DeviceError} on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { lbfgs } from '@tweedie/autograd'
 * const f = ({ x, y }: { x: Tensor; y: Tensor }) => x.sub(1).square().add(y.sub(x.square()).square().mul(100)).sum()
 * const at = (x: number) => tensor(x, { dtype: 'float64' })
 * const { params, reason } = lbfgs().minimize(f, { x: at(-1.2), y: at(1) })
 * reason // => 'gradient'
 * params.y.dataSync()[0] // ≈ 1.0000000
 * ```
 */
export function lbfgs(options: LbfgsOptions = {}): Lbfgs {
  const { historySize = 10, maxIterations = 100, lineSearch = {} } = options
  const { gradientTolerance = 1e-7, valueTolerance = 0 } = options
  for (const [name, value] of Object.entries({ historySize, maxIterations })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new OptionError(name, `must be a positive integer, got ${value}`)
  }
  for (const [name, value] of Object.entries({ gradientTolerance, valueTolerance })) {
    if (!(value >= 0)) throw new OptionError(name, `must be at least 0, got ${value}`)
  }

  const init: Lbfgs['init'] = (objective, params) =>
    scope(() => {
      const at = evaluated(objective, params)
      const slope = maxAbs(at.gradient)
      if (!Number.isFinite(at.value) || !Number.isFinite(slope)) {
        throw new NonFiniteError(`lbfgs: at the start f is ${at.value} and max |∇f| is ${slope}`)
      }
      return { step: 0, params, ...at, history: [] }
    })

  /** The line search along the direction that a history gives; undefined where it got nowhere. */
  function search<P>(
    objective: (params: P) => Tensor,
    { params, value, gradient }: LbfgsState<P>,
    history: readonly CurvaturePair<P>[],
  ): { trial: Trial<P> | undefined; evaluations: number } {
    const direction = lbfgsDirection(gradient, history)
    const start: Trial<P> = { alpha: 0, value, slope: treeDot(gradient, direction), params, gradient }
    if (!(start.slope < 0)) return { trial: undefined, evaluations: 0 }
    const phi = (alpha: number): Trial<P> => {
      const moved = zipTrees('lbfgs', params, { direction }, (x, d) => x!.add(d!.mul(alpha)))
      const at = scope(() => evaluated(objective, moved))
      return { alpha, ...at, slope: treeDot(at.gradient, direction), params: moved }
    }
    const initial = history.length > 0 ? 1 : Math.min(1, 1 / sumAbs(gradient))
    // Near the minimum f is flat to rounding, but its slope still tells the way (Hager & Zhang 2005, §2).
    const double = treeLeaves(gradient).every((x) => x.dtype !== 'float32')
    const slack = 4 * (double ? 2 ** -52 : 2 ** -23) * Math.abs(value)
    const { point, evaluations } = strongWolfe(phi, start, { slack, ...lineSearch, initial })
    return { trial: point.alpha > 0 ? point : undefined, evaluations }
  }

  const update = <P>(objective: (params: P) => Tensor, state: LbfgsState<P>): LbfgsUpdate<P> =>
    scope(() => {
      if (maxAbs(state.gradient) <= gradientTolerance) return { state, evaluations: 0, reason: 'gradient' }
      let { history } = state
      let { trial, evaluations } = search(objective, state, history)
      if (trial === undefined && history.length > 0) {
        history = []
        const again = search(objective, state, history)
        trial = again.trial
        evaluations += again.evaluations
      }
      if (trial === undefined) return { state, evaluations, reason: 'line-search' }
      const { value, params, gradient } = trial
      const s = zipTrees('lbfgs', params, { params: state.params }, (a, b) => a!.sub(b!))
      const y = zipTrees('lbfgs', gradient, { gradient: state.gradient }, (a, b) => a!.sub(b!))
      // The curvature condition makes sᵀy positive; a search that only found a decrease may not have.
      const curved = treeDot(s, y) > Number.EPSILON * treeDot(y, y)
      const next: LbfgsState<P> = {
        step: state.step + 1,
        params,
        value,
        gradient,
        history: curved ? [...history, { s, y }].slice(-historySize) : history,
      }
      const decrease = (state.value - value) / Math.max(Math.abs(state.value), Math.abs(value), 1)
      if (maxAbs(gradient) <= gradientTolerance) return { state: next, evaluations, reason: 'gradient' }
      return valueTolerance > 0 && decrease < valueTolerance
        ? { state: next, evaluations, reason: 'value' }
        : { state: next, evaluations }
    })

  const resume = <P>(objective: (params: P) => Tensor, from: LbfgsState<P>): LbfgsResult<P> =>
    scope(() => {
      const given = new Set(treeLeaves(from))
      let state = from
      let evaluations = 0
      for (;;) {
        const next = update(objective, state)
        evaluations += next.evaluations
        const kept = new Set(treeLeaves(next.state))
        for (const x of treeLeaves(state)) if (!kept.has(x) && !given.has(x)) x.dispose()
        state = next.state
        const iterations = state.step - from.step
        const reason = next.reason ?? (iterations >= maxIterations ? 'iterations' : undefined)
        if (reason === undefined) continue
        const { params, value } = state
        return { params, value, reason, iterations, evaluations, state }
      }
    })

  return {
    init,
    update,
    resume,
    minimize: (objective, params) =>
      scope(() => {
        const result = resume(objective, init(objective, params))
        return { ...result, evaluations: result.evaluations + 1 }
      }),
  }
}

/**
 * {@link restoreState} for a state of L-BFGS, whose history may be of any length.
 * @param params - A tree of the form of the parameters.
 * @throws {OptionError} as {@link restoreState}.
 */
export function restoreLbfgsState<P>(saved: SavedState, params: P): LbfgsState<P> {
  const numbers = Object.keys(saved.tensors).map((name) => /^history\[(\d+)\]/.exec(name)?.[1])
  const pairs = 1 + Math.max(-1, ...numbers.map((found) => (found === undefined ? -1 : Number(found))))
  const history = Array.from({ length: pairs }, () => ({ s: params, y: params }))
  return restoreState(saved, { step: 0, params, value: 0, gradient: params, history })
}
