import { ensembleGuidance, ensembleSpread } from '../../inner/ensemble.ts'
import { reverseOde } from '../../inner/reverse-ode.ts'
import { integer, number } from '../../options/index.ts'
import { population } from '../../particles/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

type Window = { readonly before: number; readonly after: number }

/** Whether step i of N moves the ensemble. */
const guided = (i: number, N: number, { before, after }: Window): boolean =>
  i > before * N && i < N - Math.floor(after * N)

/** Steps of the ODE in step i of N, fewer as less noise is left. */
const odeStepsAt = (i: number, N: number, most: number): number => Math.min(1 + Math.floor((N - i) / 4), most)

/** The steps of N that move the ensemble. */
const guidedSteps = (N: number, window: Window): number[] =>
  Array.from({ length: N }, (_, i) => i).filter((i) => guided(i, N, window))

/**
 * Ensemble Kalman diffusion guidance (EnKG; Zheng et al., arXiv 2409.20175, Algorithm 1): J particles for each sample go down the
 * probability flow together, and what their measurements have in common with their places stands for a gradient. In step i of N
 * with before·N < i < N − ⌊after·N⌋, `updates` times,
 *
 *     x₀ʲ = ODE(x_tʲ, t → 0),  y_j = A(x₀ʲ),     C_jk = ⟨y_j − y, y_k − ȳ⟩/J,     x_tʲ ← x_tʲ − (w_i/‖C‖_F)·Σ_k C_jk·(x_tᵏ − x̄_t),
 *
 * then, as in all other steps, a step of the flow (DDIM with η = 0). w_i = scale·((1 − λ)(N − i)/N + λ), λ = `leastScale`. The ODE
 * takes min(1 + ⌊(N − i)/4⌋, `odeSteps`) Euler steps. No gradient of anything, and no noise after the start. x is the first particle,
 * as good as any other; a step shows what it was moved by as `guidance`, the whole ensemble as `particles`, and the
 * standard deviation of its x̂₀ as `spread`, which falls as the particles agree.
 *
 * Defaults of the authors' code: J = 1024, one update, N = 80 on EDM's grid, before = after = 0.1 and 20 ODE steps; scale 3.5 falling
 * as with λ = 0.001, those for black holes. For Navier–Stokes: `presets`. Any operator; σ_y is ignored. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { enkg, gaussianNoise, gaussianPrior, quantise, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: quantise([2], { bits: 3 }), noise: gaussianNoise(0.05), y: tensor([[0.71, 0.43]]) }
 * const x = await run(enkg(problem, prior, { steps: 40, particles: 32 }))
 * Math.abs(x.dataSync()[0]! - 0.71) < 0.5 // => true
 * ```
 */
export const enkg = defineMethod({
  name: 'enkg',
  title: 'Ensemble Kalman diffusion guidance',
  family: 'explicit',
  paper: { arxiv: '2409.20175', algorithm: 'Algorithm 1', authors: 'Zheng et al. 2024' },
  needs: [],
  limits:
    'Goes down to the data whatever σ_y; particles stay in their own span, and J fewer than the directions that y tells of leave some of it.',
  cost: ['particles', 'inner'],
  steps: 80,
  spacing: 'karras',
  evaluations: (N, { updates, odeSteps, ...window }) =>
    guidedSteps(N, window).reduce((sum, i) => sum + updates * odeStepsAt(i, N, odeSteps), N),
  queries: (N, { particles, updates, ...window }) => N + guidedSteps(N, window).length * updates * particles,
  options: {
    particles: integer('J, particles for each sample', { default: 1024, min: 2 }),
    updates: integer('moves of the ensemble in a step', { default: 1, min: 1 }),
    scale: number('w, the length of a move, at the first step', { default: 3.5, min: 0 }),
    leastScale: number('λ, the part of w that is left at the last; 1 keeps it', {
      default: 0.001,
      min: 0,
      max: 1,
    }),
    before: number('the part of the steps before the first move', { default: 0.1, min: 0, max: 1 }),
    after: number('the part of the steps after the last', { default: 0.1, min: 0, max: 1 }),
    odeSteps: integer('the most Euler steps from x_t to x0', { default: 20, min: 1 }),
    clip: clipRange,
  },
  plan: ({ problem: { operator, y }, prior: given, options, times, start, z: normal }) => {
    const { particles: J, updates, scale, leastScale, odeSteps, clip, ...window } = options
    const [prior, kernel, cloud] = [clipped(given, clip), ddim(0), population({ particles: J })]
    const { schedule, shape } = prior
    const N = times.length
    /** The particle of each sample that is shown. */
    const first = <T>(all: T): T =>
      cloud.select(
        all,
        Array.from({ length: y.shape[0] ?? 0 }, () => Int32Array.of(0)),
      )
    return stepping({
      start: () => {
        const particles = cloud.noise({ normal }, 0, 'start', shape).mul(schedule.sigma(start))
        return { x: first(particles), particles }
      },
      step: ({ particles }, { t, s }, i) => {
        const w = scale * (((1 - leastScale) * (N - i)) / N + leastScale)
        let x = particles
        for (let update = 0; guided(i, N, window) && update < updates; update++) {
          const x0 = reverseOde(prior, x, t, { steps: odeStepsAt(i, N, odeSteps) })
          x = ensembleGuidance(x, operator.forward(x0), cloud.spread(y), J, w).x
        }
        const x0hat = prior.denoise(x, t)
        const next = kernel(x, x0hat, () => x, { t, s, schedule })
        return {
          state: { x: first(next), particles: next },
          shown: { x0hat: first(x0hat), guidance: first(x.sub(particles)), particles: next },
          numbers: { residual: residualNorm(operator, y, first(x0hat)), spread: ensembleSpread(x0hat, J) },
        }
      },
    })
  },
})

/** Options of {@link enkg}. */
export type EnkgOptions = OptionsOf<typeof enkg>
/** A step of {@link enkg}. */
export type EnkgStep = StepOf<typeof enkg>
