import { proximal } from '../../inner/proximal.ts'
import { integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { renoise } from '../../samplers/kernel.ts'
import { freshEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * Decomposed diffusion sampling (DDS; Chung et al., arXiv 2303.05754, Algorithm 2). With x̂₀ = E[x₀ | x_t] and
 * ε = (x_t − α_t·x̂₀)/σ_t,
 *
 *     x̂₀' = M steps of conjugate gradients from x̂₀ for (I + γAᵀA)x = x̂₀ + γAᵀy,
 *     x_s = α_s·x̂₀' + σ_s·(√(1−η²)·ε + η·z),
 *
 * and, where the noise of y is σ_y = 0, the same for AᵀAx = Aᵀy. M steps stay in x̂₀ + the Krylov space of
 * Aᵀ(y − A x̂₀), near the manifold on which x̂₀ lies; with as many as there are unknowns the system is solved. ε stays
 * that of x̂₀. The last step returns x̂₀'.
 *
 * γ is the weight of the data, the same at every time: the proximal point under x₀ ~ N(x̂₀, γσ_y²I).
 *
 * Defaults: 50 steps, M = 5, γ = 1, η = 0.85, as the authors' code; their η is `renoise`'s, not DDIM's.
 *
 * Any linear operator by A and Aᵀ alone, each sample by itself, any noise. No gradients, one evaluation per step. Known
 * limits: γ knows neither σ_y nor t, so y is trusted equally at every noise level; not a posterior sampler. Its
 * variants for volumes (total variation along z by ADMM) are not here.
 *
 * @example
 * ```ts
 * import { dds, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(dds({ operator, noise: gaussianNoise(0), y: tensor([[1]]) }, prior))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const dds = defineMethod({
  name: 'dds',
  title: 'Decomposed diffusion sampling',
  family: 'explicit',
  paper: { arxiv: '2303.05754', algorithm: 'Algorithm 2', authors: 'Chung, Lee and Ye 2023' },
  needs: ['linear'],
  limits: 'γ knows neither σ_y nor the noise level: y counts as much early as late. No posterior sampler.',
  cost: ['prox'],
  steps: 50,
  spacing: 'ddim',
  options: {
    iterations: integer('M: conjugate gradients in each step', { default: 5, min: 1 }),
    gamma: number('γ: weight of the data beside x̂₀; without effect where σ_y = 0', { default: 1, above: 0 }),
    eta: freshEta(0.85),
  },
  plan: (run) => {
    const { operator, y, noise } = run.problem
    const { iterations, gamma, eta } = run.options
    const exact = noise.sigma === 0
    const data = { operator, y, sigmaY: exact ? 0 : 1 }
    return guidedPlan(run, renoise(eta), {
      through: false,
      keepsNoise: true,
      at: ({ x0hat }) => ({
        x0: proximal(data, x0hat, exact ? 1 : Math.sqrt(gamma), { solver: 'cg', iterations }),
        residual: residualNorm(operator, y, x0hat),
      }),
    })
  },
})

/** Options of {@link dds}. */
export type DdsOptions = OptionsOf<typeof dds>
/** A step of {@link dds}. */
export type DdsStep = StepOf<typeof dds>
