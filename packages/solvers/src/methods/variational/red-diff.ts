import { adam, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, mul, sum, zeros } from '@tweedie/tensor'
import { pinvFromSvd } from '../../linalg/spectral.ts'
import { iterate } from '../../run/drive.ts'
import { sampleAxes, sampleNorms } from '../../run/residual.ts'
import { noiseStreams } from '../../run/streams.ts'
import { combine, predictedNoise } from '../../samplers/steps.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { Spacing } from '../../schedules/respace.ts'
import { respace } from '../../schedules/respace.ts'
import type { GuidedStep, Prior, Problem, RunOptions, Svd, Time } from '../../types.ts'
import { isLinear } from '../../types.ts'
import type { MethodTraits } from '../fit.ts'
import { checkFit, UnfitError } from '../fit.ts'
import type { OptionSpecs } from '../options.ts'
import { fillOptions, runOptionSpecs, spacingSpec } from '../options.ts'

/** How the prior term is weighted over time, k = σ_t/α_t being the inverse square root of the SNR. */
export const redDiffWeightings = {
  linear: (k: number) => k,
  sqrt: (k: number) => Math.sqrt(k),
  square: (k: number) => k ** 2,
  log: (k: number) => Math.log1p(k),
  clip: (k: number) => Math.min(k, 1),
  const: () => 1,
} as const satisfies Record<string, (k: number) => number>

/** Options of {@link redDiff}. */
export interface RedDiffOptions extends RunOptions {
  spacing?: Spacing
  learningRate?: number
  beta1?: number
  beta2?: number
  lambda?: number
  dataWeight?: number
  weighting?: keyof typeof redDiffWeightings
  reduction?: 'mean' | 'sum'
  sigmaX0?: number
  init?: 'auto' | 'ridge' | 'pinv' | 'adjoint' | 'zeros'
  rankTolerance?: number
}

/** A step of {@link redDiff}; x is μ, x0hat the prior's guess from the noised μ. */
export interface RedDiffStep extends GuidedStep {
  /** v·½·‖y − A(μ)‖² (over m for 'mean') of each sample, before the step. */
  readonly lossData: readonly number[]
  /** w_t·⟨ε_θ − ε, μ⟩ (over n for 'mean') of each sample: a handle for the gradient, not a distance. */
  readonly lossPrior: readonly number[]
}

/** Limits of {@link RedDiffOptions}. */
export const redDiffOptions = {
  ...runOptionSpecs(1000),
  spacing: spacingSpec('linspace'),
  learningRate: { kind: 'number', default: 0.1, min: 0 },
  beta1: { kind: 'number', default: 0.9, min: 0, max: 1 },
  beta2: { kind: 'number', default: 0.99, min: 0, max: 1 },
  lambda: { kind: 'number', default: 0.25, min: 0 },
  dataWeight: { kind: 'number', default: 1, min: 0 },
  weighting: { kind: 'choice', default: 'linear', choices: Object.keys(redDiffWeightings) },
  reduction: { kind: 'choice', default: 'mean', choices: ['mean', 'sum'] },
  sigmaX0: { kind: 'number', default: 0, min: 0 },
  init: { kind: 'choice', default: 'auto', choices: ['auto', 'ridge', 'pinv', 'adjoint', 'zeros'] },
  rankTolerance: { kind: 'number', default: 0, min: 0, max: 1 },
} as const satisfies OptionSpecs<RedDiffOptions>

/** What {@link RedDiffOptions} do. */
export const redDiffDocs = {
  learningRate: "Adam's learning rate",
  beta1: "Adam's β₁",
  beta2: "Adam's β₂",
  lambda: 'λ, weight of the prior term',
  dataWeight: 'v, weight of the data term',
  weighting: 'w_t/λ as a function of σ_t/α_t',
  reduction: 'mean: data term over the m measurements, prior term over the n elements; sum: neither',
  sigmaX0: 'σ of the variational Gaussian around μ',
  init: 'μ₀: ridge (AᵀA + σ_y²I)⁻¹Aᵀy, A⁺y, Aᵀy or 0; auto is the first of them that the operator has',
  rankTolerance:
    'singular values up to this fraction of the largest count as 0 in the ridge μ₀; 0: those that are rounding of y',
}

