// The rates at which the laws of the methods tend to the posterior of a mixture of two modes: its mean, its variance and the
// weight of a mode, the part of the law that is on one side of a smooth threshold. Nothing is drawn: laws are densities on a line
// (line.test.helper.ts). The same on Gaussians is in bias.test.ts, pmc.test.ts, pnp-dm.test.ts and daps.test.ts, the rates in the
// number of particles in convergence.test.ts and mixtures.test.ts.
import { fromData, normal, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { reverseTimes } from '../../inner/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import type { Mixture } from '../../priors/index.ts'
import { gaussianMixturePrior } from '../../priors/index.ts'
import { noiseStreams } from '../../run/index.ts'
import type { TimePair } from '../../schedules/index.ts'
import { respace, ve, vpLinear } from '../../schedules/index.ts'
import type { PmcOptions } from '../index.ts'
import { daps, mcgDiffTimes, pmc } from '../index.ts'
import type { Steps } from './chain.test.helper.ts'
import { ddimOf, large, slopeOf, transitionOf } from './chain.test.helper.ts'
import type { Carry, Density, Line } from './line.test.helper.ts'
import { lineOf, normalAt } from './line.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const modes = { weights: [1, 2], means: [[-0.9], [0.9]] } as const
const [v, y, sigmaY] = [0.25, 0.3, 0.7]
const priorOn = (schedule = ve(), more = 0) =>
  gaussianMixturePrior({ ...modes, covariances: v + more, schedule })
const problem = (count: number) => ({
  operator: matrixOperator(tensor([[1]], float64)),
  noise: gaussianNoise(sigmaY),
  y: fromData(new Float64Array(count).fill(y), [count, 1], float64),
})

/** The mean of a law, its variance, and the weight of the mode on the right: the chance of x + ε > 0, ε ~ logistic. */
interface Said {
  readonly mean: number
  readonly variance: number
  readonly weight: number
}
const sayOf = (line: Line, p: Density, values: ArrayLike<number> = line.nodes): Said => {
  const average = (f: (x: number) => number) => line.mean(p, (_, j) => f(values[j] ?? 0)) / line.total(p)
  const mean = average((x) => x)
  return {
    mean,
    variance: average((x) => (x - mean) ** 2),
    weight: average((x) => 1 / (1 + Math.exp(-x / 0.15))),
  }
}
const saidOf = (line: Line, law: Mixture): Said =>
  sayOf(
    line,
    line.nodes.map((x) => Math.exp(law.logDensity([x]))),
  )
const posteriorOf = (sigma = sigmaY, more = 0): Mixture =>
  priorOn(ve(), more).law.posterior([[1]], [y], sigma).law

const all = ['mean', 'variance', 'weight'] as const
/** Holds what is said of laws to what it tends to, at a rate in `by`. */
function tends(
  found: readonly Said[],
  to: Said,
  by: readonly number[],
  rate: number,
  slack: number,
  of: readonly (typeof all)[number][] = all,
): void {
  for (const what of of) {
    const off = found.map((said) => Math.abs(said[what] - to[what]))
    if (process.env['SHOW'])
      console.log(
        what,
        slopeOf(by, off).toFixed(3),
        off.map((o) => o.toPrecision(3)),
      )
    expect(Math.abs(slopeOf(by, off) - rate), what).toBeLessThan(slack)
  }
}

/** x̂₀ at the nodes. */
const denoisedBy = (prior: ReturnType<typeof priorOn>, line: Line, t: number) =>
  prior.denoise(fromData(line.nodes, [line.nodes.length, 1]), t).dataSync()
/** A reverse step. */
function reverse(prior: ReturnType<typeof priorOn>, line: Line, at: TimePair, by: Steps): Carry {
  const { fromX0, fromX, variance } = transitionOf(prior.schedule, at, by)
  const x0 = denoisedBy(prior, line, at.t)
  return line.carry(
    line.nodes.map((x, j) => fromX0 * (x0[j] ?? 0) + fromX * x),
    variance,
  )
}

describe('PnP-DM', () => {
  const line = lineOf(6, 0.06)
  const underAll = (rho: number) => saidOf(line, posteriorOf(Math.hypot(sigmaY, rho)))

  it('tends to the posterior as ρ²: its law is that under noise σ_y² + ρ²', () => {
    const rhos = [0.2, 0.1, 0.05]
    tends(rhos.map(underAll), saidOf(line, posteriorOf()), rhos, 2, 0.1)
  })

  it('and at fixed ρ to that law as one over the steps of the SDE', () => {
    const prior = priorOn()
    const rho = 0.8
    const lambda = 1 / sigmaY ** 2 + 1 / rho ** 2
    const likelihood = (x: ArrayLike<number>) =>
      line.carry(
        Array.from(x, (c) => (y / sigmaY ** 2 + c / rho ** 2) / lambda),
        1 / lambda,
      )
    const counts = [40, 80, 160]
    const found = counts.map((steps) => {
      const t = prior.schedule.timeOfNoiseLevel(rho)
      const times = reverseTimes(prior.schedule, t, steps)
      const inner = times.slice(0, -1).map((t, k) => reverse(prior, line, { t, s: times[k + 1] ?? 0 }, large))
      const x0 = denoisedBy(prior, line, times.at(-1) ?? t)
      const turn = likelihood(x0)
      // A turn from the law of x_t before the last look at the prior to the next.
      let p = line.normalised(line.nodes.map((x) => normalAt(x, 0, 1)))
      for (let k = 0; k < 25; k++) p = [turn, ...inner].reduce((q, carry) => carry(q), p)
      return sayOf(line, p, x0)
    })
    tends(found, underAll(rho), counts, -1, 0.1)
  })
})

describe('PMC', () => {
  const line = lineOf(5, 0.06)
  const sigma = 0.3
  const prior = priorOn()
  const at = (level: number) => saidOf(line, posteriorOf(sigmaY, level ** 2))
  /** x ↦ x' without its noise, of the method itself. */
  async function drift(options: PmcOptions): Promise<Float64Array> {
    const count = line.nodes.length
    const resume = { next: 1, state: { x: fromData(line.nodes, [count, 1]) } }
    const fixed = { steps: 2, repeats: 1, sigmaMax: sigma, sigmaMin: sigma, seed: 4, ...options, resume }
    const z = noiseStreams({ seed: 4, count, dtype: 'float64' }).normal(1, 'step', [1])
    const steps = pmc(problem(count), prior, fixed)
    const { value } = await steps.next()
    if (value === undefined || !('x0hat' in value)) throw new Error('no step')
    const moved = Float64Array.from(value.x.sub(z.mul(Math.sqrt(2 * (options.stepSize ?? 0)))).dataSync())
    await steps.return(value.x)
    return moved
  }

  it.each(['red', 'pnp'] as const)('%s tends to p_σ(x)·p(y | x) as γ', async (form) => {
    const gammas = [0.02, 0.01, 0.005]
    const found: Said[] = []
    for (const stepSize of gammas)
      found.push(sayOf(line, line.settled(await drift({ form, stepSize }), 2 * stepSize)))
    tends(found, at(sigma), gammas, 1, 0.1)
  })

  it('and that to the posterior as σ²', () => {
    const sigmas = [0.2, 0.1, 0.05]
    tends(sigmas.map(at), at(0), sigmas, 2, 0.1)
  })
})

describe('DAPS as Gibbs sampling, by the score of the prior', () => {
  const line = lineOf(5, 0.1)
  const prior = priorOn()
  const sigma = 0.5
  const exact = saidOf(line, posteriorOf())
  /** x ↦ x' without its noise, of a step of the chain for x_t = u, by the denoised x at the level of the score. */
  const stepped = (u: number, x: number, x0: number, eta: number, level: number) =>
    x + eta * ((u - x) / sigma ** 2 + (x0 - x) / level ** 2 + (y - x) / sigmaY ** 2)
  const chain = (u: number, eta: number, level: number) => {
    const x0 = denoisedBy(prior, line, prior.schedule.timeOfNoiseLevel(level))
    return line.nodes.map((x, j) => stepped(u, x, x0[j] ?? 0, eta, level))
  }
  /** The law that x₀ settles at where x_t is noised to σ again and again. */
  const gibbs = (conditional: (u: number) => Density) => {
    const each = Array.from(line.nodes, conditional)
    const noise = line.carry(line.nodes, sigma ** 2)
    let p = line.normalised(line.nodes.map((x) => normalAt(x, 0, 1)))
    for (let k = 0; k < 60; k++) {
      const xt = noise(p)
      p = line.nodes.map((_, k) => line.mean(xt, (_, j) => each[j]?.[k] ?? 0))
    }
    return sayOf(line, line.normalised(p))
  }
  /** By exact draws, of a prior smoothed by a level. */
  const drawn = (level: number) => {
    const law = posteriorOf(sigmaY, level ** 2)
    const density = line.nodes.map((x) => Math.exp(law.logDensity([x])))
    return gibbs((u) =>
      line.normalised(density.map((p, j) => p * normalAt(line.nodes[j] ?? 0, u, sigma ** 2))),
    )
  }

  it('the chain is that of the method', async () => {
    const [count, learningRate, scoreLevel] = [line.nodes.length, 0.01, 0.3]
    const state = { x: fromData(line.nodes, [count, 1]) }
    const options = { steps: 1, sigmaMax: sigma, sigmaMin: sigma, estimate: 'tweedie', law: 'score' } as const
    const rest = { scoreLevel, innerSteps: 1, learningRate, seed: 2, resume: { next: 0, state } }
    const steps = daps(problem(count), prior, { ...options, ...rest })
    const { value } = await steps.next()
    if (value === undefined || !('x0' in value)) throw new Error('no step')
    const keys = noiseStreams({ seed: 2, count }).keysOf(0, 'chain')
    const z = normal(keys.map((key) => key.fold(0)), [1], float64).dataSync() // biome-ignore format: a line
    const from = value.x0hat.dataSync()
    const x0 = prior.denoise(value.x0hat, prior.schedule.timeOfNoiseLevel(scoreLevel)).dataSync()
    value.x0.dataSync().forEach((found, j) => {
      const wanted = stepped(line.nodes[j] ?? 0, from[j] ?? 0, x0[j] ?? 0, learningRate, scoreLevel)
      expect(Math.abs(found - wanted - Math.sqrt(2 * learningRate) * (z[j] ?? 0))).toBeLessThan(1e-9)
    })
    await steps.return(value.x)
  })

  it('keeps the posterior by exact draws', () => {
    for (const what of all) expect(Math.abs(drawn(0)[what] - exact[what])).toBeLessThan(1e-8)
  })

  it('tends to it as the square of the level of the score', () => {
    const levels = [0.2, 0.1, 0.05]
    tends(levels.map(drawn), exact, levels, 2, 0.1)
  })

  it('and to that as η by chains that are long', () => {
    const etas = [0.02, 0.01, 0.005]
    const found = etas.map((eta) => gibbs((u) => line.settled(chain(u, eta, 0.3), 2 * eta)))
    tends(found, drawn(0.3), etas, 1, 0.1)
  })
})

describe('as one over the steps', () => {
  const line = lineOf(6, 0.06)
  const schedule = vpLinear()
  const prior = priorOn(schedule)
  const exact = saidOf(line, posteriorOf())
  const start = (t: number) => line.nodes.map((x) => normalAt(x, 0, schedule.sigma(t) ** 2))
  const along = (times: readonly TimePair[], by: Steps, p: Density) =>
    times.reduce((q, at) => reverse(prior, line, at, by)(q), p)

  it('TDS, the posterior of its chain', () => {
    const counts = [50, 100, 200]
    const found = counts.map((steps) => {
      const times = respace(schedule, steps, 'guided')
      const last = times.at(-1)?.t ?? 0
      const x0 = denoisedBy(prior, line, last)
      const p = along(times.slice(0, -1), large, start(times[0]?.t ?? 0))
      return sayOf(
        line,
        p.map((q, j) => q * normalAt(y, x0[j] ?? 0, sigmaY ** 2)),
        x0,
      )
    })
    tends(found, exact, counts, -1, 0.15)
  })

  it('MCGDiff, the chain conditioned on x_τ', () => {
    const counts = [100, 200, 400, 800]
    const found = counts.map((steps) => {
      const times = mcgDiffTimes(schedule, steps, [sigmaY])
      const tau = times.findIndex(({ t }) => Math.abs(schedule.sigma(t) / schedule.alpha(t) - sigmaY) < 1e-9)
      const [at, ...rest] = times.slice(tau, -1)
      if (at === undefined) throw new Error('τ is the last')
      // All that came before says no more of x₀ than x_τ = α_τ·y.
      const point = schedule.alpha(at.t) * y
      const { fromX0, fromX, variance } = transitionOf(schedule, at, ddimOf(1))
      const [x0 = 0] = prior.denoise(tensor([[point]], float64), at.t).dataSync()
      const p = along(
        rest,
        ddimOf(1),
        line.carry([fromX0 * x0 + fromX * point], variance)(Float64Array.of(1)),
      )
      return sayOf(line, p, denoisedBy(prior, line, times.at(-1)?.t ?? 0))
    })
    tends(found, exact, counts, -1, 0.1, ['mean'])
    // A step of η = 1 has σ̃² = b·σ_s²/σ_t² for b of the noise that is to be undone. On even steps of √ᾱ the k-th before the end has b
    // of 1/n and 1 − σ_s²/σ_t² of 1/k: what is missing of the variance adds up to log(n)/n.
    const logs = counts.map((n) => n / Math.log(n))
    tends(found, exact, logs, -1, 0.1, ['variance', 'weight'])
  })
})
