import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import { iterate } from '../../run/drive.ts'
import { residualNorm } from '../../run/residual.ts'
import { noiseStreams } from '../../run/streams.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { Spacing } from '../../schedules/respace.ts'
import { respace } from '../../schedules/respace.ts'
import type { GuidedStep, LinearOperator, Prior, Problem, RunOptions, Svd } from '../../types.ts'
import type { MethodTraits } from '../fit.ts'
import { checkFit } from '../fit.ts'
import type { OptionSpecs } from '../options.ts'
import { fillOptions, runOptionSpecs, spacingSpec } from '../options.ts'

/** Options of {@link ddrm}. */
export interface DdrmOptions extends RunOptions {
  spacing?: Spacing
  eta?: number
  etaB?: number
  rankTolerance?: number
}

/** A step of {@link ddrm}. */
export type DdrmStep = GuidedStep

/** Limits of {@link DdrmOptions}. */
export const ddrmOptions = {
  ...runOptionSpecs(20),
  spacing: spacingSpec('ddim'),
  eta: { kind: 'number', default: 0.85, min: 0, max: 1 },
  etaB: { kind: 'number', default: 1, min: 0, max: 1 },
  rankTolerance: { kind: 'number', default: 1e-4, min: 0, max: 1 },
} as const satisfies OptionSpecs<DdrmOptions>

/** What {@link DdrmOptions} do. */
export const ddrmDocs = {
  eta: 'η: fresh part of the noise where y says nothing, or less than x_s',
  etaB: 'η_b: weight of y where it says more than x_s',
  rankTolerance: 'singular values up to this fraction of the largest count as 0',
}

/** Needs and support of {@link ddrm}. */
export const ddrmTraits = {
  name: 'ddrm',
  needs: { denoiserVjp: false, operatorVjp: false, svd: true, pinv: false, sigma: true },
  supports: { linear: true, nonlinear: false, noise: ['gaussian'] },
} as const satisfies MethodTraits

