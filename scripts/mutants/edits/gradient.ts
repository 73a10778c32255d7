import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const exact = ['guidance/against-exact', 'guidance/under-samplers']
const pseudoInverse = of('guidance/pseudo-inverse.ts', ...exact, 'methods/explicit/pigdm')
const moments = of('guidance/moments.ts', 'guidance/moments', 'methods/explicit/tmpd', ...exact)
const dense = of('linalg/dense-solve.ts', 'guidance/moments')
const linearised = of('guidance/linearised.ts', 'guidance/moments', 'methods/explicit/tmpd')
const optimal = of('guidance/optimal-covariance.ts', 'guidance/optimal-covariance')
const tmpd = of('methods/explicit/tmpd.ts', 'methods/explicit/tmpd', 'methods/defaults')
const mmps = of('methods/explicit/mmps.ts', 'methods/explicit/tmpd', 'methods/defaults')
const inverse = of('guidance/inverse.ts', 'methods/explicit/pigdm', ...exact)
const pigdm = of('methods/explicit/pigdm.ts', 'methods/explicit/pigdm', 'methods/defaults')

const pigdmEdits: readonly Edit[] = [
  pseudoInverse('pigdm-noise', 'sigmaY ** 2 / spread', 'sigmaY / spread', 'ΠGDM with σ_y in place of σ_y²'),
  pseudoInverse(
    'pigdm-jacobian',
    'pullback(correction(clean, spread))',
    'correction(clean, spread)',
    'ΠGDM without the Jacobian of the denoiser',
  ),
  pseudoInverse('pigdm-weight', '.div(spread)\n', '\n', 'the score of ΠGDM times r_t²'),
  pseudoInverse(
    'pigdm-decoded',
    'undo(y).sub(undo(clean))',
    'undo(y.sub(clean))',
    'A†(y − A(x̂₀)) where A† is not linear',
    { tests: ['packages/solvers/src/methods/explicit/pigdm'] },
  ),
  pseudoInverse(
    'pigdm-noisy-nonlinear',
    'if (noise.sigma === 0) return undefined',
    'if (noise.sigma !== undefined) return undefined',
    'an operator that is not linear is taken under noise, which is then fitted',
  ),
  inverse(
    'inverse-cg-noise',
    'dampedInverse(operator, lambda, limits)',
    'dampedInverse(operator, 0, limits)',
    'conjugate gradients without σ_y',
  ),
  inverse(
    'inverse-svd-square',
    'ridge(svd, Math.sqrt(lambda), rankTolerance)',
    'ridge(svd, lambda, rankTolerance)',
    'the SVD with λ² for λ',
  ),
  inverse(
    'inverse-pinv-noisy',
    'lambda === 0 && solver',
    'lambda >= 0 && solver',
    'A⁺ stands in under noise as well',
  ),
  pigdm(
    'pigdm-undamped',
    'g.mul(pseudoInverseSpread(variance, look.alpha, look.sigma))',
    'g.mul(look.sigma ** 2 / look.alpha)',
    'ΠGDM weighs by σ_t²/α_t instead of r_t²',
  ),
  pigdm(
    'pigdm-alpha',
    'damped.mul(scale * look.alpha * next)',
    'damped.mul(scale * next)',
    'the guidance of ΠGDM without √ᾱ_t',
  ),
  pigdm(
    'pigdm-next',
    'prior.schedule.alpha(step.s)',
    'prior.schedule.alpha(look.t)',
    "the repository's coefficient with α_t² for α_s·α_t",
  ),
  pigdm(
    'pigdm-unit-variance',
    '(run.problem, { variance, ...solving })',
    '(run.problem, solving)',
    '`variance` is in the weight and not in the score',
  ),
]

