import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const drive = of('run/drive.ts', 'run/finite')
const dps = of('methods/explicit/dps.ts', 'methods/explicit/dps', 'methods/defaults')
const ddrm = of('methods/explicit/ddrm.ts', 'methods/explicit/ddrm', 'methods/defaults')
const red = of('methods/variational/red-diff.ts', 'methods/variational', 'methods/defaults')
const finite = of('run/finite.ts')
const fit = of('methods/fit.ts', 'methods/methods')
const options = of('methods/options.ts', 'methods/methods')
const registry = of('methods/registry.ts', 'methods/methods')
const residual = of('run/residual.ts', 'run/look')
const look = of('run/look.ts', 'run/look')

const dpsEdits: readonly Edit[] = [
  dps(
    'dps-start-scale',
    "streams.normal(0, 'start', shape).mul(schedule.sigma(times[0]!.t))",
    "streams.normal(0, 'start', shape)",
    'DPS starts at z instead of σ_T·z: wrong by σ_max on VE',
  ),
  dps(
    'dps-scale-halved',
    'r.div(maximum(norm, 1e-30))).mul(scale)',
    'r.div(maximum(norm, 1e-30))).mul(scale / 2)',
    'ζ halved',
  ),
  dps(
    'dps-norm-floor',
    'maximum(norm, 1e-30)',
    'maximum(norm, 1e-2)',
    'the floor under ‖r‖ weakens the guidance of small residuals',
  ),
  dps('dps-squared-norm', 'r.div(maximum(norm, 1e-30))', 'r', 'the gradient of ½‖r‖² instead of ‖r‖'),
  dps(
    'dps-no-jacobian',
    'backToXt(backToX0(cotangent)[0])[0]',
    'backToX0(cotangent)[0]',
    'guidance without the Jacobian of the denoiser',
  ),
  dps(
    'dps-clip-straight',
    'return clip === undefined ? x0hat : clamp(x0hat, clip[0], clip[1])',
    'return clip === undefined ? x0hat : x0hat.add(clamp(x0hat, clip[0], clip[1]).sub(x0hat).detach())',
    'gradients pass through what was clipped',
  ),
  dps(
    'dps-clip-off',
    'clip === undefined ? x0hat : clamp(x0hat, clip[0], clip[1])',
    'x0hat',
    '`clip` is ignored',
  ),
  dps(
    'dps-same-noise',
    "streams.normal(i, 'step', shape)",
    "streams.normal(0, 'step', shape)",
    'the same noise in every step',
  ),
  dps('dps-default-scale', '=> 300 / steps', '=> 0.3 * steps', 'ζ grows with the number of steps'),
  dps(
    'dps-default-eta',
    "eta: { kind: 'number', default: 1,",
    "eta: { kind: 'number', default: 0.85,",
    'DPS is not ancestral by default',
  ),
  dps(
    'dps-default-steps',
    '...runOptionSpecs(1000)',
    '...runOptionSpecs(100)',
    '100 steps by default instead of 1000',
  ),
  dps('dps-default-spacing', "spacingSpec('guided')", "spacingSpec('trailing')", 'another grid by default'),
  dps(
    'dps-likelihood-sigma',
    'r.mul(1 / sigmaY ** 2)',
    'r.mul(1 / sigmaY)',
    'the likelihood score over σ_y instead of σ_y²',
  ),
  dps(
    'dps-likelihood-scale',
    'gradientOf(r.mul(1 / sigmaY ** 2)).mul(scale)',
    'gradientOf(r.mul(1 / sigmaY ** 2))',
    'the likelihood form ignores `scale`',
  ),
  dps(
    'dps-guidance-before',
    'x: reverse(x0hat).add(guidance)',
    'x: reverse(x0hat.add(guidance))',
    'guidance added to x̂₀ instead of x_s',
  ),
  dps(
    'dps-residual-shown',
    'numbers: { residual: norm },',
    'numbers: { residual: norm.square() },',
    'the residual shown is squared',
  ),
]

