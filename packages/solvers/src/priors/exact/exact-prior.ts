import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, matmul, ShapeError, scope, sizeOf, softmax } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { vpLinear } from '../../schedules/vp.ts'
import type { Prior, Schedule, Time } from '../../types.ts'
import { denoiserByProducts } from './by-products.ts'
import { factorDenoiser } from './factor-denoiser.ts'
import { FactorMixture } from './factor-mixture.ts'
import type { Covariance, Mixture } from './mixture.ts'
import { gaussianMixture } from './mixture.ts'
import { spectrumOf } from './spread.ts'

/** A prior that is a Gaussian mixture, so that all about it is known. */
export interface ExactPrior extends Prior {
  /** p(x₀), over the elements of a sample in row-major order; has the posterior, evidence and draws. */
  readonly law: Mixture
  /** ∇log p_t(x_t) = (α_t·E[x₀ | x_t] − x_t)/σ_t², [N, …shape]. */
  score(xt: Tensor, t: Time): Tensor
  /** p(x_t). */
  at(t: Time): Mixture
  /** p(x₀ | x_t) for one x_t; of it, `.posterior(A, y, sigma).law` is p(x₀ | x_t, y). */
  given(xt: ArrayLike<number>, t: Time): Mixture
  /** ∂E[x₀ | x_t]/∂x_t = (α_t/σ_t²)·Cov[x₀ | x_t] for one x_t, n×n: Tweedie's formula of second order. */
  jacobian(xt: ArrayLike<number>, t: Time): Matrix
}

interface Common {
  /** Default: the linear VP schedule of 1000 steps. */
  schedule?: Schedule
  /** Shape of a sample; default [n]. */
  shape?: Shape
}

/** Options of {@link gaussianPrior}. */
export interface GaussianPriorOptions extends Common {
  mean: ArrayLike<number>
  covariance: Covariance
}

/** Options of {@link gaussianMixturePrior}. */
export interface GaussianMixturePriorOptions extends Common {
  weights: ArrayLike<number>
  means: readonly ArrayLike<number>[]
  /** One covariance for all components, or `{ each }` with one apiece. */
  covariances: Covariance | { readonly each: readonly Covariance[] }
}

/**
 * The prior N(mean, covariance).
 *
 * @throws {OptionError | ShapeError} as {@link gaussianMixture}.
 * @example
 * ```ts
 * import { gaussianPrior } from '@tweedie/solvers'
 * const prior = gaussianPrior({ mean: [1, 0], covariance: [[1, 0.5], [0.5, 1]] })
 * const { law, logEvidence } = prior.law.posterior([[1, 0]], [2], 1)
 * law.mean() // ≈ [1.5, 0.25]
 * logEvidence // ≈ -1.5155
 * ```
 */
export function gaussianPrior({ mean, covariance, ...common }: GaussianPriorOptions): ExactPrior {
  return exactPrior(gaussianMixture({ weights: [1], means: [mean], covariances: covariance }), {
    name: 'gaussian',
    ...common,
  })
}

/**
 * A Gaussian mixture as prior.
 *
 * @throws {OptionError | ShapeError} as {@link gaussianMixture}.
 * @example
 * ```ts
 * import { gaussianMixturePrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianMixturePrior({ weights: [1, 3], means: [[-1], [1]], covariances: 0.01 })
 * prior.denoise(tensor([[0]], { dtype: 'float64' }), 999).dataSync() // ≈ [0.50]
 * ```
 */
export function gaussianMixturePrior(options: GaussianMixturePriorOptions): ExactPrior {
  const { weights, means, covariances, ...common } = options
  return exactPrior(gaussianMixture({ weights, means, covariances }), common)
}

/**
 * Any mixture as prior, for example a posterior: sampling it unconditionally shows what an integrator
 * makes of the exact conditional score.
 *
 * @throws {ShapeError} where `shape` does not hold as many elements as the law has dimensions.
 */
export function exactPrior(law: Mixture, options: Common & { name?: string } = {}): ExactPrior {
  const { name = 'gaussian-mixture', schedule = vpLinear(), shape = [law.dimension] } = options
  const n = law.dimension
  if (sizeOf(shape) !== n) throw new ShapeError('exactPrior', `the law has ${n} dimensions`, [shape])
  const mean = denoiserOf(law)
  const denoise = (xt: Tensor, t: Time) =>
    scope(() => mean(xt.reshape([batchOf(xt), n]), schedule.alpha(t), schedule.sigma(t)).reshape(xt.shape))
  const given = (xt: ArrayLike<number>, t: Time) =>
    law.posterior(Matrix.eye(n, n, schedule.alpha(t)), xt, schedule.sigma(t)).law
  return {
    name,
    shape,
    schedule,
    law,
    denoise,
    score: (xt, t) =>
      scope(() =>
        denoise(xt, t)
          .mul(schedule.alpha(t))
          .sub(xt)
          .div(schedule.sigma(t) ** 2),
      ),
    at: (t) => law.noised(schedule.alpha(t), schedule.sigma(t)),
    given,
    jacobian: (xt, t) =>
      given(xt, t)
        .covariance()
        .mul(schedule.alpha(t) / schedule.sigma(t) ** 2),
  }
}