const momentEdits: readonly Edit[] = [
  moments(
    'moments-alpha',
    'mul(sigma ** 2 / alpha)',
    'mul(sigma ** 2)',
    "C_t without 1/α_t in Tweedie's second moment",
  ),
  moments(
    'moments-noise',
    'weighings[covariance](spread, r, noise.sigma ** 2,',
    'weighings[covariance](spread, r, noise.sigma,',
    'σ_y in place of σ_y² in A C_t Aᵀ + σ_y²I',
  ),
  moments(
    'moments-rows',
    'rows: (spread, r, variance) => r.div(maximum(spread(onesLike(r)), 0).add(variance))',
    'rows: (spread, r, variance) => r.div(maximum(spread(r), 0).add(variance))',
    'A C_t Aᵀr where row sums are asked for',
  ),
  moments(
    'moments-jacobian',
    'const g = pullback(at.adjoint(weighed))',
    'const g = at.adjoint(weighed)',
    'the score of moment matching without Jᵀ in front',
  ),
  moments(
    'moments-negative-rows',
    'maximum(spread(onesLike(r)), 0)',
    'spread(onesLike(r))',
    'a negative row sum turns guidance away from y',
  ),
  moments(
    'moments-negative-diagonal',
    'maximum(diagonal, 0)',
    'diagonal',
    'a negative estimate of the diagonal turns guidance away from y',
  ),
  moments(
    'moments-probe-twice',
    'return spread(v).mul(v)',
    'return spread(v)',
    'row sums by signs instead of the diagonal',
  ),
  moments(
    'moments-normal-probes',
    'const v = signs.slice(null, j)',
    'const v = z.slice(null, j)',
    'normal probes instead of Rademacher ones',
  ),
  moments('moments-probe-mean', '.div(probes)', '', 'the sum over probes instead of their mean'),
  moments(
    'moments-breakdown',
    "onBreakdown: 'keep'",
    "onBreakdown: 'throw'",
    'a Jacobian that is not positive ends the run',
  ),
  dense(
    'dense-transposed',
    'matrix.set(i, j,',
    'matrix.set(j, i,',
    'the dense solve is of the transposed matrix',
  ),
  dense(
    'dense-sample',
    'column[n * m + i]',
    'column[i]',
    'every sample is solved by the matrix of the first',
  ),
  linearised(
    'linearised-forward',
    'forward: (v) => line.pushforward(v)',
    'forward: (v) => operator.forward(v)',
    'A(v) in place of ∂A/∂x·v',
  ),
  tmpd('tmpd-probes', '{ covariance, probes }', '{ covariance }', '`probes` is ignored'),
  tmpd(
    'tmpd-default',
    "['rows', 'diagonal', 'dense']",
    "['dense', 'diagonal', 'rows']",
    'TMPD is dense by default',
  ),
  tmpd('tmpd-eta', 'ddim(eta)', 'ddim(1)', 'TMPD ignores η'),
  tmpd('tmpd-clip', 'clipped(run.prior, clip)', 'run.prior', 'TMPD ignores `clip`'),
  tmpd('tmpd-default-steps', 'steps: 1000,', 'steps: 100,', 'TMPD takes 100 steps by default'),
  mmps('mmps-iterations', 'default: 3, min: 1', 'default: 1, min: 1', 'one iteration by default'),
  mmps(
    'mmps-solving',
    'momentLikelihood(run.problem, solving)',
    'momentLikelihood(run.problem, {})',
    '`iterations` and `tolerance` are ignored',
  ),
  mmps('mmps-eta', 'ddim(eta)', 'ddim(1)', 'MMPS ignores η'),
  mmps('mmps-clip', 'clipped(run.prior, clip)', 'run.prior', 'MMPS ignores `clip`'),
  mmps('mmps-default-steps', 'steps: 256,', 'steps: 1000,', 'MMPS takes 1000 steps by default'),
]