const ddrmEdits: readonly Edit[] = [
  ddrm(
    'ddrm-root-two',
    ".add(streams.normal(i, 'step', [n]).mul(weight('z')))",
    ".add(streams.normal(i, 'step', [n]).mul(weight('z')).div(Math.SQRT2))",
    'the noise of each step divided by √2',
  ),
  ddrm(
    'ddrm-start-variance',
    'Math.sqrt(sigma ** 2 - (sigmaY / s) ** 2)',
    'Math.sqrt(sigma ** 2 + (sigmaY / s) ** 2)',
    'the variance of the start adds the noise of ȳ',
  ),
  ddrm(
    'ddrm-start-mean',
    'known(s) ? 1 / s : 0',
    's > 0 ? 1 / s : 0',
    'the start is at ȳ even where ȳ is noisier',
  ),
  ddrm(
    'ddrm-start-alpha',
    'mul(schedule.alpha(times[0]!.t)) }',
    'mul(1) }',
    'the start is not taken back to x_t = α·x̄',
  ),
  ddrm(
    'ddrm-equal-levels',
    'if (to < tau) return',
    'if (to <= tau) return',
    'σ_s = τ goes to the second case instead of the third',
  ),
  ddrm(
    'ddrm-eta-b-square',
    'Math.sqrt(to ** 2 - (etaB * tau) ** 2)',
    'Math.sqrt(to ** 2 - etaB * tau ** 2)',
    'η_b instead of η_b² in the third case',
  ),
  ddrm(
    'ddrm-unseen-kept',
    'theta: 1 - kept / from, xbar: kept / from',
    'theta: 1 - kept / to, xbar: kept / to',
    'the unseen keep too much of x̄_t',
  ),
  ddrm(
    'ddrm-eta-linear',
    'const kept = Math.sqrt(1 - eta ** 2) * to',
    'const kept = (1 - eta) * to',
    '1 − η instead of √(1 − η²)',
  ),
  ddrm(
    'ddrm-residual-x',
    'residualNorm(operator, y, x0hat)',
    'residualNorm(operator, y, x)',
    'the residual shown is that of x_t instead of x̂₀',
  ),
  ddrm(
    'ddrm-rank-absolute',
    's > tolerance * largest',
    's > tolerance',
    '`rankTolerance` is absolute instead of relative',
  ),
  ddrm(
    'ddrm-default-rank',
    'default: 1e-4,',
    'default: 1e-2,',
    'singular values below 1 % count as 0 by default',
  ),
  ddrm('ddrm-default-eta', 'default: 0.85,', 'default: 1,', 'η = 1 by default'),
  ddrm(
    'ddrm-default-eta-b',
    "etaB: { kind: 'number', default: 1,",
    "etaB: { kind: 'number', default: 0.85,",
    'η_b = 0.85 by default',
  ),
  ddrm('ddrm-default-steps', '...runOptionSpecs(20)', '...runOptionSpecs(50)', '50 steps by default'),
  ddrm('ddrm-default-spacing', "spacingSpec('ddim')", "spacingSpec('linspace')", 'another grid by default'),
  ddrm(
    'ddrm-same-noise',
    "streams.normal(i, 'step', [n])",
    "streams.normal(0, 'step', [n])",
    'the same noise in every step',
  ),
]

const redEdits: readonly Edit[] = [
  red(
    'red-epsilon-same',
    "streams.normal(i, 'epsilon', shape)",
    "streams.normal(0, 'epsilon', shape)",
    'the same ε in every step',
  ),
  red(
    'red-epsilon0-same',
    "streams.normal(i, 'epsilon0', shape)",
    "streams.normal(0, 'epsilon0', shape)",
    'the same ε₀ in every step',
  ),
  red(
    'red-epsilon0-stream',
    "streams.normal(i, 'epsilon0', shape)",
    "streams.normal(i, 'epsilon', shape)",
    'ε₀ is ε',
  ),
  red(
    'red-linear',
    'linear: (k: number) => k,',
    'linear: (k: number) => 1 / k,',
    'the SNR instead of its inverse',
  ),
  red('red-sqrt', 'Math.sqrt(k),', 'Math.cbrt(k),', 'weighting sqrt is the cube root'),
  red('red-log', 'Math.log1p(k)', 'Math.log(k)', 'weighting log without + 1'),
  red('red-clip', 'Math.min(k, 1)', 'Math.min(k, 2)', 'weighting clip cuts at 2'),
  red(
    'red-square',
    'square: (k: number) => k ** 2',
    'square: (k: number) => k ** 3',
    'weighting square is a cube',
  ),
  red('red-const', 'const: () => 1,', 'const: () => 2,', 'weighting const is 2'),
  red('red-sigma-x0', '[alpha * sigmaX0, noise.epsilon0]', '[sigmaX0, noise.epsilon0]', 'σ₀·ε₀ without α_t'),
  red('red-default-lambda', 'default: 0.25, min: 0', 'default: 0.2, min: 0', 'λ = 0.2 by default'),
  red('red-default-rate', 'default: 0.1, min: 0', 'default: 0.05, min: 0', 'learning rate 0.05 by default'),
  red('red-default-beta1', 'default: 0.9, min: 0', 'default: 0.8, min: 0', 'β₁ = 0.8 by default'),
  red('red-default-beta2', 'default: 0.99, min: 0', 'default: 0.999, min: 0', 'β₂ = 0.999 by default'),
  red(
    'red-default-data',
    "dataWeight: { kind: 'number', default: 1,",
    "dataWeight: { kind: 'number', default: 2,",
    'v = 2 by default',
  ),
  red('red-default-weighting', "default: 'linear',", "default: 'const',", 'constant weighting by default'),
  red('red-default-reduction', "default: 'mean',", "default: 'sum',", 'sums by default'),
  red('red-default-steps', '...runOptionSpecs(1000)', '...runOptionSpecs(100)', '100 steps by default'),
  red(
    'red-batch-mean',
    'mu.size / mu.shape[0]! : 1',
    'mu.size : 1',
    'the prior term is a mean over the batch',
  ),
  red(
    'red-data-weight',
    'back(r.mul(-dataWeight / m))',
    'back(r.mul(-dataWeight / n))',
    'the data term is over n instead of m',
  ),
  red(
    'red-prior-mean',
    '(noiseLevel(schedule, t))) / n',
    '(noiseLevel(schedule, t))) / m',
    'the prior term is over m instead of n',
  ),
  red(
    'red-score-distillation',
    'predictedNoise(xt, x0hat, schedule, t).sub(noise.epsilon)',
    'predictedNoise(xt, x0hat, schedule, t)',
    'ε_θ instead of ε_θ − ε',
  ),
  red(
    'red-ridge-square',
    's / (s * s + sigma * sigma)',
    's / (s * s + sigma)',
    'the ridge is σ instead of σ²',
  ),
  red(
    'red-ridge-exact',
    'if (sigma === 0) return pinvFromSvd(svd, tolerance > 0 ? { cutoff: tolerance } : {})',
    'if (sigma === 0) return pinvFromSvd(svd, { cutoff: Math.max(tolerance, 1e-4) })',
    'A⁺y is cut at 1e-4 where σ_y = 0',
  ),
  red(
    'red-ridge-tolerance',
    'const least = tolerance *',
    'const least = 0 * tolerance *',
    '`rankTolerance` is ignored under noise',
  ),
  red(
    'red-default-tolerance',
    "rankTolerance: { kind: 'number', default: 0,",
    "rankTolerance: { kind: 'number', default: 1e-4,",
    'singular values are cut by default',
  ),
  red(
    'red-init-order',
    'return known.ridge ?? known.pinv ??',
    'return known.pinv ?? known.ridge ??',
    'init auto is A⁺y, which drowns in amplified noise',
  ),
  red('red-loss-data', '(dataWeight / (2 * m))', '(dataWeight / m)', 'the data loss shown lacks ½'),
  red(
    'red-loss-prior',
    'sum(mul(difference, mu), sampleAxes(mu)).mul(w)',
    'sum(mul(difference, mu), sampleAxes(mu))',
    'the prior loss shown lacks its weight',
  ),
]