/**
 * Denoising diffusion restoration models (Kawar et al., arXiv 2201.11793, eq. 7 and 8). In the variables
 * x̄ = Vᵀx_t/α_t, whose noise level is σ = σ_t/α_t, with A = UΣVᵀ, ȳ_i = (Uᵀy)_i/s_i of noise level
 * τ_i = σ_y/s_i, and θ̄ = Vᵀx̂₀, each coordinate goes from level σ_t to σ_s by
 *
 *     s_i = 0:    θ̄ + √(1−η²)·σ_s·(x̄_t − θ̄)/σ_t + η·σ_s·z
 *     σ_s < τ_i:  θ̄ + √(1−η²)·σ_s·(ȳ − θ̄)/τ_i   + η·σ_s·z
 *     σ_s ≥ τ_i:  (1−η_b)·θ̄ + η_b·ȳ + √(σ_s² − η_b²τ_i²)·z
 *
 * from the start N(ȳ_i, σ² − τ_i²) where σ > τ_i, else N(0, σ²). Given x₀ in place of x̂₀ every x̄_s has mean
 * x₀ and variance σ_s² over the noise of y. Any schedule: only σ_t/α_t enters.
 *
 * Defaults: 20 steps on the grid of the authors' repository ('ddim': more where 20 does not divide T),
 * η = 0.85, η_b = 1, all as in the paper's experiments. The authors quote σ_y for the range [0, 1]; ours is for [−1, 1], twice as large. `rankTolerance` is relative;
 * they cut blurs at 0.03 (absolute): raise it where y is noise-free but rounded.
 *
 * Linear operators with an SVD, Gaussian noise, no gradients: one evaluation per step. Known limits: the
 * coordinates are treated one by one, so what is seen reaches what is unseen only through the denoiser;
 * not a posterior sampler: for A = I it returns the exact posterior mean where the last level is σ_y, but
 * more steps do not make it exact (with η → 0 it then returns y); where 0 < σ_y < last level, A x = y only
 * up to the denoised noise of that level.
 *
 * @param problem - y [N, …outShape]; the run takes its element type and device.
 * @throws {UnfitError | ShapeError | OptionError} before any work, where problem, prior or options do not fit.
 * @throws {NonFiniteError} before any work, where y is not finite; from a step, where the run diverges.
 * @example
 * ```ts
 * import { ddrm, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(ddrm({ operator, noise: gaussianNoise(0), y: tensor([[1]]) }, prior))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export function ddrm(
  problem: Problem<LinearOperator>,
  prior: Prior,
  options: DdrmOptions = {},
): AsyncGenerator<DdrmStep, Tensor> {
  checkFit(ddrmTraits, problem, prior)
  const o = fillOptions<DdrmOptions, typeof ddrmOptions>('ddrm', ddrmOptions, options)
  const { operator, y } = problem
  const { schedule } = prior
  const svd = operator.svd!()
  const singular = withoutRounding(svd, o.rankTolerance)
  const sigmaY = problem.noise.sigma!
  const times = respace(schedule, o.steps, o.spacing)
  const n = singular.length
  const streams = noiseStreams({ ...o, count: y.shape[0]!, dtype: y.dtype, device: y.device })
  /** Per coordinate: a tensor [n] of f(s_i). */
  const each = (f: (s: number) => number) =>
    fromData(Float64Array.from(singular, f), [n], { dtype: y.dtype, device: y.device })

  return iterate({
    name: 'ddrm',
    y,
    times,
    resume: o.resume,
    start: () => {
      const sigma = noiseLevel(schedule, times[0]!.t)
      const known = (s: number) => s > 0 && sigma > sigmaY / s
      const towardY = each((s) => (known(s) ? 1 / s : 0))
      const spread = each((s) => (known(s) ? Math.sqrt(sigma ** 2 - (sigmaY / s) ** 2) : sigma))
      const xbar = svd
        .ut(y)
        .mul(towardY)
        .add(streams.normal(0, 'start', [n]).mul(spread))
      return { x: svd.v(xbar).mul(schedule.alpha(times[0]!.t)) }
    },
    step: ({ x }, { t, s }, i) => {
      const x0hat = prior.denoise(x, t)
      const [from, to] = [noiseLevel(schedule, t), noiseLevel(schedule, s)]
      const weight = (of: keyof DdrmWeights) => each((value) => ddrmWeights(value, sigmaY, from, to, o)[of])
      const xbar = svd
        .vt(x0hat)
        .mul(weight('theta'))
        .add(svd.vt(x.div(schedule.alpha(t))).mul(weight('xbar')))
        .add(svd.ut(y).mul(weight('uty')))
        .add(streams.normal(i, 'step', [n]).mul(weight('z')))
      const residual = residualNorm(operator, y, x0hat)
      return { state: { x: svd.v(xbar).mul(schedule.alpha(s)) }, shown: { x0hat }, numbers: { residual } }
    },
  })
}

/** x̄_s = theta·θ̄ + xbar·x̄_t + uty·(Uᵀy) + z·z of one coordinate. */
export interface DdrmWeights {
  readonly theta: number
  readonly xbar: number
  readonly uty: number
  readonly z: number
}

/**
 * The three cases of the update for singular value s from noise level `from` to `to`. They are put in terms
 * of (Uᵀy)_i = s·ȳ_i, which stays finite as s → 0.
 */
export function ddrmWeights(
  s: number,
  sigmaY: number,
  from: number,
  to: number,
  { eta, etaB }: { eta: number; etaB: number },
): DdrmWeights {
  const kept = Math.sqrt(1 - eta ** 2) * to
  if (s === 0) return { theta: 1 - kept / from, xbar: kept / from, uty: 0, z: eta * to }
  const tau = sigmaY / s
  if (to < tau) return { theta: 1 - kept / tau, xbar: 0, uty: kept / sigmaY, z: eta * to }
  return { theta: 1 - etaB, xbar: 0, uty: etaB / s, z: Math.sqrt(to ** 2 - (etaB * tau) ** 2) }
}

/** The singular values with those up to `tolerance` times the largest set to 0. */
function withoutRounding({ singularValues }: Svd, tolerance: number): Float64Array {
  const largest = singularValues.reduce((a, b) => Math.max(a, b), 0)
  return singularValues.map((s) => (s > tolerance * largest ? s : 0))
}