/** Needs and support of {@link redDiff}. */
export const redDiffTraits = {
  name: 'red-diff',
  needs: { denoiserVjp: false, operatorVjp: true, svd: false, pinv: false, sigma: false },
  supports: { linear: true, nonlinear: true, noise: ['gaussian'] },
} as const satisfies MethodTraits

type Settings = Required<
  Pick<RedDiffOptions, 'lambda' | 'dataWeight' | 'weighting' | 'reduction' | 'sigmaX0'>
>

/**
 * One stochastic gradient of RED-diff at μ: x_t = α_t(μ + σ₀·ε₀) + σ_t·ε, ε_θ from x̂₀ = E[x₀ | x_t], and
 *
 *     ∇ = −v·(∂A/∂μ)ᵀ(y − A(μ))/m + w_t·(ε_θ − ε)/n,      w_t = λ·weighting(σ_t/α_t)
 *
 * (without /m and /n for 'sum'). ε_θ is a constant: nothing is differentiated through the prior.
 *
 * @param mu - μ [N, …shape].
 * @param noise - ε, and ε₀ where σ₀ > 0, of the same shape.
 */
export function redDiffGradient(
  { operator, y }: Problem,
  prior: Prior,
  mu: Tensor,
  t: Time,
  noise: { readonly epsilon: Tensor; readonly epsilon0?: Tensor | undefined },
  settings: Settings,
) {
  const { schedule } = prior
  const { lambda, dataWeight, weighting, reduction, sigmaX0 } = settings
  const n = reduction === 'mean' ? mu.size / mu.shape[0]! : 1
  const m = reduction === 'mean' ? y.size / y.shape[0]! : 1

  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  const xt = combine([alpha, mu], [alpha * sigmaX0, noise.epsilon0], [sigma, noise.epsilon])
  const x0hat = prior.denoise(xt, t)
  const difference = predictedNoise(xt, x0hat, schedule, t).sub(noise.epsilon)
  const w = (lambda * redDiffWeightings[weighting](noiseLevel(schedule, t))) / n

  const [clean, back] = vjp((x: Tensor) => operator.forward(x), mu)
  const r = y.sub(clean)
  const norm = sampleNorms(r)
  const data = back(r.mul(-dataWeight / m))[0]
  return {
    gradient: combine([1, data], [w, difference]),
    x0hat,
    residual: norm,
    lossData: norm.square().mul(dataWeight / (2 * m)),
    lossPrior: sum(mul(difference, mu), sampleAxes(mu)).mul(w),
  }
}

