import { checkpointedChain, vjp } from '@tweedie/autograd'
import type { Key, Tensor } from '@tweedie/tensor'
import {
  concat,
  fromData,
  normal,
  OptionError,
  onesLike,
  ShapeError,
  sameShape,
  scope,
  zerosLike,
} from '@tweedie/tensor'
import { rademacher } from '../linalg/hutchinson.ts'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { combine } from '../samplers/steps.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { Prior, Time } from '../types.ts'
import { noiseRange } from './noise-range.ts'
import type { AdaptiveOptions, OdeState, OdeStep, Slope } from './runge-kutta.ts'
import { dormandPrince, evenSteps, rungeKuttaStep, tableaus } from './runge-kutta.ts'

/** Directions v of a trace, one after another: exactly, by every unit vector, or by random ones with E[vvᵀ] = I. */
export const traces = ['exact', 'rademacher', 'gaussian'] as const

/** `adaptive` is the pair of Dormand and Prince; the others take steps of one length. */
export const flowSolvers = ['adaptive', 'euler', 'heun', 'rk4', 'dormand-prince'] as const

/** Options of {@link flowLogDensity}. */
export interface ProbabilityFlowOptions extends Partial<AdaptiveOptions> {
  /** `exact` (default) costs n products with the Jacobian a look; the others estimate, by `probes` products. */
  trace?: (typeof traces)[number]
  /** Of a random trace; the same through a whole integration. Default 1. */
  probes?: number
  /** Of a random trace: one key per sample. */
  keys?: readonly Key[]
  /** `adaptive` (default): Dormand and Prince with `rtol` and `atol` (default 1e-6 both); else `steps` of one length. */
  solver?: (typeof flowSolvers)[number]
  steps?: number
  /** The noise level σ/α at which x₀ is taken to be; default 0.01. See {@link noiseRange}. */
  sigmaMin?: number
  /**
   * All samples by the same steps: far fewer calls, but an adaptive run then depends, within its tolerance, on all of them.
   * Without it (default) each sample goes alone, and a batch of N equals N single runs, bit for bit.
   */
  together?: boolean
}

/** What {@link flowLogDensity} found, one entry a sample. */
export interface FlowLogDensity {
  /** log p(x₀), [N]. */
  readonly logDensity: Tensor
  /** Calls of the denoiser. */
  readonly evaluations: readonly number[]
}

/**
 * log p_θ(x₀) of the law that the probability-flow ODE of a prior makes of N(0, I) (arXiv 2011.13456 §4.3):
 *
 *     log p_θ(x₀) = log N(w_T; 0, I) + ∫ ∇·ẇ dτ − (n/2)·log(1 + s₀²)
 *
 * In w = x_t/√(α_t² + σ_t²) over τ = log s, s = σ_t/α_t, the ODE of every schedule is the same and bounded at both ends,
 *
 *     ẇ = w/(1 + s²) − x̂₀/√(1 + s²),     ∇·ẇ = n/(1 + s²) − tr(∂x̂₀/∂w)/√(1 + s²),
 *
 * from s₀ = `sigmaMin`, where x₀ stands for x_t/α_t, to the schedule's largest level. For a VE schedule N(0, I) of w is
 * N(0, (1 + σ_max²)I) of x_T. p_θ is the prior's p(x₀) but for the score's errors, s₀, and what w_T of the data is other than
 * N(0, I): on a Gaussian all of that has a closed form, which the tests compare with.
 *
 * @param x - x₀ [N, …shape], on a device that the host can read at once where steps are adaptive.
 * @throws {OptionError} for options out of range or a random trace without keys; {ShapeError} where x is no batch of samples or
 * there is not one key for each; {NonFiniteError} where the denoiser is not finite.
 * @example
 * ```ts
 * import { flowLogDensity, gaussianPrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.5], [0.5, 1]] })
 * const x = tensor([[0.3, -0.2]], { dtype: 'float64' })
 * flowLogDensity(prior, x).logDensity.dataSync() // ≈ [-1.8208]
 * prior.law.logDensity([0.3, -0.2]) // ≈ -1.8207
 * ```
 */
export const flowLogDensity = (
  prior: Prior,
  x: Tensor,
  options: ProbabilityFlowOptions = {},
): FlowLogDensity =>
  scope(() => {
    const { logDensity, evaluations } = eachApart(prior, x, options, false)
    return { logDensity, evaluations }
  })

/**
 * {@link flowLogDensity} with its gradient in x₀, like x: the derivative of what was computed, through every step and the
 * divergence, the lengths of adaptive steps held fixed. (∇log p_θ is the prior's score only where that is the score of a
 * law, as of an exact prior; of a network it is not, and this is the gradient of the density nonetheless.) It needs second
 * derivatives of the denoiser. Memory is that of one state a step and one step's tape; every step but the last runs twice.
 *
 * @throws as {@link flowLogDensity}.
 */
export const flowLogDensityGradient = (
  prior: Prior,
  x: Tensor,
  options: ProbabilityFlowOptions = {},
): FlowLogDensity & { readonly gradient: Tensor } => eachApart(prior, x, options, true)

/** The calls of the denoiser that `steps` steps of one length take. */
export function flowEvaluations(solver: keyof typeof tableaus, steps: number, gradient: boolean): number {
  return tableaus[solver].weights.length * (gradient ? 2 * steps - 1 : steps)
}

/** The gradient is 0 where none was asked for. */
type Solved = FlowLogDensity & { readonly gradient: Tensor }