const optimalEdits: readonly Edit[] = [
  optimal('optimal-type-two', 'mul(alpha / sigma ** 2)', 'mul(1 / sigma ** 2)', 'type II without α_t'),
  optimal('optimal-variance', '.div(V)\n', '\n', 'Aᵀ(VAAᵀ + σ_y²)⁻¹ times V'),
  optimal(
    'optimal-threshold',
    'sigma / alpha < below',
    'sigma < below',
    'the threshold is on σ_t instead of σ_t/α_t',
  ),
  optimal(
    'optimal-converted-square',
    '((schedule.alpha(s) * b) / varianceT) ** 2',
    '(schedule.alpha(s) * b) / varianceT',
    'a learned variance is divided by the coefficient, not by its square',
  ),
  optimal(
    'optimal-converted-known',
    'learned.sub(known)',
    'learned',
    'a learned variance with what is known of it left in',
  ),
  optimal(
    'optimal-analytic-levels',
    'Math.log(level) - low',
    'level - low',
    'interpolation in the level instead of its logarithm',
  ),
  optimal(
    'optimal-analytic-each',
    'each ? squares.mean(0) : squares.mean()',
    'squares.mean()',
    'one variance for all coordinates',
  ),
]

const lossGuided = of('guidance/loss-guided.ts', 'guidance/loss-guided', 'methods/explicit/lgd-mc')
const lgd = of('methods/explicit/lgd-mc.ts', 'methods/explicit/lgd-mc', 'methods/defaults')
const lossGuidedEdits: readonly Edit[] = [
  lossGuided(
    'lgd-mean',
    'softmax(likelihood.log(measured, clean).reshape([count, n]))',
    'softmax(likelihood.log(measured, clean).reshape([count, n]).mul(0))',
    'the plain mean of gradients, DPS in expectation',
  ),
  lossGuided(
    'lgd-samples-mixed',
    'likelihood.log(measured, clean).reshape([count, n])',
    'likelihood.log(measured, clean).reshape([n, count])',
    'the weights mix samples',
    { tests: ['packages/solvers/src/guidance/loss-guided'] },
  ),
  lossGuided(
    'lgd-radius',
    'Math.sqrt(pseudoInverseSpread(variance, alpha, sigma))',
    'pseudoInverseSpread(variance, alpha, sigma)',
    'r_t² for r_t',
  ),
  lossGuided('lgd-jacobian', 'pullback(mean)', 'mean', 'LGD without the Jacobian of the denoiser'),
  lossGuided(
    'lgd-variance',
    'pseudoInverseSpread(variance,',
    'pseudoInverseSpread(1,',
    '`variance` is ignored',
  ),
  lgd(
    'lgd-scale',
    'lossGuidedLikelihood(run.problem, points), scale)',
    'lossGuidedLikelihood(run.problem, points), 1)',
    'LGD ignores `scale`',
  ),
  lgd('lgd-default-samples', 'default: 10, min: 1', 'default: 1, min: 1', 'one point by default'),
]

const uninformed = of('guidance/uninformed.ts', 'guidance/uninformed', 'methods/explicit/dmps')
const dmps = of('methods/explicit/dmps.ts', 'methods/explicit/dmps', 'methods/defaults')
const dmpsEdits: readonly Edit[] = [
  uninformed(
    'dmps-alpha',
    'y.mul(alpha).sub(operator.forward(x))',
    'y.sub(operator.forward(x))',
    'y is compared with A x_t instead of A x_t/α_t',
  ),
  uninformed(
    'dmps-noise',
    '((alpha * noise.sigma) / sigma) ** 2',
    '(alpha * noise.sigma) / sigma',
    'σ_y/k for its square',
  ),
  uninformed('dmps-sigma', '.div(sigma ** 2)', '.div(sigma)', 'the score times σ_t'),
  dmps(
    'dmps-late',
    "evalAt === 'before' ? x : next",
    "evalAt === 'before' ? next : x",
    'the score at the other point',
  ),
  dmps(
    'dmps-root',
    '(scale * variance) / ratio',
    '(scale * variance) / Math.sqrt(ratio)',
    'the weight of the score with √(α_t/α_s)',
  ),
  dmps('dmps-lambda', 'default: 1.75', 'default: 1', 'λ = 1 by default'),
  dmps(
    'dmps-level',
    "score(evalAt === 'before' ? x : next, schedule.alpha(t), schedule.sigma(t))",
    "score(evalAt === 'before' ? x : next, schedule.alpha(s), schedule.sigma(t))",
    'the ᾱ of the next step',
  ),
  dmps('dmps-clip', 'clipped(given, clip)', 'given', 'DMPS ignores `clip`'),
]

