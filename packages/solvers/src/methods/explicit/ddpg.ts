import type { Tensor } from '@tweedie/tensor'
import { proximal } from '../../inner/proximal.ts'
import { choice, flag, integer, number } from '../../options/index.ts'
import { sampleNorms } from '../../run/residual.ts'
import { combine, predictedNoise } from '../../samplers/steps.ts'
import { alphaBar } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Denoising diffusion with iteratively preconditioned guidance (DDPG; Garber and Tirer, arXiv 2312.16519, Algorithm 2).
 * The correction of x̂₀ goes from back-projection, early, to the gradient of least squares, late, where noise counts.
 * With r = y − A x̂₀, ᾱ = α²/(α² + σ²), δ = ᾱ_s^γ and η = max(10⁻⁴, η̃·σ_y²),
 *
 *     x̂₀' = x̂₀ + μ_s·(1−δ)·Aᵀ(AAᵀ + ηI)⁻¹r + μ'_s·δ·c·Aᵀr,     ε̂ = (x_t − α_t·x̂₀')/σ_t,
 *     x_s = α_s·x̂₀' + σ_s·(√ζ·z + √(1−ζ)·δ·ε̂).
 *
 * ε̂ is worked out anew from x̂₀' and, being less certain under noise, weighed by δ. Without noise (σ_y = 0) δ is 0 in the
 * correction and 1 before ε̂. `step`: `decaying`, μ = μ' = (1−ᾱ_s)/(1−ᾱ_t); `constant`, both 1; `decaying-ls`, μ = 1 and
 * μ' decaying. The last step returns x̂₀ as the denoiser made it where there is noise, as the authors' code, else x̂₀'.
 * `idpg` is the authors' optimisation scheme, which puts no noise into a step: x_s = α_s·x̂₀', with `step: 'constant'` in theirs.
 *
 * Defaults: 100 steps, γ = 8, η̃ = 0.7, ζ = 0.5, c = 1, decaying, as main.py of the authors' repository; tuned per task in
 * its evaluation script (the presets). They double σ_y for [−1, 1] before all this, so the numbers hold here. c must
 * not exceed 2/‖A‖².
 *
 * Any linear operator by A and Aᵀ, Gaussian noise; no gradients, one evaluation per step. The regularised inverse is by
 * the SVD, or by `iterations` of conjugate gradients. Known limits: with δ before ε̂, x_s has less noise than its level
 * where y is noisy, so the result is smoother than a sample; hyperparameters per task and noise level.
 *
 * @example
 * ```ts
 * import { ddpg, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(ddpg({ operator, noise: gaussianNoise(0.05), y: tensor([[1]]) }, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const ddpg = defineMethod({
  name: 'ddpg',
  title: 'DDPG',
  family: 'explicit',
  paper: { arxiv: '2312.16519', algorithm: 'Algorithm 2', authors: 'Garber and Tirer 2024' },
  needs: ['linear', 'sigma'],
  limits: 'Tuned per task and noise level. Smoother than samples where y is noisy.',
  cost: ['prox'],
  steps: 100,
  spacing: 'ddim',
  options: {
    gamma: number('γ: how late least squares takes over, δ = ᾱ_s^γ', { default: 8, min: 0 }),
    etaTilde: number('η̃: regularises the back-projection, η = η̃·σ_y²', { default: 0.7, min: 0 }),
    zeta: number('ζ: part (of variance) of the new noise that is drawn afresh', {
      default: 0.5,
      min: 0,
      max: 1,
    }),
    lsScale: number('c: length of the least-squares step', { default: 1, min: 0 }),
    step: choice('length of the correction over time', ['decaying', 'constant', 'decaying-ls']),
    idpg: flag('IDPG: no noise in a step, neither drawn nor kept'),
    iterations: integer('conjugate gradients of the back-projection', {
      min: 1,
      otherwise: 'none, by the SVD; 50 where there is none',
    }),
  },
  plan: ({ problem: { operator, noise: law, y }, prior, options, noise, z }) => {
    const { schedule } = prior
    const { gamma, etaTilde, zeta, lsScale, step, idpg, iterations } = options
    const noisy = law.sigma > 0
    const solver = iterations === undefined && operator.svd !== undefined ? 'svd' : 'cg'
    const projection = { operator, y, sigmaY: Math.sqrt(Math.max(1e-4, etaTilde * law.sigma ** 2)) }
    const project = (x0hat: Tensor) =>
      proximal(projection, x0hat, 1, { solver, iterations: iterations ?? 50 })
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const r = y.sub(operator.forward(x0hat))
        const [ended, delta] = [s === schedule.clean, noisy ? alphaBar(schedule, s) ** gamma : 0]
        const decay = (1 - alphaBar(schedule, s)) / (1 - alphaBar(schedule, t))
        const back = (ended && noisy ? 0 : step === 'decaying' ? decay : 1) * (1 - delta)
        const down = (ended && noisy ? 0 : step === 'constant' ? 1 : decay) * delta * lsScale
        const moved = combine([1, x0hat], [back, project(x0hat).sub(x0hat)], [down, operator.adjoint(r)])
        const clean = moved.mul(schedule.alpha(s))
        const kept = schedule.sigma(s) * Math.sqrt(1 - zeta) * (noisy ? delta : 1)
        const noised = () =>
          combine(
            [1, clean],
            [kept, predictedNoise(x, moved, schedule, t)],
            [ended ? 0 : schedule.sigma(s) * Math.sqrt(zeta), z(i, 'step')],
          )
        const next = idpg ? clean : noised()
        return { state: { x: next }, shown: { x0hat }, numbers: { residual: sampleNorms(r) } }
      },
    })
  },
})

/** Options of {@link ddpg}. */
export type DdpgOptions = OptionsOf<typeof ddpg>
/** A step of {@link ddpg}. */
export type DdpgStep = StepOf<typeof ddpg>