function eachApart(prior: Prior, x: Tensor, options: ProbabilityFlowOptions, gradient: boolean): Solved {
  const { keys, together = false, trace = 'exact', probes = 1, solver = 'adaptive' } = options
  const count = x.shape[0] ?? 0
  if (x.shape.length === 0 || !sameShape(x.shape.slice(1), prior.shape))
    throw new ShapeError('flowLogDensity', 'x must be a batch of samples', [x.shape, prior.shape])
  if (!traces.includes(trace))
    throw new OptionError('trace', `must be ${traces.join(' | ')}, got ${String(trace)}`)
  if (!flowSolvers.includes(solver))
    throw new OptionError('solver', `must be ${flowSolvers.join(' | ')}, got ${String(solver)}`)
  requirePositive('probes', probes)
  if (trace !== 'exact' && keys === undefined)
    throw new OptionError('keys', `are needed for a trace of ${trace} probes`)
  if (keys !== undefined && keys.length !== count)
    throw new ShapeError('flowLogDensity', `needs one key per sample, got ${keys.length}`, [x.shape])
  return scope(() => {
    if (together || count <= 1) return solve(prior, x, options, gradient)
    const each = Array.from({ length: count }, (_, i) => {
      const own = keys === undefined ? options : { ...options, keys: keys.slice(i, i + 1) }
      return solve(prior, x.slice([i, i + 1]), own, gradient)
    })
    return {
      logDensity: concat(each.map(({ logDensity }) => logDensity)),
      gradient: concat(each.map((one) => one.gradient)),
      evaluations: each.flatMap(({ evaluations }) => evaluations),
    }
  })
}

/** All samples of x by the same steps. */
function solve(prior: Prior, x: Tensor, options: ProbabilityFlowOptions, wanted: boolean): Solved {
  const { solver = 'adaptive', steps = 10, rtol = 1e-6, atol = 1e-6, sigmaMin = 0.01 } = options
  requirePositive('steps', steps)
  const { low, high } = noiseRange(prior.schedule, sigmaMin)
  const [from, to] = [Math.log(low), Math.log(high)]
  const n = sampleSize(x)
  const slope = slopeOf(prior, probesOf(x, options), { low, high })
  const start = (x0: Tensor): OdeState => [x0.div(Math.hypot(1, low)), sumPerSample(x0).mul(0)]
  const end = ([w, divergence]: OdeState): Tensor =>
    combine([-0.5, sumPerSample((w ?? x).square())], [1, divergence]).sub(
      (n / 2) * (Math.log(2 * Math.PI) + Math.log1p(low * low)),
    )

  const found = solver === 'adaptive' ? dormandPrince(slope, start(x), from, to, { rtol, atol }) : undefined
  if (found !== undefined && !wanted)
    return { ...all(x, found.evaluations), logDensity: end(found.y), gradient: zerosLike(x) }
  const tableau = tableaus[solver === 'adaptive' ? 'dormand-prince' : solver]
  const taken = found?.steps ?? evenSteps(from, to, steps)
  const along = (x0: Tensor): Tensor =>
    end(
      checkpointedChain(
        taken.map(
          ({ t, h }: OdeStep) =>
            (y: OdeState) =>
              rungeKuttaStep(tableau, slope, y, t, h),
        ),
        start(x0),
      ),
    )
  const looks = tableau.weights.length
  if (!wanted) return { ...all(x, looks * taken.length), logDensity: along(x), gradient: zerosLike(x) }
  const [logDensity, back] = vjp(along, x)
  const [gradient] = back(onesLike(logDensity))
  return { ...all(x, (found?.evaluations ?? 0) + looks * (2 * taken.length - 1)), logDensity, gradient }
}

const all = (x: Tensor, evaluations: number) => ({
  evaluations: Array.from({ length: x.shape[0] ?? 0 }, () => evaluations),
})

/** Directions [N, …shape] whose forms vᵀJv sum up to the trace, or to an unbiased estimate of it. */
function probesOf(x: Tensor, { trace = 'exact', probes = 1, keys = [] }: ProbabilityFlowOptions): Tensor[] {
  const create = { dtype: x.dtype, device: x.device }
  const shape = x.shape.slice(1)
  if (trace === 'exact') {
    const n = sampleSize(x)
    return Array.from({ length: n }, (_, j) => {
      const unit = new Float64Array(x.size)
      for (let at = j; at < unit.length; at += n) unit[at] = 1
      return fromData(unit, x.shape, create)
    })
  }
  const draw = trace === 'rademacher' ? rademacher : normal
  return Array.from({ length: probes }, (_, j) =>
    draw(
      keys.map((key) => key.fold(trace).fold(j)),
      shape,
      create,
    ).div(Math.sqrt(probes)),
  )
}

/** (w, ∫∇·ẇ) ↦ (ẇ, ∇·ẇ) at τ. */
function slopeOf(
  { denoise, schedule }: Prior,
  probes: readonly Tensor[],
  { low, high }: { low: number; high: number },
): Slope {
  return ([w], tau) => {
    if (w === undefined) return []
    // Rounding may leave the range at its ends.
    const s = Math.min(high, Math.max(low, Math.exp(tau)))
    const t: Time = schedule.timeOfNoiseLevel(s)
    const radius = Math.hypot(schedule.alpha(t), schedule.sigma(t))
    const shrink = 1 / Math.hypot(1, s)
    const [x0hat, back] = vjp((at: Tensor) => denoise(at.mul(radius), t), w)
    const trace = probes
      .map((v, j) => sumPerSample(back(v, { retain: j < probes.length - 1 })[0].mul(v)))
      .reduce((sum, form) => sum.add(form))
    return [combine([shrink ** 2, w], [-shrink, x0hat]), trace.mul(-shrink).add(sampleSize(w) * shrink ** 2)]
  }
}