const unit = of('run/residual.ts', 'methods/explicit/dsg', 'methods/explicit/dps')
const dsg = of('methods/explicit/dsg.ts', 'methods/explicit/dsg', 'methods/defaults')
const steps = of('samplers/steps.ts', 'methods/explicit/dsg')
const dsgEdits: readonly Edit[] = [
  dsg(
    'dsg-radius',
    'Math.sqrt(x.size / (x.shape[0] ?? 1))',
    'Math.sqrt(x.size)',
    'the radius is of the whole batch',
  ),
  unit(
    'dsg-batch-norm',
    'norm: Tensor = sampleNorms(v)',
    'norm: Tensor = v.square().sum().sqrt()',
    'norms are of the whole batch',
  ),
  dsg('dsg-sign', 'pullback(downhill)', 'pullback(downhill.neg())', 'DSG goes uphill'),
  dsg(
    'dsg-jacobian',
    'const steepest = pullback(downhill)',
    'const steepest = downhill',
    'DSG without the Jacobian of the denoiser',
  ),
  dsg(
    'dsg-interval',
    '(times.length - 1 - i) % every',
    'i % every',
    'guided steps are counted from the first',
  ),
  dsg(
    'dsg-still',
    'where(greater(sampleNorms(steepest), 0), mixed, own)',
    'mixed',
    'without a gradient x_s leaves the sphere',
  ),
  dsg('dsg-rate', 'sub(own).mul(rate)', 'mul(rate)', 'the own direction is not taken back by g_r'),
  steps(
    'ddim-noise-next',
    'eta * step.schedule.sigma(step.s)',
    'eta * step.schedule.sigma(step.t)',
    'σ̃ without σ_s/σ_t',
  ),
]

const mpgd = of('methods/explicit/mpgd.ts', 'methods/explicit/mpgd', 'methods/defaults')
const downhill = of(
  'guidance/downhill.ts',
  'methods/explicit/mpgd',
  'methods/explicit/dsg',
  'methods/explicit/dps',
)
const mpgdEdits: readonly Edit[] = [
  mpgd('mpgd-sign', 'shift: downhill.mul(length)', 'shift: downhill.mul(-length)', 'MPGD goes uphill'),
  mpgd('mpgd-default', '400 / steps', '4', 'c is 4 at any number of steps'),
  mpgd('mpgd-eta', 'ddimEta(0.5)', 'ddimEta(1)', 'MPGD is ancestral by default'),
  mpgd('mpgd-invariant', 'stepScale(scale, scaleSteps, times.length)', 'scale', '`scaleSteps` is ignored'),
  mpgd('mpgd-clip', 'clipped(run.prior, clip)', 'run.prior', 'MPGD ignores `clip`'),
  downhill(
    'downhill-squared',
    '=> Tensor = unitOf,',
    '=> Tensor = (r) => r,',
    'the gradient of ½‖r‖² instead of ‖r‖',
  ),
  unit(
    'downhill-floor',
    'maximum(norm, 1e-30)',
    'maximum(norm, 1e-2)',
    'the floor under ‖r‖ weakens the guidance of small residuals',
    { tests: ['packages/solvers/src/methods/explicit/dps'] },
  ),
]

