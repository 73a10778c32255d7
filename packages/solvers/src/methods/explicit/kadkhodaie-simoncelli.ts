import { fromData, OptionError, sizeOf } from '@tweedie/tensor'
import { number } from '../../options/index.ts'
import { residualNorm, sampleNorms } from '../../run/residual.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { bySample, denoisedAt, injected, stepLength, within } from './kadkhodaie-simoncelli-levels.ts'

/**
 * Stochastic ascent by a denoiser (Kadkhodaie and Simoncelli, arXiv 2007.13640, Algorithm 2). From N(A⁺y, σ₀²I), with D(u) the
 * denoiser, n numbers a sample, k = 1, 2, …
 *
 *     d = (I − A⁺A)(D(u) − u) + A⁺(y − A u),   σ̂ = ‖d‖/√n,   h = h₀·k/(1 + h₀(k − 1))
 *     u ← u + h·d + γ·z,                       γ² = ((1 − βh)² − (1 − h)²)·σ̂²
 *
 * until σ̂ ≤ σ_L, and then u ← D(u). Each sample stops for itself, and stays as it is; `steps` is the most that any takes, and a
 * run ends when all have stopped. M of the paper has orthonormal columns; MMᵀ = A⁺A and M x_c = A⁺y for any A.
 *
 * Theirs is a blind denoiser: it sees the noise in u. Ours is told the level that u has by its making, ℓ² ← (1 − h)²ℓ² + γ² from
 * ℓ = σ₀, within the prior's range. (σ̂ would not do: it lacks what the denoiser leaves, and a denoiser that is told too
 * little leaves more.) So D(u) = E[x₀ | x_t = α_t·u], σ_t/α_t = ℓ, asked for each sample alone. A step shows u as x, σ̂ as
 * `sigma` and ℓ as `level`; its t is where ℓ would be if σ̂ were right.
 *
 * Defaults: h₀ = β = 0.01, σ₀ = 2, σ_L = 0.02, those of the authors' repository for the range [0, 1] where they are 1 and
 * 0.01; β = 1 injects no noise. They have no limit of steps; 1000 is ours.
 *
 * Linear operators with a pseudo-inverse, without noise: σ_y is ignored; a device that the host can read at once. Known
 * limits: the last denoising may leave A x = y; a sample of no stated law. ‖d‖ counts what the denoiser removes for all
 * the noise: on a Gaussian of variance v it is ℓ²/√(v + ℓ²), far less than ℓ, and a run stops too soon.
 *
 * @example
 * ```ts
 * import { gaussianPrior, kadkhodaieSimoncelli, matrixOperator, noNoise, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: noNoise(), y: tensor([[1]]) }
 * const x = await run(kadkhodaieSimoncelli(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export const kadkhodaieSimoncelli = defineMethod({
  name: 'kadkhodaie-simoncelli',
  title: 'Stochastic ascent by a denoiser',
  family: 'explicit',
  paper: { arxiv: '2007.13640', algorithm: 'Algorithm 2', authors: 'Kadkhodaie and Simoncelli 2020' },
  needs: ['linear', 'pinv'],
  limits: 'For measurements without noise. No stated law; it may stop too soon, and A x = y holds about.',
  steps: 1000,
  spacing: 'linspace',
  options: {
    sigma0: number('σ₀ of the start', { default: 2, above: 0 }),
    sigmaL: number('σ_L, at which a sample stops; below σ₀', { default: 0.02, min: 0 }),
    h0: number('h₀, the length of the first step', { default: 0.01, above: 0, max: 1 }),
    beta: number('β: 1 injects no noise, less some', { default: 0.01, min: 0, max: 1 }),
  },
  evaluations: (steps) => steps + 1,
  path: (times, { sigma0, h0, beta }, schedule) => {
    const inside = within(schedule)
    let level = sigma0
    const places = times.map((_, i) => {
      const t = schedule.timeOfNoiseLevel(inside(level))
      level *= 1 - beta * stepLength(h0, i + 1)
      return t
    })
    return places.map((t, i) => ({ t, s: places[i + 1] ?? schedule.clean }))
  },
  plan: ({ problem: { operator, y }, prior, options, times, z }) => {
    const { sigma0, sigmaL, h0, beta } = options
    if (!(sigmaL < sigma0)) throw new OptionError('sigmaL', `must be below σ₀ = ${sigma0}, got ${sigmaL}`)
    const first = within(prior.schedule)(sigma0)
    const [count, n] = [y.shape[0] ?? 0, sizeOf(prior.shape)]
    const each = (values: readonly number[]) =>
      fromData(values, [count, ...prior.shape.map(() => 1)], { dtype: y.dtype, device: y.device })
    return stepping({
      start: () => ({
        x: operator.pinv(y).add(z(0, 'start').mul(first)),
        level: each(new Array<number>(count).fill(first)),
        stopped: each(new Array<number>(count).fill(0)),
      }),
      step: ({ x, level, stopped }, _, i) => {
        const [levels, gone] = [level.dataSync(), stopped.dataSync()]
        const x0hat = bySample(x, (u, j) => (gone[j] ? u : denoisedAt(prior, u, levels[j] ?? 0)))
        const d = x0hat.sub(x).add(operator.pinv(y.sub(operator.forward(x0hat))))
        const sigma = sampleNorms(d).div(Math.sqrt(n))
        const h = stepLength(h0, i + 1)
        const gamma = sigma.mul(injected(h, beta))
        const moved = x.add(d.mul(h)).add(gamma.mul(z(i, 'step')))
        const after = level
          .mul(1 - h)
          .square()
          .add(gamma.square())
          .sqrt()
        const [estimates, next] = [sigma.dataSync(), after.dataSync()]
        const stops = Array.from(estimates, (s) => s <= sigmaL || i === times.length - 1)
        const left = bySample(moved, (u, j) =>
          stops[j] && !gone[j] ? denoisedAt(prior, u, next[j] ?? 0) : u,
        )
        return {
          state: {
            x: bySample(left, (u, j) => (gone[j] ? x.slice([j, j + 1]) : u)),
            level: each(Array.from(next, (after, j) => (gone[j] ? (levels[j] ?? 0) : after))),
            stopped: each(stops.map((stop, j) => (stop || gone[j] ? 1 : 0))),
          },
          shown: { x0hat },
          numbers: { residual: residualNorm(operator, y, x0hat), sigma, level },
          ended: stops.every((stop, j) => stop || gone[j]),
        }
      },
    })
  },
})

/** Options of {@link kadkhodaieSimoncelli}. */
export type KadkhodaieSimoncelliOptions = OptionsOf<typeof kadkhodaieSimoncelli>
/** A step of {@link kadkhodaieSimoncelli}. */
export type KadkhodaieSimoncelliStep = StepOf<typeof kadkhodaieSimoncelli>
