import { choice } from '../../options/index.ts'
import { smcPlan, weightedDiffusion } from '../../particles/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { weightedOptions } from '../weighted-options.ts'

/** The vectors of each basis. */
const bases = {
  all: ['reward', 'score', 'position'],
  reward: ['reward'],
  'reward-score': ['reward', 'score'],
  'reward-position': ['reward', 'position'],
} as const

/**
 * DriftLite (Ren et al., arXiv 2509.21655, §3): a weighted diffusion whose drift takes over what its weights would have to say.
 * Particles follow q = p_ς(z)·e^{β_ς·r(z)} as in AFDPS ({@link weightedDiffusion}): z = x_t/α_t, s = (x̂₀ − z)/ς², g = β∇r. Of any
 * vector s_i added to the drift, φ, the potential that weighs them, gains h_i = ∇·s_i + s_i·(s + g), of which the mean is 0:
 *
 *     z ← z + (s + c·g + Σθ_i·s_i)·dτ + √dτ·ξ,     d log w = (φ + Σθ_i·h_i)·dτ,
 *     VCG (`variance`): θ of least Var(φ + Σθ_i·h_i),      ECG (`energy`): Σ_j E[s_i·s_j]·θ_j = Cov(φ, ψ_i),  s_i = ∇ψ_i,
 *
 * by the weighted particles of each sample, in each step. The basis is ∇r, the score and z: the paper's third is the drift of the
 * prior, which beside the score adds z where it preserves variance. ECG needs log p_ς for the score, which no denoiser tells: its
 * basis is without. Each Laplacian costs a product with a Jacobian for each probe.
 *
 * Exact as steps and particles grow, for any basis; with `weigh: 'path'` the evidence is without bias for the steps as they are.
 * The paper's numbers of steps and particles are not known to us: those of `afdps`.
 *
 * Any differentiable operator, any noise of a known likelihood; `rewardProblem` makes a problem of a reward. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { driftlite, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * let logEvidence = 0
 * const x = await run(driftlite(problem, prior, { steps: 100, particles: 100, weigh: 'path' }), {
 *   onStep: (step) => void (logEvidence = step.logEvidence[0]!),
 * })
 * Math.abs(x.dataSync()[0]! - 0.92) < 1.5 // => true
 * Math.abs(logEvidence + 1.42) < 0.5 // => true
 * ```
 */
export const driftlite = defineMethod({
  name: 'driftlite',
  title: 'DriftLite: drifts that even out the weights',
  family: 'exact',
  paper: { arxiv: '2509.21655', algorithm: '§3', authors: 'Ren et al. 2025' },
  needs: ['likelihood', 'operatorVjp', 'denoiserVjp'],
  limits:
    'Exact as steps and particles grow; a control of three vectors makes the weights even only where the ideal drift is nearly one of theirs.',
  cost: ['particles'],
  steps: 400,
  spacing: 'karras',
  options: {
    ...weightedOptions(32, 0.5),
    control: choice(
      'what θ makes least: the variance of the weights (VCG), or the distance to the drift without any (ECG)',
      ['variance', 'energy'],
    ),
    basis: choice(
      'vectors of the control: ∇r, the score, the place; auto: all for VCG, those of known potential for ECG',
      ['auto', 'all', 'reward', 'reward-score', 'reward-position'],
    ),
  },
  plan: (run) => {
    const { control, basis, ...options } = run.options
    const vectors = bases[basis !== 'auto' ? basis : control === 'energy' ? 'reward-position' : 'all']
    return smcPlan('driftlite', run, weightedDiffusion(run, options, { by: control, basis: vectors }))
  },
})

/** Options of {@link driftlite}. */
export type DriftliteOptions = OptionsOf<typeof driftlite>
/** A step of {@link driftlite}. */
export type DriftliteStep = StepOf<typeof driftlite>
