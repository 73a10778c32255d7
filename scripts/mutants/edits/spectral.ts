import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const ddnm = of('methods/explicit/ddnm.ts', 'methods/explicit/ddnm', 'methods/defaults')
const nullSpace = of('guidance/null-space.ts', 'methods/explicit/ddnm', 'methods/explicit/ddnm-plus')
const guided = of('guidance/guided.ts', 'methods/explicit/ddnm')
const define = of('methods/define.ts', 'methods/explicit/ddnm')

const plus = of('methods/explicit/ddnm-plus.ts', 'methods/explicit/ddnm-plus', 'methods/defaults')
const plusStep = of('methods/explicit/ddnm-plus-step.ts', 'methods/explicit/ddnm-plus')
const plusWeights = of('methods/explicit/ddnm-plus-weights.ts', 'methods/explicit/ddnm-plus')

const ddnmPlusEdits: readonly Edit[] = [
  plusWeights(
    'ddnm-plus-alpha-bar',
    'const noise = (a * sigmaY) / s',
    'const noise = (a ** 2 * sigmaY) / s',
    'ᾱ_s in place of α_s, as in the simplified form of the repository',
  ),
  plusWeights(
    'ddnm-plus-phi',
    'Math.sqrt(sigma ** 2 - noise ** 2)',
    'sigma - noise',
    'the difference of deviations in place of that of variances',
  ),
  plusWeights(
    'ddnm-plus-joint',
    'if (sigma < noise)',
    'if (sigma <= noise)',
    'σ_s = α_sσ_y/s goes to the damped case',
  ),
  plusWeights('ddnm-plus-lambda', 'lambda: rest / noise,', 'lambda: sigma / noise,', 'λ without √(1−η²)'),
  plusWeights(
    'ddnm-plus-unseen-noise',
    'fresh: eta * sigma, kept: rest }\n  const',
    'fresh: sigma, kept: rest }\n  const',
    'too much new noise where A sees nothing',
  ),
  plusWeights(
    'ddnm-plus-share',
    'b: ratio * share ** 2',
    'b: ratio * share',
    'x_t kept by σ_s/σ_t, not its square',
  ),
  plusWeights(
    'ddnm-plus-gamma',
    'sigma ** 2 - (a * sigmaY) ** 2',
    'sigma ** 2 - a * sigmaY ** 2',
    'a in place of a² in γ',
  ),
  plusStep(
    'ddnm-plus-epsilon',
    'predictedNoise(x, x0hat, schedule, t)',
    'x',
    'x_t in place of its noise where A sees nothing',
  ),
  plusStep('ddnm-plus-own', 'a * (1 - w.lambda)', '1 - w.lambda', 'x̂₀ without α_s'),
  plus(
    'ddnm-plus-no-travel',
    "noisedTo(before, at, () => z(i, 'up'), schedule)",
    'before',
    'the ways up of time travel are not gone',
  ),
  plus(
    'ddnm-plus-form',
    "options.form === 'spectral')\n      throw",
    "options.form === 'auto')\n      throw",
    'an operator without SVD is refused where nothing was asked for',
  ),
]

const diffpir = of('methods/explicit/diffpir.ts', 'methods/explicit/diffpir', 'methods/defaults')
const diffpirData = of('methods/explicit/diffpir-data.ts', 'methods/explicit/diffpir')
const grids = of('schedules/grids.ts', 'schedules/grids')

const diffpirEdits: readonly Edit[] = [
  diffpir('diffpir-zeta', 'Math.sqrt(options.zeta)', 'options.zeta', 'ζ in place of √ζ'),
  diffpir(
    'diffpir-rho',
    'spread, sigma / alpha)',
    'spread, sigma)',
    'σ_t in place of the noise level σ_t/α_t in ρ_t',
  ),
  diffpir(
    'diffpir-floor',
    'const leastSigma = 0.002',
    'const leastSigma = 0.001',
    'the floor of σ_n for [0, 1]',
  ),
  diffpir('diffpir-lambda', 'default: 1.75,', 'default: 7,', 'λ for σ_n of [0, 1]'),
  diffpir(
    'diffpir-keeps',
    'through: false,',
    'through: false,\n        keepsNoise: true,',
    'ε of x̂₀ is kept',
  ),
  diffpir(
    'diffpir-start',
    '.mul(prior.schedule.alpha(start))',
    '',
    'the first estimate is not taken to the level of x_T',
  ),
  diffpirData(
    'diffpir-gradient-half',
    'back(r).div((spread / level) ** 2)',
    'back(r).div(2 * (spread / level) ** 2)',
    'half the gradient step',
  ),
  diffpirData('diffpir-prox', 'x0hat, level, {', 'x0hat, level ** 2, {', 'σ̄² in place of σ̄'),
  diffpirData(
    'diffpir-projection',
    'gamma / (1 + (spread / level) ** 2)',
    'gamma / (spread / level) ** 2',
    'γ/ρ in place of γ/(1 + ρ)',
  ),
  grids('diffpir-grid', 'T - 1 - Math.min', 'T - Math.min', 'DiffPIR’s grid one index up'),
]

