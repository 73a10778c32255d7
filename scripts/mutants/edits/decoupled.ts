import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const engineTests = ['methods/exact/rto-tu.test.ts', 'methods/exact/daps.test.ts']
const daps = of('methods/exact/daps.ts', 'methods/exact/daps.test.ts', 'methods/exact/rto-tu.test.ts')
const engine = of('inner/decoupled.ts', ...engineTests)
const plan = of('methods/decoupled-plan.ts', ...engineTests)
const rto = of('methods/exact/rto-tu.ts', 'methods/exact/rto-tu.test.ts')
const map = of('methods/exact/map-tu.ts', 'methods/exact/rto-tu.test.ts')
const point = of('inner/optimised-draw.ts', 'inner/optimised-draw.test.ts')
const flow = of('inner/reverse-ode.ts', 'inner/reverse-ode.test.ts', 'methods/exact/rto-tu.test.ts')
const dense = of('linalg/dense-solve.ts', 'inner/optimised-draw.test.ts')
const dpnp = of('methods/exact/dpnp.ts', 'methods/exact/dpnp.test.ts')
const dpnpData = of('methods/exact/dpnp-data.ts', 'methods/exact/dpnp.test.ts')
const sampler = of('inner/denoising-sampler.ts', 'methods/exact/dpnp.test.ts')
const sitcom = of('methods/explicit/sitcom.ts', 'methods/explicit/sitcom.test.ts')
const input = of('inner/network-input.ts', 'methods/explicit/sitcom.test.ts')

const dapsEdits: readonly Edit[] = [
  daps(
    'daps-grid',
    'times.length + (visitLast ? 0 : 1)',
    'times.length + (visitLast ? 0 : 2)',
    'a level too many',
  ),
  daps(
    'daps-visit-last',
    'times.length + (visitLast ? 0 : 1)',
    'times.length + (visitLast ? 1 : 0)',
    'the last level is visited where it should not be',
  ),
  daps(
    'daps-rate',
    '(i / (times.length + 1)) * (decay - 1)',
    '(i / times.length) * (decay - 1)',
    'η falls by i/n for i/(n + 1)',
  ),
  daps('daps-tau', 'tau = noise.sigma }', 'tau = 0.01 }', 'τ is 0.01, whatever σ_y is'),
  daps('daps-tau-zero', 'if (chain && tau === 0)', 'if (!chain && tau === 0)', 'a chain with τ = 0'),
  daps(
    'daps-factor',
    'gaussianNoise(tau)',
    'gaussianNoise(tau / Math.SQRT2)',
    'the data term of the chain twice too large, as in the repository',
  ),
]

