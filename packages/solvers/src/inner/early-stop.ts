import type { Tensor } from '@tweedie/tensor'
import { concat, OptionError, zeros } from '@tweedie/tensor'
import { batchOf, sampleSize } from '../linalg/per-sample.ts'

/** What a rule made of an iterate. */
export interface Stop<S> {
  readonly state: S
  /** The samples that end here. */
  readonly ends: readonly boolean[]
  /** Those whose iterate this is, of all so far, that they would end with. */
  readonly best: readonly boolean[]
}

/** When to stop an optimisation that first fits the picture and then the noise, without knowing the truth. */
export interface StopRule<S> {
  /** @param x - A batch like the iterates. */
  init(x: Tensor): S
  /**
   * @param x - The iterate [N, …]; of samples that have ended, any.
   * @param residual - ‖y − A(x)‖ of each sample.
   */
  check(state: S, x: Tensor, residual: readonly number[]): Stop<S>
}

/** A tree for the state of a run. */
export type StopState = Readonly<Record<string, unknown>>

/**
 * The discrepancy rule (Morozov): a sample ends where ‖y − A(x)‖² ≤ τ²·m·σ_y², the noise being all that is left over.
 *
 * @param options.sigma - σ_y. @param options.measured - m.
 * @throws {OptionError} where σ_y is not above 0: it would never stop.
 */
export function discrepancyRule(options: {
  readonly tau: number
  readonly sigma: number
  readonly measured: number
}): StopRule<StopState> {
  const { tau, sigma, measured } = options
  if (!(sigma > 0)) throw new OptionError('sigma', `the discrepancy rule needs σ_y above 0, got ${sigma}`)
  const bound = tau ** 2 * measured * sigma ** 2
  return {
    init: () => ({}),
    check: (state, _, residual) => ({
      state,
      ends: residual.map((r) => r ** 2 <= bound),
      best: residual.map(() => true),
    }),
  }
}

/** Where {@link varianceRule} is. */
export interface VarianceState extends StopState {
  /** The last iterates, [N, W, …]. */
  readonly window: Tensor
  /** How many of them there are. */
  readonly filled: number
  /** The least variance so far; −1 before there is one. */
  readonly least: readonly number[]
  /** Iterations since then. */
  readonly waited: readonly number[]
}

/**
 * Early stopping by windowed moving variance (ES-WMV; Wang et al., arXiv 2112.06074): the iterates of
 * an overfitting optimisation vary least where they are best. Over the last W iterates
 *
 *     VAR = (1/W)·Σ_w ‖x^w − x̄‖²/n;
 *
 * a sample ends where its least VAR has not fallen for `patience` iterations; its best iterate is that which closed the
 * window of the least.
 *
 * @throws {OptionError} where `window` is not an integer above 1 or `patience` no positive one.
 */
export function varianceRule(options: {
  readonly window: number
  readonly patience: number
}): StopRule<VarianceState> {
  const { window: width, patience } = options
  for (const [name, value, least] of [['window', width, 2], ['patience', patience, 1]] as const) // biome-ignore format: a table
    if (!(Number.isSafeInteger(value) && value >= least))
      throw new OptionError(name, `must be an integer of at least ${least}, got ${value}`)
  return {
    init: (x) => ({
      window: zeros([batchOf(x), width, ...x.shape.slice(1)], { dtype: x.dtype, device: x.device }),
      filled: 0,
      least: new Array<number>(batchOf(x)).fill(-1),
      waited: new Array<number>(batchOf(x)).fill(0),
    }),
    check: (state, x) => {
      const row = x.reshape([batchOf(x), 1, ...x.shape.slice(1)])
      const window = concat([state.window.slice(null, [1, null]), row], 1)
      const filled = Math.min(state.filled + 1, width)
      if (filled < width) {
        const ends = state.least.map(() => false)
        return { state: { ...state, window, filled }, ends, best: ends.map(() => true) }
      }
      const axes = window.shape.slice(1).map((_, i) => i + 1)
      const spread = window.sub(window.mean(1, true)).square().sum(axes).dataSync()
      const variances = Array.from(spread, (total) => total / (width * sampleSize(x)))
      const lower = variances.map((v, i) => (state.least[i] ?? -1) < 0 || v < (state.least[i] ?? 0))
      const waited = lower.map((is, i) => (is ? 0 : (state.waited[i] ?? 0) + 1))
      const least = variances.map((v, i) => (lower[i] ? v : (state.least[i] ?? v)))
      const ends = waited.map((count) => count >= patience)
      return { state: { window, filled, least, waited }, ends, best: lower }
    },
  }
}