/** K·n from which products of matrices are the faster way, for components that share a covariance. */
const worthProducts = 64

/** (x [N, n], α, σ) ↦ E[x₀ | α·x₀ + σ·ε = x], of differentiable ops. */
function denoiserOf(law: Mixture): (x: Tensor, alpha: number, sigma: number) => Tensor {
  if (law instanceof FactorMixture) return factorDenoiser(law)
  const [first] = law.components
  const shared = law.components.every(({ covariance }) => covariance === first?.covariance)
  if (!shared || law.components.length * law.dimension < worthProducts) return denoiser(law)
  const byProducts = denoiserByProducts(law)
  let direct: ReturnType<typeof denoiser> | undefined
  return (x, alpha, sigma) =>
    (x.dtype === 'float64' ? byProducts : (direct ??= denoiser(law)))(x, alpha, sigma)
}

/**
 * The same by differences x − αμ_k. In the eigenbasis Q_k of Σ_k with
 * eigenvalues λ, c = Q_kᵀ(x − αμ_k), d = α²λ + σ²: component means μ_k + Q_k(αλ/d·c), log responsibilities
 * log w_k − ½Σ(c²/d + log d).
 */
function denoiser(law: Mixture): (x: Tensor, alpha: number, sigma: number) => Tensor {
  const K = law.components.length
  const n = law.dimension
  const matrices = [...new Set(law.components.map((c) => c.covariance))]
  const spectra = law.components.map((c) => spectrumOf(c.covariance))
  const turned = matrices.map(spectrumOf).some(({ vectors }) => vectors !== undefined)
  // One basis for all where the components share their covariance, else one apiece.
  const bases = (matrices.length === 1 ? spectra.slice(0, 1) : spectra).map(
    ({ vectors }) => vectors ?? Matrix.eye(n, n),
  )
  const fill = (rows: readonly Matrix[], at: (m: Matrix) => number[]) => Float64Array.from(rows.flatMap(at))
  const toBasis = turned
    ? constant(
        fill(bases, (Q) => Q.to1DArray()),
        [bases.length, n, n],
      )
    : undefined
  const fromBasis = turned
    ? constant(
        fill(bases, (Q) => Q.transpose().to1DArray()),
        [bases.length, n, n],
      )
    : undefined
  const means = new Float64Array(K * n)
  law.components.forEach(({ mean }, k) => {
    const Q = turned ? bases[bases.length === 1 ? 0 : k]! : undefined
    means.set(Q === undefined ? mean : Q.transpose().mmul(Matrix.columnVector(mean)).to1DArray(), k * n)
  })
  const centres = constant(means, [K, 1, n])
  const logWeights = law.components.map(({ weight }) => Math.log(weight))
  const values = spectra.map(({ values }) => values)

  return (x, alpha, sigma) => {
    const like = { dtype: x.dtype, device: x.device }
    const perCoordinate = (f: (lambda: number, d: number) => number) =>
      fromData(
        Float64Array.from(values.flatMap((v) => Array.from(v, (l) => f(l, alpha ** 2 * l + sigma ** 2)))),
        [K, 1, n],
        like,
      )
    const mu = centres(x)
    const coordinates = x.reshape([1, batchOf(x), n])
    const c = (toBasis === undefined ? coordinates : matmul(coordinates, toBasis(x))).sub(mu.mul(alpha))
    let expected = c.mul(perCoordinate((l, d) => (alpha * l) / d)).add(mu) // [K, N, n], in the bases
    if (K > 1) {
      const constants = values.map((v, k) =>
        v.reduce((total, l) => total - Math.log(alpha ** 2 * l + sigma ** 2) / 2, logWeights[k]!),
      )
      const logits = c
        .square()
        .mul(perCoordinate((_, d) => -0.5 / d))
        .sum(2, true)
        .add(fromData(constants, [K, 1, 1], like))
      expected = expected.mul(softmax(logits, 0))
    }
    if (fromBasis === undefined) return expected.sum(0)
    return bases.length === 1
      ? matmul(expected.sum(0), fromBasis(x).reshape([n, n]))
      : matmul(expected, fromBasis(x)).sum(0)
  }
}
