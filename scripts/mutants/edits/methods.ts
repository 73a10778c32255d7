import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const drive = of('run/drive.ts', 'run/finite')
const dps = of('methods/explicit/dps.ts', 'methods/explicit/dps', 'methods/defaults')
const ddrm = of('methods/explicit/ddrm.ts', 'methods/explicit/ddrm', 'methods/defaults')
const red = of('methods/variational/red-diff.ts', 'methods/variational', 'methods/defaults')
const redGradient = of('guidance/red-diff-gradient.ts', 'methods/variational', 'methods/methods')
const redOptions = of('guidance/red-diff-options.ts', 'methods/variational', 'methods/defaults')
const ddrmCases = of('linalg/ddrm-weights.ts', 'methods/explicit/ddrm')
const ddrmMoves = of('inner/spectral-move.ts', 'methods/explicit/ddrm')
const ridge = of('linalg/ridge.ts', 'methods/variational', 'methods/explicit/ddrm')
const first = of('linalg/first-estimate.ts', 'methods/variational')
const define = of('methods/define.ts', 'methods/define', 'methods/')
const likelihood = of('guidance/likelihood.ts', 'methods/explicit/dps')
const clip = of('priors/clipped.ts', 'methods/explicit/dps')
const finite = of('run/finite.ts')
const fit = of('methods/fit.ts', 'methods/define', 'methods/methods')
const options = of('options/fill.ts', 'options/')
const specs = of('options/spec.ts', 'options/')
const residual = of('run/residual.ts', 'run/look')
const look = of('run/look.ts', 'run/look')

const dpsEdits: readonly Edit[] = [
  define(
    'dps-start-scale',
    "z(0, 'start').mul(prior.schedule.sigma(start))",
    "z(0, 'start')",
    'a run starts at z instead of σ_T·z: wrong by σ_max on VE',
  ),
  dps('dps-scale-halved', 'pullback(downhill).mul(zeta)', 'pullback(downhill).mul(zeta / 2)', 'ζ halved'),
  dps(
    'dps-no-jacobian',
    'shift: pullback(downhill).mul(zeta)',
    'shift: downhill.mul(zeta)',
    'guidance without the Jacobian of the denoiser',
  ),
  clip(
    'dps-clip-straight',
    'denoise: (xt, t) => scope(() => clamp(prior.denoise(xt, t), low, high)),',
    'denoise: (xt, t) => {\n    const x0hat = prior.denoise(xt, t)\n    return x0hat.add(clamp(x0hat, low, high).sub(x0hat).detach())\n  },',
    'gradients pass through what was clipped',
  ),
  dps(
    'dps-batch-norm',
    'norm: () => undefined',
    'norm: () => (r: Tensor) => r.div(r.square().sum().sqrt())',
    'the norm is of the whole batch',
  ),
  dps('dps-clip-off', 'clipped(run.prior, clip)', 'run.prior', '`clip` is ignored'),
  define('dps-same-noise', "z(i, 'step')", "z(0, 'step')", 'the same noise in every step'),
  dps('dps-default-scale', '=> 300 / steps', '=> 0.3 * steps', 'ζ grows with the number of steps'),
  dps(
    'dps-default-eta',
    '1 is ancestral", { default: 1,',
    '1 is ancestral", { default: 0.85,',
    'DPS is not ancestral by default',
  ),
  dps('dps-default-steps', 'steps: 1000,', 'steps: 100,', '100 steps by default instead of 1000'),
  dps('dps-default-spacing', "spacing: 'guided'", "spacing: 'trailing'", 'another grid by default'),
  likelihood(
    'dps-likelihood-scale',
    'return { g: g.mul(factor), residual }',
    'return { g, residual }',
    'the likelihood form ignores `scale`',
  ),
  define(
    'dps-guidance-before',
    'x: shift === undefined ? next : next.add(shift)',
    'x: next',
    'the displacement of DPS is shown and not made',
  ),
  dps(
    'dps-residual-shown',
    'shift: pullback(downhill).mul(zeta), residual: norm',
    'shift: pullback(downhill).mul(zeta), residual: norm.square()',
    'the residual shown is squared',
  ),
]