const engineEdits: readonly Edit[] = [
  engine(
    'decoupled-map',
    "draw === 'map' ? undefined : { x: x(), y: y() }",
    "draw === 'exact' ? undefined : { x: x(), y: y() }",
    'the mean for a draw, and a draw for the mean',
  ),
  engine(
    'decoupled-estimate',
    "estimateOf(prior, estimate === 'tweedie'",
    "estimateOf(prior, estimate !== 'tweedie'",
    'the flow and the mean change places',
  ),
  engine(
    'decoupled-hmc',
    "draw === 'hmc' ? momentumChain",
    "draw !== 'hmc' ? momentumChain",
    'the chains change places',
  ),
  engine(
    'decoupled-centre',
    'x.div(schedule.alpha(t)), level)',
    'x0hat, level)',
    'by the score of the prior, but around x̂₀ for x_t',
  ),
  engine(
    'decoupled-score-level',
    '.div(noiseLevel(schedule, s) ** 2)',
    '.div(noiseLevel(schedule, s))',
    'the score of the prior by σ for σ²',
  ),
  engine(
    'decoupled-level',
    'proximalDraw(linear, x0hat, level, noise)',
    'proximalDraw(linear, x0hat, level ** 2, noise)',
    'C is σ⁴I for σ²I',
  ),
  engine(
    'decoupled-precision',
    'inverse(v.sub(x0hat)).sub(score(v))',
    'inverse(v.sub(x0hat)).add(score(v))',
    'a chain by C⁻¹ runs away from y',
  ),
  engine(
    'decoupled-root',
    'x0hat.add(root(draws.x()))',
    'x0hat.add(draws.x())',
    'x̂₀ is perturbed by ε for C^½ε',
  ),
  engine(
    'decoupled-unperturbed',
    'root(draws.x())), draws.measured()]',
    'root(draws.x())), y]',
    'x̂₀ is perturbed, y is not: no draw where A is linear',
  ),
  plan(
    'decoupled-noise',
    '[schedule.sigma(s), up]',
    '[schedule.sigma(t), up]',
    'x₀ is noised to the level it came from',
  ),
  plan(
    'decoupled-scale',
    '[schedule.alpha(s), x0]',
    '[schedule.alpha(t), x0]',
    'x₀ is scaled to the level it came from',
  ),
  plan('decoupled-grid', 'karrasLevels(steps, range)', 'karrasLevels(steps + 1, range)', 'a level too many'),
  plan(
    'decoupled-evaluations',
    'odeMin === sigmaMin ? odeSteps - 1 : 0',
    'odeMin === sigmaMin ? odeSteps : 0',
    'a flow from its own last level is counted as none',
  ),
  plan(
    'decoupled-fit',
    'likelihood === undefined && (linear',
    'likelihood !== undefined && (linear',
    'what has a likelihood is refused, what has none is taken',
  ),
  flow(
    'flow-least',
    'const least = Math.max(index0, end)',
    'const least = index0',
    'a flow goes on below its last level',
  ),
  flow(
    'flow-least-time',
    'least === index0 ? 0 : schedule.timeOfNoiseLevel(least)',
    'least === index0 ? 0 : schedule.timeOfNoiseLevel(least / 2)',
    'the last node of a flow at half its level',
  ),
  rto('rto-rate', '() => options.learningRate)', '() => options.learningRate / 2)', 'half of η'),
  rto('rto-estimate', "estimates, 'tweedie')", 'estimates)', 'the flow where nothing is said'),
  map('map-draw', "draw: 'map'", "draw: 'exact'", 'MAP draws'),
  map('map-estimate', "estimates, 'tweedie')", 'estimates)', 'the flow where nothing is said'),
  point('optimised-half', 'u.square()).mul(0.5)', 'u.square())', 'what C says counts twice in the value'),
  point('optimised-sign', 'u.sub(pull)', 'u.add(pull)', 'the gradient leads away from y'),
  point('optimised-root', 'centre.add(root(state.x))', 'centre.add(state.x)', 'u for C^½u'),
  point('optimised-count', 'iterations + 1)\n', 'iterations)\n', 'an iteration too few'),
  dense('dense-inverse', 'return 1 / value', 'return 1 / Math.sqrt(value)', 'C^−½ for C⁻¹'),
  dense('dense-definite', 'if (value > 0)', 'if (value >= 0)', 'an eigenvalue 0 is inverted'),
]