const scale = of('guidance/scale.ts', 'guidance/scale', 'methods/explicit/mpgd')
const shot = of('guidance/shot-noise.ts', 'methods/explicit/dps')
const dps = of('methods/explicit/dps.ts', 'methods/explicit/dps-written-out', 'methods/explicit/dps')
const scaleEdits: readonly Edit[] = [
  scale(
    'advice-of-scale-alone',
    'scaleAdvice(stepScale(scale, found, steps), steps, tried)',
    'scaleAdvice(scale, steps, tried)',
    'what scaleSteps makes of a scale is left out of the advice',
    { tests: ['packages/solvers/src/methods/scale-steps'] },
  ),
  of('methods/explicit/mcg.ts', 'methods/scale-steps')(
    'mcg-scale-steps',
    'stepScale(options.scale, options.scaleSteps, times.length)',
    'options.scale',
    'scaleSteps of MCG changes nothing',
  ),
  of('methods/explicit/blind-dps.ts', 'methods/scale-steps')(
    'blind-dps-scale-steps',
    'stepScale(scale, scaleSteps, times.length)',
    'scale',
    'scaleSteps of BlindDPS changes nothing',
  ),
  scale(
    'scale-inverse',
    '(scale * found) / steps',
    '(scale * steps) / found',
    'a scale falls where steps are fewer',
  ),
  scale(
    'scale-advice-step',
    'const sum = scale * steps',
    'const sum = scale',
    'advice looks at one step instead of the sum',
  ),
  scale(
    'scale-form-squared',
    "'squared-over-norm': () => 2",
    "'squared-over-norm': () => 1",
    '∇‖r‖²/‖r‖ is taken for ∇‖r‖',
  ),
  scale('scale-form-mean', '(2 * norm) / m', '(2 * norm) / m ** 2', 'the mean of squares divides by m twice'),
  scale(
    'scale-weight-alpha',
    '(sigmaT ** 2 / alphaT) *',
    'sigmaT ** 2 *',
    'the weight of a score without 1/α_t',
  ),
  shot('shot-weight', 'y.add(1).div(2), least).mul(8)', 'y.add(1).div(2), least).mul(4)', 'Λ twice as large'),
  shot(
    'shot-range',
    'maximum(y.add(1).div(2), least)',
    'maximum(y, least)',
    'Λ of y in [−1, 1] instead of an intensity',
  ),
  shot(
    'shot-norm',
    'pulled.mul(r).sum(sampleAxes(r), true).sqrt()',
    'pulled.mul(r).sum(sampleAxes(r), true)',
    '‖r‖_Λ² for ‖r‖_Λ',
  ),
  shot('shot-batch', '.mean(sampleAxes(y), true)', '.mean()', 'the mean of 1/|y| over the whole batch'),
  dps('dps-scale-steps', 'stepScale(given, scaleSteps, times.length)', 'given', '`scaleSteps` is ignored'),
  dps(
    'dps-advice',
    "guidance !== 'norm' || scale === undefined",
    'scale !== undefined',
    'advice about the default alone',
  ),
]

const state = of('guidance/state-gradient.ts', 'guidance/state-gradient')
const stateEdits: readonly Edit[] = [
  state(
    'state-share',
    'sum += (s[i] ?? 0) ** 2',
    'sum += s[i] ?? 0',
    'the share is of singular values, not of their squares',
  ),
  state('state-rank', 'order.slice(0, rank + 1)', 'order.slice(0, rank)', 'one direction too few'),
  state(
    'state-channel',
    'state[(c * h + i) * w + j]',
    'state[i * w + j]',
    'every channel has the subspaces of the first',
  ),
  state(
    'state-period',
    '(step?.i ?? 0) % period !== 0',
    '(step?.i ?? 0) % period === 0',
    'the other steps are projected',
  ),
  state('state-one-side', 'L.matmul(G).matmul(R)', 'L.matmul(G)', 'projected from the left alone'),
  state(
    'state-estimate',
    'look.x0hat.add(project(x0.sub(look.x0hat)))',
    'project(x0)',
    'x₀ itself is projected instead of its move',
  ),
]

export const gradientEdits: readonly Edit[] = [
  ...pigdmEdits,
  ...momentEdits,
  ...optimalEdits,
  ...lossGuidedEdits,
  ...dmpsEdits,
  ...dsgEdits,
  ...mpgdEdits,
  ...scaleEdits,
  ...stateEdits,
]