const ddrmEdits: readonly Edit[] = [
  ddrmMoves(
    'ddrm-root-two',
    'z.mul(weight.z)',
    'z.mul(weight.z).div(Math.SQRT2)',
    'the noise of each step divided by √2',
  ),
  ddrmMoves(
    'ddrm-start-variance',
    'Math.sqrt(sigma ** 2 - (sigmaY / s) ** 2)',
    'Math.sqrt(sigma ** 2 + (sigmaY / s) ** 2)',
    'the variance of the start adds the noise of ȳ',
  ),
  ddrmMoves(
    'ddrm-start-mean',
    'known(s) ? 1 / s : 0',
    's > 0 ? 1 / s : 0',
    'the start is at ȳ even where ȳ is noisier',
  ),
  ddrmMoves(
    'ddrm-start-alpha',
    'mul(spread))).mul(alpha)',
    'mul(spread)))',
    'the start is not taken back to x_t = α·x̄',
  ),
  ddrmCases(
    'ddrm-equal-levels',
    'if (to < tau) return',
    'if (to <= tau) return',
    'σ_s = τ goes to the second case instead of the third',
  ),
  ddrmCases(
    'ddrm-eta-b-square',
    'Math.sqrt(to ** 2 - (etaB * tau) ** 2)',
    'Math.sqrt(to ** 2 - etaB * tau ** 2)',
    'η_b instead of η_b² in the third case',
  ),
  ddrmCases(
    'ddrm-unseen-kept',
    'theta: 1 - kept / from, xbar: kept / from',
    'theta: 1 - kept / to, xbar: kept / to',
    'the unseen keep too much of x̄_t',
  ),
  ddrmCases(
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
  ridge(
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
    "more than x_s', { default: 1,",
    "more than x_s', { default: 0.85,",
    'η_b = 0.85 by default',
  ),
  ddrm('ddrm-default-steps', 'steps: 20,', 'steps: 50,', '50 steps by default'),
  ddrm('ddrm-default-spacing', "spacing: 'ddim'", "spacing: 'linspace'", 'another grid by default'),
  ddrm('ddrm-same-noise', "z(i, 'step', shape)", "z(0, 'step', shape)", 'the same noise in every step'),
]

const redEdits: readonly Edit[] = [
  red('red-epsilon-same', "z(i, 'epsilon')", "z(0, 'epsilon')", 'the same ε in every step'),
  red('red-epsilon0-same', "z(i, 'epsilon0')", "z(0, 'epsilon0')", 'the same ε₀ in every step'),
  red('red-epsilon0-stream', "z(i, 'epsilon0')", "z(i, 'epsilon')", 'ε₀ is ε'),
  redGradient(
    'red-linear',
    'linear: (k: number) => k,',
    'linear: (k: number) => 1 / k,',
    'the SNR instead of its inverse',
  ),
  redGradient('red-sqrt', 'Math.sqrt(k),', 'Math.cbrt(k),', 'weighting sqrt is the cube root'),
  redGradient('red-log', 'Math.log1p(k)', 'Math.log(k)', 'weighting log without + 1'),
  redGradient('red-clip', 'Math.min(k, 1)', 'Math.min(k, 2)', 'weighting clip cuts at 2'),
  redGradient(
    'red-square',
    'square: (k: number) => k ** 2',
    'square: (k: number) => k ** 3',
    'weighting square is a cube',
  ),
  redGradient('red-const', 'const: () => 1,', 'const: () => 2,', 'weighting const is 2'),
  redGradient('red-sigma-x0', '[alpha * sigmaX0, epsilon0]', '[sigmaX0, epsilon0]', 'σ₀·ε₀ without α_t'),
  redOptions('red-default-lambda', 'default: 0.25, min: 0', 'default: 0.2, min: 0', 'λ = 0.2 by default'),
  redOptions(
    'red-default-rate',
    'default: 0.1, min: 0',
    'default: 0.05, min: 0',
    'learning rate 0.05 by default',
  ),
  redOptions('red-default-beta1', 'default: 0.9,', 'default: 0.8,', 'β₁ = 0.8 by default'),
  redOptions('red-default-beta2', 'default: 0.99,', 'default: 0.999,', 'β₂ = 0.999 by default'),
  redOptions(
    'red-default-data',
    "data term', { default: 1,",
    "data term', { default: 2,",
    'v = 2 by default',
  ),
  redOptions(
    'red-default-weighting',
    "['linear', 'sqrt',",
    "['sqrt', 'linear',",
    'weighting sqrt by default',
  ),
  redOptions('red-default-reduction', "['mean', 'sum']", "['sum', 'mean']", 'sums by default'),
  red('red-default-steps', 'steps: 1000,', 'steps: 100,', '100 steps by default'),
  redGradient('red-batch-mean', 'sampleSize(x) : 1', 'x.size : 1', 'means are over the batch'),
  redGradient(
    'red-data-weight',
    'back(r.mul(-dataWeight / m))',
    'back(r.mul(-dataWeight / n))',
    'the data term is over n instead of m',
  ),
  redGradient(
    'red-prior-mean',
    '(sigma / alpha)) / n',
    '(sigma / alpha)) / m',
    'the prior term is over m instead of n',
  ),
  redGradient(
    'red-score-distillation',
    'predictedNoise(xt, x0hat, prior.schedule, t).sub(epsilon)',
    'predictedNoise(xt, x0hat, prior.schedule, t)',
    'ε_θ instead of ε_θ − ε',
  ),
  ridge(
    'red-ridge-square',
    's / (s * s + sigma * sigma)',
    's / (s * s + sigma)',
    'the ridge is σ instead of σ²',
  ),
  ridge(
    'red-ridge-exact',
    'if (sigma === 0) return pinvFromSvd(svd, tolerance > 0 ? { cutoff: tolerance } : {})',
    'if (sigma === 0) return pinvFromSvd(svd, { cutoff: Math.max(tolerance, 1e-4) })',
    'A⁺y is cut at 1e-4 where σ_y = 0',
  ),
  ridge(
    'red-ridge-tolerance',
    'rankCut(svd, tolerance).map(',
    'svd.singularValues.map(',
    '`rankTolerance` is ignored under noise',
  ),
  redOptions(
    'red-default-tolerance',
    "in μ₀', { default: 0,",
    "in μ₀', { default: 1e-4,",
    'singular values are cut by default',
  ),
  first(
    'red-init-order',
    'ways.ridge ?? ways.pinv ??',
    'ways.pinv ?? ways.ridge ??',
    'init auto is A⁺y, which drowns in amplified noise',
  ),
  redGradient('red-loss-data', '(dataWeight / (2 * m))', '(dataWeight / m)', 'the data loss shown lacks ½'),
  redGradient(
    'red-loss-prior',
    'difference.mul(mu).sum(sampleAxes(mu)).mul(w)',
    'difference.mul(mu).sum(sampleAxes(mu))',
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
  define(
    'evaluations',
    'filled(settings).own) ?? steps',
    'filled(settings).own) ?? 2 * steps',
    'a method is said to evaluate twice a step',
  ),
  define(
    'define-clash',
    'if (taken !== undefined) throw',
    'if (taken === null) throw',
    'an option of a method hides one that every run has',
  ),
  define(
    'define-shift-shown',
    'shown ?? shift ?? x0.sub(look.x0hat)',
    'shown ?? x0.sub(look.x0hat)',
    'a displacement is not shown as guidance',
  ),
  define(
    'define-unshown',
    'x0.sub(look.x0hat)',
    'look.x0hat.sub(x0)',
    'guidance is shown with the wrong sign',
  ),
  fit(
    'fit-likelihood',
    'noise.likelihood !== undefined',
    'noise.name !== undefined',
    'noise without a likelihood is taken where one is needed',
  ),
  fit(
    'fit-sigma',
    'noise.sigma !== undefined',
    'noise.name !== undefined',
    'noise without σ_y is taken where σ_y is needed',
  ),
  fit(
    'fit-nonlinear',
    'isLinear(operator) && operator.svd !== undefined',
    'isLinear(operator) && operator.svd !== null',
    'an operator without an SVD is taken where one is needed',
  ),
  fit(
    'fit-shape-of-y',
    'sameShape(y.shape.slice(1), operator.outShape)',
    'sameShape(y.shape.slice(1), y.shape.slice(1))',
    'y of any shape is taken',
  ),
  specs(
    'option-minimum',
    'v >= min && v <= max',
    'v > min && v <= max',
    'the least value of an option is refused',
    { tests: ['packages/solvers/src/options/'] },
  ),
  options(
    'option-unknown',
    'if (spec !== undefined) return spec',
    'if (spec !== null) return spec as OptionSpec<unknown>',
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

export const methodEdits: readonly Edit[] = [
  define(
    'define-no-signal',
    'if (finite?.(own) === true)',
    'if (finite?.(own) === false)',
    'a method that divides by α_t begins where it is 0',
    { tests: ['packages/solvers/src/methods/no-signal'] },
  ),
  of('methods/explicit/dps.ts', 'methods/no-signal')(
    'dps-likelihood-no-signal',
    "finite: ({ guidance }) => guidance === 'likelihood'",
    "finite: ({ guidance }) => guidance === 'norm'",
    'DPS by the norm is refused where it needs no α_t, by the likelihood not where it does',
  ),
  of('schedules/respace.ts', 'methods/no-signal')(
    'finite-level-sigma',
    'schedule.alpha(t) !== 0',
    'schedule.sigma(t) !== 0',
    'it is asked whether there is noise, not whether there is signal',
  ),
  of('inner/generator.ts', 'methods/no-signal')(
    'generator-no-signal',
    '    times[0]?.t,\n',
    '    times.at(-1)?.t,\n',
    'a generator without gradients of the network begins where α is 0',
  ),
  ...dpsEdits,
  ...ddrmEdits,
  ...redEdits,
  ...frame,
]