const dds = of('methods/explicit/dds.ts', 'methods/explicit/dds', 'methods/defaults')

const ddsEdits: readonly Edit[] = [
  dds('dds-noise-anew', '      keepsNoise: true,\n', '', 'ε is worked out anew from x̂₀′'),
  dds('dds-gamma-square', 'Math.sqrt(gamma)', 'gamma', 'γ² in place of γ'),
  dds('dds-exact', 'noise.sigma === 0', 'noise.sigma !== 0', 'the systems with and without noise swapped'),
  dds('dds-solved', "{ solver: 'cg', iterations }", "{ solver: 'cg' }", 'as many iterations as it takes'),
  dds('dds-svd', "{ solver: 'cg', iterations }", '{ iterations }', 'solved by the SVD where there is one'),
  dds(
    'dds-default-iterations',
    '{ default: 5, min: 1 }',
    '{ default: 1, min: 1 }',
    'one iteration by default',
  ),
  dds(
    'dds-residual',
    'residualNorm(operator, y, x0hat)',
    'residualNorm(operator, y, x0hat).square()',
    'squared',
  ),
]

const snips = of('methods/explicit/snips.ts', 'methods/explicit/snips', 'methods/defaults')
const snipsWeights = of('methods/explicit/snips-weights.ts', 'methods/explicit/snips')

const snipsEdits: readonly Edit[] = [
  snipsWeights(
    'snips-root-two',
    'Math.sqrt(2 * c * (1 - share))',
    'Math.sqrt(c * (1 - share))',
    '√a in place of √(2a)',
  ),
  snipsWeights(
    'snips-variance',
    'sigma ** 2 - (sigmaY / s) ** 2',
    'sigma ** 2 + (sigmaY / s) ** 2',
    'the variances of x̄ and of ȳ added',
  ),
  snipsWeights('snips-share', '((s * sigma) / sigmaY) ** 2', '(s * sigma) / sigmaY', 'σ/τ in place of σ²/τ²'),
  snipsWeights(
    'snips-score',
    'theta: c * (1 - share)',
    'theta: c',
    'the score with a step that is not shortened',
  ),
  snipsWeights(
    'snips-theta',
    'return { theta: 0, xbar, uty: c / s,',
    'return { theta: c, xbar, uty: c / s,',
    'a score where σ > τ',
  ),
  snips('snips-alpha', 'x.div(schedule.alpha(t))', 'x', 'x_t in place of x_t/α_t'),
  snips(
    'snips-alpha-after',
    '.mul(schedule.alpha(s))',
    '.mul(schedule.alpha(t))',
    'goes on at the level it came from',
  ),
  snips('snips-inner', 'length: innerSteps - 1 }', 'length: innerSteps }', 'one inner step too many'),
  snips('snips-step', 'default: 0.033,', 'default: 0.33,', 'a step ten times too long by default'),
]

const ddpg = of('methods/explicit/ddpg.ts', 'methods/explicit/ddpg', 'methods/defaults')

