import { smcPlan, weightedDiffusion } from '../../particles/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { weightedOptions } from '../weighted-options.ts'

/**
 * AFDPS, approximation-free diffusion posterior sampling (Chen et al., arXiv 2506.03979, Algorithm 1). In z = x_t/α_t, ς = σ_t/α_t
 * any prior explodes in variance, with score s = (x̂₀ − z)/ς². Weighted particles follow p_ς(z)·e^{β_ς·r(z)}, r(z) = log p(y | x₀ = z),
 * from x_T to p(x₀)·p(y | x₀); with g = β∇r, dτ = ς_t² − ς_s²
 *
 *     z ← z + (s + c·g)·dτ + √dτ·ξ,     d log w = [(c − ½)(βΔr + ‖g‖²) + c·g·s]·dτ + r·dβ,     c = 1,
 *
 * ancestors being drawn where the effective sample size falls below `threshold`·K. `logEvidence` estimates log p(y).
 * What all three weighted diffusions share is {@link weightedDiffusion}; `g-smc` is c = ½, `driftlite` controls the weights.
 *
 * Exact as steps and particles grow, for any c, β and operator. Where σ_y is small beside ς and β is 1 (`gamma: 0`, the paper), the
 * drift c·g is stiff, and the weights of c = 1 are the ones that suffer: docs/weighted-diffusion.md. `gamma` 1, the authors' code, has β
 * rise as σ_y²/(σ_y² + γ²·gain·ς²), gain = tr(AAᵀ)/m. `weigh: 'path'` has weights that are right for the steps as they are. The
 * Laplacian has a closed form for linear operators with Gaussian noise; elsewhere Hutchinson's probes or all directions.
 *
 * 32 particles, 400 steps on the levels of EDM, γ, one probe and the threshold ½ are the authors' (erichou1/AFDPS), who
 * resample only where told to, and evaluate r at x̂₀ for operators that are not linear: that is not exact, and not done here.
 *
 * Any differentiable operator, any noise of a known likelihood; `rewardProblem` makes a problem of a reward. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { afdps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * let logEvidence = 0
 * const x = await run(afdps(problem, prior, { steps: 100, particles: 100, weigh: 'path' }), {
 *   onStep: (step) => void (logEvidence = step.logEvidence[0]!),
 * })
 * Math.abs(x.dataSync()[0]! - 0.92) < 1.5 // => true
 * Math.abs(logEvidence + 1.42) < 0.5 // => true
 * ```
 */
export const afdps = defineMethod({
  name: 'afdps',
  title: 'Approximation-free diffusion posterior sampling (AFDPS)',
  family: 'exact',
  paper: { arxiv: '2506.03979', algorithm: 'Algorithm 1', authors: 'Chen et al. 2025' },
  needs: ['likelihood', 'operatorVjp'],
  limits:
    'Exact as steps and particles grow; the weights of c = 1 are the first to break where σ_y is small beside the steps, and in many dimensions one particle has all the weight.',
  cost: ['particles'],
  steps: 400,
  spacing: 'karras',
  options: weightedOptions(32, 1),
  plan: (run) => {
    const moves = weightedDiffusion(run, run.options)
    return smcPlan('afdps', run, moves)
  },
})

/** Options of {@link afdps}. */
export type AfdpsOptions = OptionsOf<typeof afdps>
/** A step of {@link afdps}. */
export type AfdpsStep = StepOf<typeof afdps>
