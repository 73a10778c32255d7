import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { NonFiniteError } from '@tweedie/tensor'
import type { Recurrence } from '../run/drive.ts'
import { residualNorm } from '../run/residual.ts'
import type { Problem, Time } from '../types.ts'
import type { ParticleWeights, Population } from './population.ts'
import { population } from './population.ts'
import type { ResamplerName } from './resample.ts'
import { resamplers } from './resample.ts'

/** Tensors [N·K, …], a row for each particle: x_t, and whatever follows it through resamplings. */
export type Particles = { readonly x: Tensor; readonly [name: string]: Tensor }
/** What a step found out of each particle, all that its move needs: gathered by ancestor as a whole. */
export type Found = { readonly x0hat: Tensor; readonly [name: string]: Tensor }
/** Tensors that all particles of a sample have in common, [N, …]. */
export type Shared = { readonly [name: string]: Tensor }

/** From time t to the less noisy s. */
type At = { readonly t: Time; readonly s: Time }

/** A method of sequential Monte Carlo, as what its particles do. Log-weights are [N·K], of any element type. */
export interface SmcMoves<P extends Particles, F extends Found, S extends Shared> {
  /** x_T, and its log-weight where it is not drawn from the first target itself. */
  start(): { readonly particles: P; readonly shared: S; readonly logWeight?: Tensor }
  /**
   * Looks at the prior, once: what weighs the particles where they stand, before ancestors are drawn. `weights` are those that
   * they come with; with `keep` no ancestors are drawn in this step.
   */
  weigh(
    particles: P,
    shared: S,
    at: At,
    i: number,
    weights: ParticleWeights,
  ): { readonly logWeight: Tensor; readonly found: F; readonly shared: S; readonly keep?: boolean }
  /** Moves each particle by what was found of its ancestor; what depends on the draw is weighed here. */
  move(found: F, shared: S, at: At, i: number): { readonly particles: P; readonly logWeight?: Tensor }
}

/** What {@link smcPlan} needs of a run. */
export interface SmcRun {
  readonly problem: Pick<Problem, 'operator' | 'y'>
  readonly times: readonly At[]
  /** K, who draws ancestors, and the part of K below which the effective sample size has them drawn. */
  readonly options: {
    readonly particles: number
    readonly resampler: ResamplerName
    readonly threshold: number
  }
  z(i: number, purpose: string, shape: Shape): Tensor
  keys(i: number, purpose: string): readonly Key[]
}

/** What a step of {@link smcPlan} shows. */
export interface SmcShown<P extends Particles> {
  /** E[x₀ | x_t] of the particle that x comes from, [N, …]. */
  readonly x0hat: Tensor
  /** All particles after the step, [N·K, …]. */
  readonly particles: P
  /** The normalised weights [K] of each sample by which x was drawn; after the last step the final ones. */
  readonly weights: readonly Float64Array[]
  /** For each sample the indices, within it, of the particles that these come from. */
  readonly ancestors: readonly Int32Array[]
  /** The effective sample size of each sample before the resampling; after the last step that of the result. */
  readonly ess: readonly number[]
  /** log Ẑ of each sample, Ẑ an estimate of the evidence; after the last step one without bias. */
  readonly logEvidence: readonly number[]
}

/** The state of {@link smcPlan}. */
export type SmcState<P extends Particles, S extends Shared> = {
  /** One particle of each sample, drawn by the weights, [N, …]. */
  readonly x: Tensor
  readonly particles: P
  readonly weights: ParticleWeights
  readonly shared: S
}

/** The population of a run, and z ~ N(0, I) for its particles, [N·K, …shape]. */
export const populationOf = ({
  options: { particles, resampler, threshold },
  z: normal,
}: Pick<SmcRun, 'options' | 'z'>): Population & {
  z(i: number, purpose: string, shape: Shape): Tensor
} => {
  const cloud = population({ particles, threshold, resampler: resamplers[resampler] })
  return { ...cloud, z: (i, purpose, shape) => cloud.noise({ normal }, i, purpose, shape) }
}