const ddpgEdits: readonly Edit[] = [
  ddpg(
    'ddpg-delta-time',
    'alphaBar(schedule, s) ** gamma',
    'alphaBar(schedule, t) ** gamma',
    'δ of the time that is left',
  ),
  ddpg('ddpg-decay', '(1 - alphaBar(schedule, s)) /', 'alphaBar(schedule, s) /', 'another decay'),
  ddpg('ddpg-eta', 'etaTilde * law.sigma ** 2', 'etaTilde * law.sigma', 'σ_y in place of σ_y² in η'),
  ddpg('ddpg-eta-floor', 'Math.max(1e-4,', 'Math.max(1e-2,', 'the floor of η'),
  ddpg('ddpg-weights', '* (1 - delta)\n', '\n', 'back-projection at its full length throughout'),
  ddpg(
    'ddpg-noise',
    'Math.sqrt(1 - zeta) * (noisy ? delta : 1)',
    'Math.sqrt(1 - zeta)',
    'ε̂ at its full weight under noise',
  ),
  ddpg('ddpg-zeta', 'schedule.sigma(s) * Math.sqrt(zeta)', 'schedule.sigma(s) * zeta', 'ζ in place of √ζ'),
  ddpg(
    'ddpg-epsilon',
    'predictedNoise(x, moved, schedule, t)',
    'predictedNoise(x, x0hat, schedule, t)',
    'ε is that of x̂₀',
  ),
  ddpg('ddpg-adjoint', 'operator.adjoint(r)]', 'operator.adjoint(r).neg()]', 'against the gradient'),
  ddpg(
    'ddpg-end',
    "(ended && noisy ? 0 : step === 'decaying'",
    "(ended ? 0 : step === 'decaying'",
    'no last correction without noise',
  ),
]

const jpeg = of('methods/explicit/ddrm-jpeg.ts', 'methods/explicit/ddrm-jpeg', 'methods/defaults')

const jpegEdits: readonly Edit[] = [
  jpeg('ddrm-jpeg-noise-anew', '        keepsNoise: true,\n', '', 'ε is worked out anew from x̂₀′'),
  jpeg(
    'ddrm-jpeg-eta-b',
    'nullSpace(problem, x0hat, options.etaB)',
    'nullSpace(problem, x0hat)',
    'η_B is left out',
  ),
  jpeg(
    'ddrm-jpeg-start',
    '.add(operator.pinv(y).mul(prior.schedule.alpha(start)))',
    '',
    'it starts at pure noise',
  ),
  jpeg(
    'ddrm-jpeg-start-alpha',
    'operator.pinv(y).mul(prior.schedule.alpha(start))',
    'operator.pinv(y)',
    'A†y without α_t',
  ),
  jpeg(
    'ddrm-jpeg-part',
    'startAt * (noisiest - clean)',
    '(1 - startAt) * (noisiest - clean)',
    'the part counted from the noisy end',
  ),
  jpeg('ddrm-jpeg-default-start', 'default: 0.3,', 'default: 1,', 'it starts at the noisiest time'),
]

const ddnmEdits: readonly Edit[] = [
  ddnm('ddnm-noise-anew', '      keepsNoise: true,\n', '', 'ε is worked out anew from x̂₀′'),
  ddnm('ddnm-eta-square', 'renoise(run.options.eta)', 'renoise(run.options.eta ** 2)', 'η² in place of η'),
  ddnm(
    'ddnm-travel-swapped',
    'jump: travelLength, repeats: travelRepeats',
    'jump: travelRepeats, repeats: travelLength',
    'l and r of time travel swapped',
  ),
  ddnm('ddnm-default-eta', 'freshEta(0.85)', 'freshEta(1)', 'ancestral by default'),
  ddnm(
    'ddnm-default-spacing',
    "spacing: 'ddim',\n  options",
    "spacing: 'linspace',\n  options",
    'another grid',
  ),
  nullSpace(
    'null-space-sign',
    'x.add(back.mul(lambda))',
    'x.sub(back.mul(lambda))',
    'away from the measurement',
  ),
  nullSpace('null-space-lambda', 'back.mul(lambda)', 'back', 'λ is left out'),
  nullSpace(
    'null-space-adjoint',
    'operator.pinv(r)',
    'operator.adjoint(r)',
    'Aᵀ in place of A⁺, right for orthonormal rows only',
  ),
  nullSpace(
    'null-space-difference',
    'operator.pinv(y).sub(operator.pinv(clean))',
    'operator.pinv(r)',
    'A† of the difference for an operator that is not linear',
  ),
  guided('kept-noise-alpha', '.mul(alpha))', ')', 'x_t moves by x₀ − x̂₀ instead of α_t·(x₀ − x̂₀)'),
  define(
    'kept-noise-inverted',
    'guidance.keepsNoise === true ? keepingNoise',
    'guidance.keepsNoise !== true ? keepingNoise',
    'the noise is kept where it should not be',
  ),
]

export const spectralEdits: readonly Edit[] = [
  ...ddnmEdits,
  ...ddnmPlusEdits,
  ...diffpirEdits,
  ...ddsEdits,
  ...snipsEdits,
  ...ddpgEdits,
  ...jpegEdits,
]
