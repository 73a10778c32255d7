import { smcPlan, weightedDiffusion } from '../../particles/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { weightedOptions } from '../weighted-options.ts'

/**
 * Guidance-SMC: the Feynman–Kac corrector of a tilted diffusion (Skreta et al., arXiv 2503.02819, Proposition D.6); DriftLite
 * measures itself by a form of it with `c: 1`. Weighted particles follow p_ς(z)·e^{β_ς·r(z)} as in AFDPS ({@link weightedDiffusion}), with half
 * of the guidance, which leaves no Laplacian: z = x_t/α_t, ς = σ_t/α_t, s = (x̂₀ − z)/ς², g = β∇r, dτ = ς_t² − ς_s²,
 *
 *     z ← z + (s + c·g)·dτ + √dτ·ξ,     d log w = [(c − ½)(βΔr + ‖g‖²) + c·g·s]·dτ + r·dβ,     c = ½.
 *
 * `c: 0` proposes by the prior alone. Exact as steps and particles grow. Where nothing else is said 32 particles, 400 steps and β
 * are those of `afdps`.
 *
 * Any differentiable operator, any noise of a known likelihood; `rewardProblem` makes a problem of a reward. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, gSmc, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * let logEvidence = 0
 * const x = await run(gSmc(problem, prior, { steps: 100, particles: 100, weigh: 'path' }), {
 *   onStep: (step) => void (logEvidence = step.logEvidence[0]!),
 * })
 * Math.abs(x.dataSync()[0]! - 0.92) < 1.5 // => true
 * Math.abs(logEvidence + 1.42) < 0.5 // => true
 * ```
 */
export const gSmc = defineMethod({
  name: 'g-smc',
  title: 'Guidance-SMC',
  family: 'exact',
  paper: { arxiv: '2503.02819', algorithm: 'Proposition D.6', authors: 'Skreta et al. 2025' },
  needs: ['likelihood', 'operatorVjp'],
  limits: 'Exact as steps and particles grow; in many dimensions one particle has all the weight.',
  cost: ['particles'],
  steps: 400,
  spacing: 'karras',
  options: weightedOptions(32, 0.5),
  plan: (run) => {
    const moves = weightedDiffusion(run, run.options)
    return smcPlan('g-smc', run, moves)
  },
})

/** Options of {@link gSmc}. */
export type GSmcOptions = OptionsOf<typeof gSmc>
/** A step of {@link gSmc}. */
export type GSmcStep = StepOf<typeof gSmc>