/**
 * RED-diff (Mardani et al., arXiv 2305.04391, Algorithm 1): fits the mean μ of q = N(μ, σ₀²I) to the
 * posterior by stochastic optimisation, one noise level per step from high to low, with Adam on
 *
 *     v·½·mean((y − A(μ))²) + w_t·mean(sg[ε_θ(x_t; t) − ε]·μ),   x_t = α_t·μ + σ_t·ε,   w_t = λ·σ_t/α_t
 *
 * (sg: no gradient through ε_θ; the second term is score distillation, its gradient w_t(ε_θ − ε)/n is not
 * that of ‖ε_θ − ε‖²). Means are over the elements of one sample and samples are summed, so a batch of k
 * equals k single runs. 'sum' takes sums instead, which multiplies the weight of the prior by n/m: Adam
 * takes no notice of a common factor.
 *
 * Defaults: Adam with rate 0.1 and β = (0.9, 0.99), λ = 0.25, v = 1, σ₀ = 0, linear weighting, means, 1000
 * steps, as in the authors' repository (the paper's fast mode takes 100 steps; their grid is 'ddim', at 1000
 * steps the same as ours). They start from μ₀ = A⁺y; that drowns in amplified noise where A is ill-conditioned
 * (a blur), so where an SVD and σ_y are known we start from the ridge solution (AᵀA + σ_y²I)⁻¹Aᵀy, which is
 * A⁺y at σ_y = 0: for noise-free measurements that are rounded (a picture of 8 bits) raise `rankTolerance`.
 *
 * Any differentiable operator; one evaluation of the prior per step and no gradient through it. Known
 * limits: seeks a mode, no posterior spread; returns the last μ, not an average, so Adam's last steps leave
 * jitter; ignores σ_y (put 1/σ_y² into `dataWeight`); λ and the rate want tuning per task.
 *
 * @param problem - y [N, …outShape]; the run takes its element type and device.
 * @throws {UnfitError | ShapeError | OptionError} before any work, where problem, prior or options do not fit.
 * @throws {NonFiniteError} before any work, where y is not finite; from a step, where the run diverges.
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, redDiff, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(redDiff(problem, prior, { steps: 100 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export function redDiff(
  problem: Problem,
  prior: Prior,
  options: RedDiffOptions = {},
): AsyncGenerator<RedDiffStep, Tensor> {
  checkFit(redDiffTraits, problem, prior)
  const o = fillOptions<RedDiffOptions, typeof redDiffOptions>('red-diff', redDiffOptions, options)
  const { y } = problem
  const { shape, schedule } = prior
  const initial = initialMean(problem, o)
  const times = respace(schedule, o.steps, o.spacing)
  const streams = noiseStreams({ ...o, count: y.shape[0]!, dtype: y.dtype, device: y.device })
  const optimizer = adam(o)

  return iterate({
    name: 'red-diff',
    y,
    times,
    resume: o.resume,
    start: () => {
      const x = initial(y)
      return { x, adam: optimizer.init(x) }
    },
    step: (state, { t }, i) => {
      const epsilon = streams.normal(i, 'epsilon', shape)
      const epsilon0 = o.sigmaX0 > 0 ? streams.normal(i, 'epsilon0', shape) : undefined
      const { gradient, x0hat, ...numbers } = redDiffGradient(
        problem,
        prior,
        state.x,
        t,
        { epsilon, epsilon0 },
        o,
      )
      const next = optimizer.update(gradient, state.adam, state.x)
      return { state: { x: next.params, adam: next.state }, shown: { x0hat }, numbers }
    },
  })
}

/** y ↦ μ₀. */
function initialMean(
  { operator, noise }: Problem,
  { init, rankTolerance }: Required<Pick<RedDiffOptions, 'init' | 'rankTolerance'>>,
): (y: Tensor) => Tensor {
  const linear = isLinear(operator) ? operator : undefined
  const { svd, pinv } = linear ?? {}
  const known = {
    ridge:
      svd === undefined || noise.sigma === undefined
        ? undefined
        : ridge(svd.call(linear), noise.sigma, rankTolerance),
    pinv: pinv === undefined ? undefined : (y: Tensor) => pinv.call(linear, y),
    adjoint: linear === undefined ? undefined : (y: Tensor) => linear.adjoint(y),
    zeros: (y: Tensor) => zeros([y.shape[0]!, ...operator.inShape], { dtype: y.dtype, device: y.device }),
  }
  if (init === 'auto') return known.ridge ?? known.pinv ?? known.adjoint ?? known.zeros
  const chosen = known[init]
  if (chosen !== undefined) return chosen
  const need = { ridge: 'svd', pinv: 'pinv', adjoint: 'linear', zeros: 'linear' } as const
  throw new UnfitError('red-diff', need[init], `init '${init}' is not to be had from '${operator.name}'`)
}

/**
 * y ↦ (AᵀA + σ²I)⁻¹Aᵀy = V·s/(s² + σ²)·Uᵀy, which is A⁺y where σ = 0 ({@link pinvFromSvd}); singular values up to
 * `tolerance` times the largest count as 0.
 */
function ridge(svd: Svd, sigma: number, tolerance: number): (y: Tensor) => Tensor {
  if (sigma === 0) return pinvFromSvd(svd, tolerance > 0 ? { cutoff: tolerance } : {})
  const least = tolerance * svd.singularValues.reduce((a, b) => Math.max(a, b), 0)
  const gain = svd.singularValues.map((s) => (s > least ? s / (s * s + sigma * sigma) : 0))
  return (y) => svd.v(svd.ut(y).mul(fromData(gain, [gain.length], { dtype: y.dtype, device: y.device })))
}