/**
 * Sequential Monte Carlo as the plan of a method: K particles for each sample, of which x is one, drawn by the weights.
 * A step from t to s weighs the particles at x_t, draws ancestors where the effective sample size of a sample has fallen
 * below `threshold`·K, moves all particles, and weighs the moves:
 *
 *     w ← w·G(x_t),     a ~ resampler(w) and w ← 1 where ESS(w) < threshold·K,     x_s ~ q(· | x_t^a),     w ← w·G′(x_s, x_t^a).
 *
 * Log-weights are carried from step to step where ancestors are not drawn; what was found of a particle, its cached
 * potential among it, goes with it where they are. The product of the mean weights between resamplings estimates the
 * normalising constant of the product of all potentials without bias, whatever the proposal, threshold and resampler.
 *
 * Before the last step x is the child of a particle that was drawn by the weights at x_t: a view of the population. After
 * the last one it is drawn by the final weights.
 *
 * @throws {NonFiniteError} where a log-weight is NaN. @throws {DegenerateWeightsError} where all are −∞, or one is +∞.
 * @throws {DeviceError} from a step on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { ddpm, defineMethod, gaussianNoise, gaussianPrior, matrixOperator, particleOptions, populationOf, run, smcPlan } from '@tweedie/solvers'
 * import { tensor, zeros } from '@tweedie/tensor'
 * // Unconditional particles, weighed at the end.
 * const importance = defineMethod({
 *   name: 'importance', title: 'Importance sampling', family: 'exact', needs: ['likelihood'], cost: ['particles'],
 *   steps: 20, spacing: 'linspace', options: particleOptions(200, 'systematic'),
 *   plan: (run) => {
 *     const { problem: { operator, noise, y }, prior, start } = run
 *     const { schedule, shape } = prior
 *     const [cloud, step] = [populationOf(run), ddpm('large')]
 *     return smcPlan('importance', run, {
 *       start: () => ({ particles: { x: cloud.z(0, 'start', shape).mul(schedule.sigma(start)) }, shared: {} }),
 *       weigh: ({ x }, shared, { t }) =>
 *         ({ logWeight: zeros([x.shape[0]!]), found: { x, x0hat: prior.denoise(x, t) }, shared }),
 *       move: ({ x, x0hat }, _, { t, s }, i) => {
 *         const next = step(x, x0hat, () => cloud.z(i, 'step', shape), { t, s, schedule })
 *         if (s !== schedule.clean) return { particles: { x: next } }
 *         return { particles: { x: next }, logWeight: noise.likelihood.log(cloud.spread(y), operator.forward(next)) }
 *       },
 *     })
 *   },
 * })
 * const prior = gaussianPrior({ mean: [0], covariance: 1 })
 * const problem = { operator: matrixOperator(tensor([[1]])), noise: gaussianNoise(1), y: tensor([[1]]) }
 * let logEvidence = 0
 * const x = await run(importance(problem, prior), { onStep: (step) => void (logEvidence = step.logEvidence[0]!) })
 * Math.abs(logEvidence - prior.law.posterior([[1]], [1], 1).logEvidence) < 0.3 // => true
 * ```
 */
export function smcPlan<P extends Particles, F extends Found, S extends Shared>(
  name: string,
  run: SmcRun,
  { start, weigh, move }: SmcMoves<P, F, S>,
): Recurrence<SmcState<P, S>, SmcShown<P>, { readonly residual: Tensor }> {
  const {
    problem: { operator, y },
    times,
    keys,
  } = run
  const cloud = populationOf(run)
  const still = population({ particles: cloud.particles, threshold: 0 })
  const samples = y.shape[0] ?? 0
  const weighed = (weights: ParticleWeights, logWeight: Tensor | undefined, when: string) => {
    if (logWeight === undefined) return weights
    if (logWeight.dataSync().some(Number.isNaN))
      throw new NonFiniteError(`${name}: a log-weight is NaN ${when}; the run has diverged`)
    return cloud.reweight(weights, logWeight)
  }
  return {
    start: () => {
      const { particles, shared, logWeight } = start()
      const first = Array.from({ length: samples }, () => Int32Array.of(0))
      const weights = weighed(cloud.start(samples, y.device), logWeight, 'at the start')
      return { x: cloud.select(particles.x, first), particles, shared, weights }
    },
    step: (state, at, i) => {
      const when = `in step ${i + 1} of ${times.length} (t = ${at.t})`
      const { logWeight, found, shared, keep } = weigh(state.particles, state.shared, at, i, state.weights)
      const before = weighed(state.weights, logWeight, when)
      const chosen = (keep === true ? still : cloud).resample(keys(i, 'resample'), found, before)
      const moved = move(chosen.tree, shared, at, i)
      const weights = weighed(chosen.weights, moved.logWeight, when)
      const last = i === times.length - 1
      const by = last ? weights : chosen.weights
      const { x, x0hat } = cloud.pick(keys(i, 'pick'), { x: moved.particles.x, x0hat: chosen.tree.x0hat }, by)
      const read = cloud.read(by)
      return {
        state: { x, particles: moved.particles, shared, weights },
        shown: {
          x0hat,
          particles: moved.particles,
          weights: read.map((own) => own.weights),
          ancestors: chosen.ancestors,
          ess: last ? read.map((own) => own.ess) : chosen.ess,
          logEvidence: Array.from(cloud.logEvidence(by)),
        },
        numbers: { residual: residualNorm(operator, y, x0hat) },
      }
    },
  }
}
