import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, zeros } from '@tweedie/tensor'
import { logNormal } from '../inner/observed.ts'
import { denoiserCovariance } from '../linalg/denoiser-jacobian.ts'
import { batchOf, perSample, sampleSize } from '../linalg/per-sample.ts'
import type { TraceBy } from '../linalg/trace.ts'
import { traceOf } from '../linalg/trace.ts'
import type { Fitted, Prior, Time } from '../types.ts'
import type { Anneal } from './annealing.ts'
import { annealing } from './annealing.ts'
import type { DriftControl } from './basis.ts'
import { checkControl, dotted, partOf, thetaOf } from './basis.ts'
import type { Particles, SmcMoves, SmcRun } from './smc.ts'
import { populationOf } from './smc.ts'
import { tiltOf } from './tilt.ts'

/** How {@link weightedDiffusion} moves and weighs. */
export interface WeightedOptions {
  /** c, what the drift has of the guidance. */
  readonly c: number
  readonly anneal: Anneal
  readonly gamma: number
  readonly guidance: 'auto' | 'explicit' | 'implicit'
  readonly weigh: 'potential' | 'path'
  readonly trace: 'auto' | 'exact' | 'hutchinson'
  readonly probes: number
}

/** What {@link weightedDiffusion} needs of a run. */
export interface WeightedRun extends SmcRun {
  readonly problem: Fitted<'likelihood'>
  readonly prior: Prior
  readonly start: Time
}

/** What was found of a particle: x̂₀; the means of the prior's step and of its own; βr; in units of x₀. */
type Found = {
  readonly x0hat: Tensor
  readonly free: Tensor
  readonly mean: Tensor
  readonly tilted: Tensor
}

/**
 * Weighted diffusion (Feynman–Kac) as what particles do. With z = x_t/α_t and ς = σ_t/α_t any prior explodes in variance,
 * z = x₀ + ςε of density p_ς and score s = (x̂₀ − z)/ς². Particles follow π_ς ∝ p_ς(z)·e^{β_ς·r(z)}, r(z) = log p(y | x₀ = z), down
 * to p(x₀)·p(y | x₀). With g = β∇r, dτ = ς_t² − ς_s² and a control u = Σθ_i·s_i
 *
 *     z ← z + (s + c·g + u)·dτ + √dτ·ξ,
 *     d log w = [(c − ½)(βΔr + ‖g‖²) + c·g·s + ∇·u + u·(s + g)]·dτ + r·dβ,
 *
 * for any c and u; c = ½ has no Laplacian. Of `weigh: 'path'` the weights are those of the steps as they are,
 * e^{β_s·r(z_s) − β_t·r(z_t)}·p_θ(z_s | z_t)/q(z_s | z_t), of the target p_θ(x₀)·p(y | x₀) whatever the number of steps, p_θ(z_s | z_t) =
 * N(z + s·dτ, dτ·I). The last step is x₀ = x̂₀, weighed by e^{r(x₀) − β_t·r(z_t)}.
 *
 * z_T is drawn of ∝ N(0, ς_T²I)·e^{βr}, in closed form for a linear operator with singular values and Gaussian noise; else β starts
 * at 0. There g may be taken at the end of the step (`implicit`), z + c·β·dτ·∇r(v) = v, so that no step is too long for it.
 *
 * @throws {OptionError} for what has no closed form: `implicit`; γ = 0; the energy of a control with the score.
 */