const dpnpEdits: readonly Edit[] = [
  dpnp('dpnp-start', 'Math.sqrt(eta0) / 2', 'Math.sqrt(eta0 / 2)', 'it starts at N(0, (η₀/2)I)'),
  dpnp(
    'dpnp-hold',
    'Math.floor(hold * times.length)',
    'Math.ceil(hold * times.length) + 1',
    'η₀ a turn too long',
  ),
  dpnp(
    'dpnp-fall',
    '(k - first) / (times.length - first)',
    '(k - first) / times.length',
    'η falls too slowly',
  ),
  dpnp(
    'dpnp-coupling',
    'consistent(x, noiseLevel(prior.schedule, t), {',
    'consistent(x, prior.schedule.sigma(t), {',
    'η is σ_t in one half of a turn, σ_t/α_t in the other',
  ),
  dpnp('dpnp-order', 'state: { x: next }', 'state: { x: z }', 'z is handed on for x'),
  dpnp(
    'dpnp-least',
    'if (priorSteps > 1 && !(Math.min(...etas) > low))',
    'if (priorSteps > 1 && !(Math.max(...etas) > low))',
    'an η that the prior does not reach is taken',
  ),
  dpnpData(
    'dpnp-mala-half',
    '.mul(0.5 / eta ** 2)',
    '.mul(1 / eta ** 2)',
    'the coupling counts twice where proposals are judged',
  ),
  dpnpData(
    'dpnp-mala-sign',
    '.sub(likelihood.log(y, operator.forward(z)))',
    '.add(likelihood.log(y, operator.forward(z)))',
    'proposals are judged by how unlikely y is',
  ),
  dpnpData('dpnp-auto', "data !== 'mala' &&", "data === 'exact' &&", 'MALA where the exact draw is there'),
  sampler(
    'dds-variance',
    "variance === 'large' ? 1 : ratio",
    "variance === 'small' ? 1 : ratio",
    'the variances change places',
  ),
  sampler('dds-ratio', '(next / level) ** 2', 'next / level', 'σ_j/σ_i for its square'),
  sampler('dds-root', 'Math.sqrt((level ** 2', '((level ** 2', 'variance for standard deviation'),
  sampler('dds-alpha', 'at.mul(schedule.alpha(time))', 'at', 'the denoiser gets u for α_t·u'),
]

const sitcomEdits: readonly Edit[] = [
  sitcom('sitcom-bound', 'sampleSize(y)', '1', 'the misfit of all numbers against the noise of one'),
  sitcom(
    'sitcom-slack',
    '(problem.noise.sigma + slack) ** 2',
    '(problem.noise.sigma + slack)',
    'σ_y for σ_y²',
  ),
  sitcom(
    'sitcom-stop',
    "stop === 'discrepancy' ? bound",
    "stop === 'none' ? bound",
    'it stops where it should not',
  ),
  sitcom('sitcom-rate', 'default: 0.02', 'default: 0.01', 'half the rate of the script'),
  sitcom(
    'sitcom-noise',
    '[schedule.sigma(s), up]',
    '[schedule.sigma(t), up]',
    'x̂₀ is noised to the level it came from',
  ),
  input('input-sign', '.mul(-2)', '.mul(2)', 'away from y'),
  input('input-lambda', 'v.sub(x).mul(2 * lambda)', 'v.sub(x).mul(lambda)', 'half of λ'),
  input('input-root', 'norm.square()', 'norm', 'the norm against the bound of its square'),
  input(
    'input-last',
    'agreed ?? prior.denoise(v, t)',
    'agreed ?? prior.denoise(x, t)',
    'x̂₀ of x_t for that of v',
  ),
  input('input-whole', '!active.includes(true)', 'active.includes(false)', 'all end where one does'),
  input('input-all', '(value) => !(value < target)', '() => true', 'none ends early'),
]

const inCalibration = editsOf('packages/calibration/src')
const rows = inCalibration('rows/of-method.ts', 'rows/rows.test.ts')
const planned = inCalibration('measure/plan.ts', 'measure/plan.test.ts')

const variantEdits: readonly Edit[] = [
  rows(
    'variant-problem',
    '...problem.settings?.(variant.name)',
    '...problem.settings?.(variant.method)',
    'a variant has the settings of its method for a problem, not its own',
  ),
  rows(
    'variant-name',
    '{ name: variant?.name, most:',
    '{ name: name, most:',
    'a variant goes by the name of its method',
  ),
  planned(
    'variant-asked',
    'asked.methods === undefined && variant.method === text',
    'variant.method === text',
    'who asks for a method gets its variants',
  ),
]

/** Faults of the decoupled engine and its settings, of DPnP and SITCOM, and of what they stand on. */
export const decoupledEdits: readonly Edit[] = [
  ...dapsEdits,
  ...engineEdits,
  ...dpnpEdits,
  ...sitcomEdits,
  ...variantEdits,
]
