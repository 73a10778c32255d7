import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const inPnpDm = ['methods/exact/pnp-dm.test.ts', 'methods/exact/calibration.test.ts']
const pnpDm = of('methods/exact/pnp-dm.ts', ...inPnpDm)
const pnpDmData = of('methods/exact/pnp-dm-data.ts', ...inPnpDm)
const coupled = of('inner/coupled.ts', ...inPnpDm)
const kept = of('inner/kept.ts', ...inPnpDm)
const pmc = of('methods/exact/pmc.ts', 'methods/exact/pmc.test.ts')
const momentum = of('inner/momentum.ts', 'inner/momentum.test.ts')
const covariance = of('inner/covariance-draw.ts', 'inner/covariance-draw.test.ts')
const root = of('linalg/dense-solve.ts', 'inner/covariance-draw.test.ts')
const levels = of('schedules/level-grids.ts', 'methods/exact')

const pnpDmEdits: readonly Edit[] = [
  pnpDm('pnp-dm-alpha', 'z.mul(prior.schedule.alpha(t))', 'z', 'the reverse SDE starts at z, not at α_t·z'),
  pnpDm(
    'pnp-dm-coupling',
    'likelihood(x, noiseLevel(prior.schedule, t), {',
    'likelihood(x, prior.schedule.sigma(t), {',
    'ρ is σ_t in the likelihood step, σ_t/α_t in the prior step',
  ),
  pnpDm(
    'pnp-dm-variance',
    "variance: 'large'",
    "variance: 'small'",
    'the prior step with the variance that adds up to less than ρ²',
  ),
  pnpDm(
    'pnp-dm-order',
    'state: { x: next, kept: now }',
    'state: { x: z, kept: now }',
    'z is handed on for x',
  ),
  pnpDm(
    'pnp-dm-ode',
    "sampler === 'ode'",
    "sampler !== 'ode'",
    'the probability flow where a draw is asked for',
  ),
  pnpDm(
    'pnp-dm-burn-in',
    'i >= burnIn * times.length',
    'i > burnIn * times.length',
    'the first sample after the burn-in is lost',
  ),
  pnpDm(
    'pnp-dm-least',
    'if (priorSteps > 1 && !(Math.min(...rhos) > low))',
    'if (priorSteps > 1 && !(Math.max(...rhos) > low))',
    'a ρ that the prior does not reach is taken',
  ),
  pnpDmData(
    'pnp-dm-langevin-auto',
    "data !== 'langevin' &&",
    "data === 'exact' &&",
    'Langevin where the exact draw is there',
  ),
  pnpDmData(
    'pnp-dm-iterations',
    "({ solver: 'cg', iterations } as const)",
    "({ solver: 'cg', iterations: 1 } as const)",
    'one conjugate gradient, however many are asked for',
  ),
  coupled('coupled-square', '.div(rho ** 2)', '.div(rho)', 'a chain is coupled by ρ for ρ²'),
  coupled('coupled-sign', '.sub(score(x))', '.add(score(x))', 'a chain runs away from y'),
  kept(
    'kept-mean',
    'mean.add(off.div(count + 1))',
    'mean.add(off.div(count + 2))',
    'the mean of what is kept lags',
  ),
  kept(
    'kept-spread',
    'Math.max(count - 1, 1)',
    'Math.max(count, 1)',
    'the spread of samples by n, not n − 1',
  ),
]

const pmcEdits: readonly Edit[] = [
  pmc('pmc-root', 'Math.sqrt(2 * stepSize)', 'Math.sqrt(stepSize)', 'the noise of PMC without its √2'),
  pmc('pmc-form', "form === 'pnp' ? u : x", "form === 'red' ? u : x", 'RED and PnP change places'),
  pmc(
    'pmc-level',
    'Math.max(weight * level ** 2, 1)) / level ** 2',
    'Math.max(weight * level ** 2, 1)) / level',
    'the score of PMC by σ for σ²',
  ),
  pmc('pmc-weight', 'Math.max(weight * level ** 2, 1)', '1', 'annealed without the weight of the score'),
  pmc('pmc-floor', 'Math.max(weight * level ** 2, 1)', 'weight * level ** 2', 'α_k goes below 1'),
  pmc(
    'pmc-alpha',
    'prior.denoise(at.mul(alpha), t)',
    'prior.denoise(at, t)',
    'the denoiser gets x for α_t·x',
  ),
  pmc('pmc-start', '.mul(2).sub(1)', '', 'PMC starts in [0, 1]'),
  pmc('pmc-repeats', 'times.length * repeats', 'times.length', 'one Langevin step for each of `steps`'),
  pmc(
    'pmc-least',
    'Math.max(sigmaMin, levelsOf(prior.schedule).low)',
    'sigmaMin',
    'the weight forgets the least level of the prior',
  ),
  pmc('pmc-advice', 'reach < 1', 'reach <= 1', 'a step that reaches the denoised point is not told of'),
]

const sharedEdits: readonly Edit[] = [
  momentum(
    'momentum-fresh',
    'Math.sqrt(2 * (1 - momentum))',
    'Math.sqrt(1 - momentum ** 2)',
    'the noise that keeps the momentum N(0, I) at m near 1 alone',
  ),
  momentum(
    'momentum-key',
    "drawn('momentum')",
    'drawn(0)',
    'the momentum starts from the noise of the first step',
  ),
  covariance(
    'covariance-noise',
    'v.mul(sigmaY ** 2)',
    'v.mul(sigmaY)',
    'σ_y for σ_y² in the draw by a covariance',
  ),
  covariance(
    'covariance-centre',
    'measured.sub(operator.forward(centre))',
    'measured.sub(operator.forward(x))',
    'the residual of x̂ for that of the perturbed centre',
  ),
  root('dense-root', 'Math.sqrt(Math.max(value, 0))', 'Math.max(value, 0)', 'C for its root'),
  levels(
    'decaying-floor',
    'Math.max(first * decay ** k, least)',
    'first * decay ** k',
    'levels cool below their floor',
  ),
  levels(
    'times-within-top',
    'Math.min(Math.max(level, low), high)',
    'Math.max(level, low)',
    'levels above those of the prior',
  ),
]

/** Faults of splittings of the posterior, and of what they stand on. */
export const splittingEdits: readonly Edit[] = [...pnpDmEdits, ...pmcEdits, ...sharedEdits]