export function weightedDiffusion(
  run: WeightedRun,
  { c, anneal, gamma, guidance, weigh, trace, probes }: WeightedOptions,
  control?: DriftControl,
): SmcMoves<Particles, Found, Record<never, Tensor>> {
  const { problem, prior, times, keys } = run
  const { schedule, shape } = prior
  const cloud = populationOf(run)
  const tilt = tiltOf(problem, () => cloud.spread(problem.y))
  const { quadratic } = tilt
  if (guidance === 'implicit' && quadratic === undefined)
    throw new OptionError('guidance', "'implicit' is of a linear operator with an SVD, and Gaussian noise")
  const levels = times.map(({ t }) => schedule.sigma(t) / schedule.alpha(t))
  const betas = annealing(levels, {
    ...{ anneal, gamma, sigma: problem.noise.sigma },
    ...{ gain: quadratic?.gain ?? 1, exactStart: quadratic !== undefined },
  })
  const { by = 'variance', basis = [] } = { ...control }
  checkControl({ by, basis })
  const level = (i: number) => levels[i] ?? 0
  const beta = (i: number) => betas[i] ?? 1
  const curved = basis.includes('reward') || (weigh === 'potential' && c !== 0.5)

  const closed = trace === 'auto' ? quadratic : undefined
  const probing = trace !== 'exact' && (basis.includes('score') || (curved && closed === undefined))

  /** How traces of a step are found, by the keys of its particles, which are asked for once. */
  const tracing = (i: number): ((of: string) => TraceBy) => {
    if (!probing) return () => 'exact'
    const each = keys(i, 'probe')
    return (of) => ({
      keys: each.flatMap((key) => Array.from({ length: cloud.particles }, (_, k) => key.fold(of).fold(k))),
      probes,
    })
  }

  return {
    start: () => {
      const noise = cloud.z(0, 'start', shape)
      const [spread, first] = [level(0), beta(0)]
      const exact = first > 0 ? quadratic?.start(noise, spread ** 2, first) : undefined
      const z = exact?.z ?? noise.mul(spread)
      const x = z.mul(schedule.alpha(run.start))
      if (exact === undefined) return { particles: { x }, shared: {} }
      const logWeight = weigh === 'path' ? exact.log.sub(tilt.at(z).value.mul(first)) : exact.log
      return { particles: { x }, shared: {}, logWeight }
    },
    weigh: ({ x }, shared, { t, s }, i, weights) => {
      const last = s === schedule.clean
      const traces = last ? undefined : tracing(i)
      const { x0hat, spread } = looked(prior, x, t, basis.includes('score') ? traces?.('score') : undefined)
      const variance = level(i) ** 2
      const z = x.div(schedule.alpha(t))
      const { value, gradient } = tilt.at(z)
      const tilted = value.mul(beta(i))
      const none = zeros([batchOf(x)], { dtype: 'float64', device: value.device })
      if (traces === undefined) {
        const logWeight = weigh === 'path' ? tilted : none
        return { logWeight, found: { x0hat, free: z, mean: z, tilted }, shared }
      }
      const [n, dtau] = [sampleSize(x), variance - level(i + 1) ** 2]
      const score = x0hat.sub(z).div(variance)
      const g = gradient.mul(beta(i))
      const laplacian = !curved
        ? none
        : closed === undefined
          ? tilt.laplacian(z, traces('reward'))
          : none.add(closed.laplacian)
      const potential = laplacian
        .mul(beta(i))
        .add(dotted(g, g))
        .mul(c - 0.5)
        .add(dotted(g, score).mul(c))
        .add(value.mul((beta(i + 1) - beta(i)) / dtau))
      const found = {
        z,
        score,
        gradient,
        g,
        value,
        laplacian,
        curvature: spread?.div(variance).sub(n).div(variance),
      }
      const parts = basis.map((name) => partOf(name, found))
      // By paths the weights that a particle comes with are still without its e^{βr}.
      const now = () => (weigh === 'path' ? cloud.reweight(weights, tilted) : weights)
      const factors = basis.length === 0 ? [] : thetaOf(cloud, now(), by, potential, parts)
      const free = z.add(score.mul(dtau))
      let [drifted, phi] = [free, potential]
      parts.forEach(({ vector, h }, j) => {
        const theta = factors[j] ?? new Float64Array(0)
        drifted = drifted.add(vector.mul(perSample(Array.from(theta), vector)).mul(dtau))
        phi = phi.add(h.mul(fromData(theta, [theta.length], { device: h.device })))
      })
      const push = c * beta(i) * dtau
      const mean =
        push === 0
          ? drifted
          : quadratic === undefined || guidance === 'explicit'
            ? drifted.add(gradient.mul(push))
            : quadratic.pushed(drifted, push)
      return {
        logWeight: weigh === 'path' ? tilted : phi.mul(dtau),
        found: { x0hat, free, mean, tilted },
        shared,
      }
    },
    move: ({ x0hat, free, mean, tilted }, _, { s }, i) => {
      if (s === schedule.clean)
        return { particles: { x: x0hat }, logWeight: tilt.at(x0hat).value.sub(tilted) }
      const dtau = level(i) ** 2 - level(i + 1) ** 2
      const z = mean.add(cloud.z(i, 'step', shape).mul(Math.sqrt(dtau)))
      const x = z.mul(schedule.alpha(s))
      if (weigh === 'potential') return { particles: { x } }
      const spread = new Float64Array(sampleSize(z)).fill(dtau)
      const density = (m: Tensor) => logNormal(flat(z), flat(m), spread)
      return { particles: { x }, logWeight: density(free).sub(density(mean)).sub(tilted) }
    },
  }
}

/** Each particle as one row of numbers. */
const flat = (x: Tensor): Tensor => x.reshape([batchOf(x), -1])

/** x̂₀, and tr Cov[x₀ | x_t] where it is told how. */
function looked(prior: Prior, x: Tensor, t: Time, by?: TraceBy): { x0hat: Tensor; spread?: Tensor } {
  if (by === undefined) return { x0hat: prior.denoise(x, t) }
  using covariance = denoiserCovariance(prior, x, t)
  return { x0hat: covariance.x0hat, spread: traceOf((v) => covariance.times(v), x, by) }
}
