import type { Shape, Tensor } from '@tweedie/tensor'
import { zerosLike } from '@tweedie/tensor'
import type { Observed } from '../inner/observed.ts'
import { logNormal, observedDensity, observedDraw, seenScale, seenValue } from '../inner/observed.ts'
import { rankCut } from '../linalg/ridge.ts'
import type { Kernel } from '../samplers/kernel.ts'
import type { ReverseStep } from '../samplers/steps.ts'
import type { Fitted, Prior, Time } from '../types.ts'
import type { Particles, SmcMoves, SmcRun } from './smc.ts'
import { populationOf } from './smc.ts'

/** A reverse step by its mean and its fresh noise. */
export interface FilterKernel {
  /** Its mean, where the noise is 0. */
  readonly kernel: Kernel
  /** σ̃, the standard deviation of its noise; 0 toward the clean end and nowhere else. */
  deviation(at: ReverseStep): number
}

/** What {@link pathFilter} needs of a run. */
export interface FilterRun extends SmcRun {
  readonly problem: Fitted<'svd'>
  readonly prior: Prior
  readonly start: Time
  z(i: number, purpose: string, shape?: Shape): Tensor
}

/** One path of the measurement for each sample, in the coordinates of V: ȳ_t/s, [N, n]. */
type Path = { readonly path: Tensor }
/** Of a particle: x̂₀, and Vᵀμ [N·K, n]. */
type Looked = { readonly x0hat: Tensor; readonly mean: Tensor }

/**
 * The particle filter of a measurement that is noised: a path y_T, …, y_0 = y of noisy measurements is drawn by reverse steps
 * that have what was measured in the place of x̂₀; then the particles, with μ and σ̃ the mean and the noise of a step and
 * S = σ̃²AAᵀ + α_s²σ_y²I,
 *
 *     w ∝ N(y_s; A μ, S),     x_s ~ N(x_s; μ, σ̃²I)·N(y_s; A x_s, α_s²σ_y²I),     x_T likewise of N(0, σ_T²I),
 *
 * by the singular values: {@link observedDensity}, {@link observedDraw}. The weight is the predictive density, which the
 * draw has no part in. It aims at p_θ(x₀ | y_T, …, y_0), p_θ the law of the sampler and of measurements whose noise is drawn
 * anew at each level. Without noise the last kernel is N(x̂₀, (σ_t/α_t)²I), so that A x₀ = y.
 *
 * The log-weights hold −log q(y_s | y_t) of the path as well. So the evidence is, over paths, without bias that of y: the path
 * is drawn of q and weighed.
 *
 * @param sigmaY - σ_y that the filter believes in.
 * @param steps - Those of the particles. @param pathSteps - Those of the path; the same where left out.
 */
export function pathFilter(
  run: FilterRun,
  sigmaY: number,
  rankTolerance: number,
  steps: FilterKernel,
  pathSteps = steps,
): SmcMoves<Particles, Looked, Path> {
  const { problem, prior, start, z } = run
  const { schedule } = prior
  const cloud = populationOf(run)
  const svd = problem.operator.svd()
  const singular = rankCut(svd, rankTolerance)
  const measured = () => seenValue(svd, problem.y, singular)
  const n = singular.length
  const some = (of: (s: number) => number) => singular.map((s) => (s > 0 ? of(s) : Infinity))
  const observed = (path: Tensor, t: Time): Observed => ({
    value: cloud.spread(path),
    variance: some((s) => (schedule.alpha(t) * sigmaY) ** 2 / s ** 2),
  })
  /** log q of a draw of the path, [N·K]. */
  const drawnBy = (noise: Tensor, spread: number) =>
    cloud.spread(
      logNormal(
        noise.mul(spread),
        zerosLike(noise),
        some(() => spread ** 2),
      ),
    )
  return {
    start: () => {
      const [sigma, noise] = [schedule.sigma(start), z(0, 'path start', [n])]
      const path = measured().mul(schedule.alpha(start)).add(noise.mul(sigma))
      const draw = cloud.z(0, 'start', [n])
      const known = observed(path, start)
      const x = svd.v(observedDraw(zerosLike(draw), sigma ** 2, known, draw))
      const logWeight = observedDensity(zerosLike(draw), sigma ** 2, known).sub(drawnBy(noise, sigma))
      return { particles: { x }, shared: { path }, logWeight }
    },
    weigh: ({ x }, { path: before }, { t, s }, i) => {
      const [at, clean] = [{ t, s, schedule }, measured()]
      const x0hat = prior.denoise(x, t)
      const mean = svd.vt(steps.kernel(x, x0hat, () => zerosLike(x), at))
      if (s === schedule.clean) {
        const last = sigmaY > 0 ? 0 : (schedule.sigma(t) / schedule.alpha(t)) ** 2
        const density = observedDensity(mean, last, observed(clean, s))
        const logWeight = density.add(cloud.spread(seenScale(svd, problem.y, singular, sigmaY)))
        return { logWeight, found: { x0hat, mean }, shared: { path: clean } }
      }
      const [noise, wide] = [z(i, 'path', [n]), pathSteps.deviation(at)]
      const path = pathSteps.kernel(before, clean, () => zerosLike(before), at).add(noise.mul(wide))
      const density = observedDensity(mean, steps.deviation(at) ** 2, observed(path, s))
      return { logWeight: density.sub(drawnBy(noise, wide)), found: { x0hat, mean }, shared: { path } }
    },
    move: ({ mean }, { path }, { t, s }, i) => {
      const end = s === schedule.clean
      // Without noise A x₀ = y, and what is not seen is x̂₀.
      const spread = end ? (sigmaY > 0 ? 0 : 1) : steps.deviation({ t, s, schedule }) ** 2
      const draw = end ? zerosLike(mean) : cloud.z(i, 'step', [n])
      return { particles: { x: svd.v(observedDraw(mean, spread, observed(path, s), draw)) } }
    },
  }
}