const frame: readonly Edit[] = [
  finite(
    'finite-infinity',
    'if (Number.isFinite(values[i])) continue',
    'if (!Number.isNaN(values[i])) continue',
    'an infinite measurement is taken',
  ),
  finite(
    'finite-place',
    'Math.floor(first / below) % shape[axis]!',
    'Math.floor(first / below)',
    'the place named is wrong beyond the first axis',
  ),
  drive(
    'finite-remote',
    'if (plan.y !== undefined && !readsAtOnce(plan.y))',
    'if (plan.y !== undefined && readsAtOnce(plan.y))',
    'a device read asynchronously is not looked at',
  ),
  fit('fit-finite', "requireFiniteNow(name, 'the measurement y', y)", '', 'a NaN in y reaches the run'),
  registry(
    'evaluations',
    'evaluations: (steps) => steps,',
    'evaluations: (steps) => 2 * steps,',
    'DPS is said to evaluate twice a step',
    { nth: 0 },
  ),
  fit(
    'fit-noise-law',
    '!supports.noise.includes(noise.name)',
    '!supports.noise',
    'any law of noise is taken',
  ),
  fit(
    'fit-shape-of-y',
    'sameShape(y.shape.slice(1), operator.outShape)',
    'sameShape(y.shape.slice(1), y.shape.slice(1))',
    'y of any shape is taken',
  ),
  options(
    'option-minimum',
    'value >= min && value <= max',
    'value > min && value <= max',
    'the least value of an option is refused',
  ),
  options(
    'option-unknown',
    'if (spec === undefined) {',
    'if (spec === null) {',
    'unknown options are taken in silence',
  ),
  residual(
    'residual-batch',
    'x.square().sum(sampleAxes(x), true).sqrt()',
    'x.square().sum().sqrt()',
    'the norm is over the whole batch',
  ),
  residual(
    'residual-sign',
    'const r = y.sub(clean)',
    'const r = clean.sub(y)',
    'A(x) − y instead of y − A(x)',
  ),
  look(
    'look-past',
    'if (!through) return',
    'if (through) return',
    'looks go back through the denoiser where not asked',
  ),
  look('look-levels', 'sigma: schedule.sigma(t) }', 'sigma: schedule.alpha(t) }', 'σ_t of a look is α_t'),
]

export const methodEdits: readonly Edit[] = [...dpsEdits, ...ddrmEdits, ...redEdits, ...frame]
