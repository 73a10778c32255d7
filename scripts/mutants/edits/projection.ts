import type { Edit } from '../edit.ts'
import { editsOf, inside } from './of.ts'

const src = 'packages/solvers/src'
const of = editsOf(src)
const travel = of('schedules/time-travel.ts', 'schedules/paths')
const kernel = of('samplers/kernel.ts', 'methods/define')
const define = of('methods/define.ts', 'methods/define')
const fit = of('methods/rare-needs.ts', 'methods/define')
const measured = of('guidance/measured.ts', 'guidance/measured')
const repaint = of('methods/explicit/repaint.ts', 'methods/explicit/repaint', 'methods/defaults')
const ilvr = of('methods/explicit/ilvr.ts', 'methods/explicit/ilvr', 'methods/defaults')
const mcg = of('methods/explicit/mcg.ts', 'methods/explicit/mcg', 'methods/methods', 'methods/defaults')
const scoreSde = of('methods/explicit/score-sde.ts', 'methods/explicit/score-sde', 'methods/defaults')
const scoreAld = of(
  'methods/explicit/score-ald.ts',
  'methods/explicit/score-ald',
  'methods/defaults',
  'methods/methods',
)
const ks = of('methods/explicit/kadkhodaie-simoncelli.ts', 'methods/explicit/kadkhodaie-simoncelli')
const ksLevels = of(
  'methods/explicit/kadkhodaie-simoncelli-levels.ts',
  'methods/explicit/kadkhodaie-simoncelli',
)
const drive = of('run/drive.ts', 'methods/explicit/kadkhodaie-simoncelli')

const path: readonly Edit[] = [
  travel(
    'path-from-end',
    'from = up ? t : undefined',
    'from = up ? s : undefined',
    'a way up begins where it ends: no noise is added',
  ),
  travel(
    'path-lost-up',
    'path.push(from === undefined ? { t, s } : { from, t, s })',
    'path.push({ t, s })',
    'ways up are left out',
  ),
  travel(
    'path-always-up',
    'from = up ? t : undefined',
    'if (up) from = t',
    'every step after a way up begins with one',
  ),
  kernel(
    'path-noise-back',
    'noiseUp(x, z(), { t: from, s: t, schedule })',
    'noiseUp(x, z(), { t: -1, s: t, schedule })',
    'noised up from the clean end',
  ),
  define(
    'path-unused',
    'path?.(through, own, prior.schedule, problem) ?? through',
    'through',
    'the path of a method is not gone',
  ),
  define(
    'path-no-noise',
    "const x = noisedTo(state.x, at, () => z(i, 'up'), prior.schedule)",
    'const { x } = state',
    'a plan that travels goes up without noise',
  ),
  define(
    'cost-defaults',
    'evaluations?.(steps, filled(settings).own)',
    'evaluations?.(steps, filled({}).own)',
    'the cost of a run is that of the defaults',
  ),
  fit(
    'orthonormal-any',
    'Math.min(Math.abs(s), Math.abs(s - 1)) > slack',
    'Math.abs(s) < -slack',
    'any rows count as orthonormal',
  ),
  fit(
    'orthonormal-zeros',
    'Math.min(Math.abs(s), Math.abs(s - 1)) > slack',
    'Math.abs(s - 1) > slack',
    'redundant rows are refused',
  ),
]

const exchange: readonly Edit[] = [
  measured('measured-unscaled', 'y.mul(schedule.alpha(s))', 'y', 'y is not scaled by α_s'),
  measured('measured-alpha-bar', 'y.mul(schedule.alpha(s))', 'y.mul(schedule.alpha(s) ** 2)', 'ᾱ for √ᾱ'),
  measured('measured-no-noise', 'z().mul(sigma).sub(x)', 'x.neg()', 'y is not noised'),
  measured(
    'measured-sqrt2',
    'z().mul(sigma)',
    'z().mul(sigma * Math.SQRT2)',
    'the noise of y is √2 too large',
  ),
  measured(
    'measured-sign',
    'z().mul(sigma).sub(x)',
    'z().mul(sigma).add(x)',
    'A x is added instead of taken away',
  ),
  measured('measured-weight', 'weight === 1 ? moved : moved.mul(weight)', 'moved', 'λ is ignored'),
]

const repaintEdits: readonly Edit[] = [
  repaint(
    'repaint-level-of-t',
    'measuredIn(measured, drawn, { s, schedule }',
    'measuredIn(measured, drawn, { s: t, schedule }',
    'y noised to the level before the step',
  ),
  repaint(
    'repaint-same-noise',
    "z(i, 'measured')",
    "z(i, 'step')",
    'the measurement gets the noise of the step',
  ),
  repaint(
    'repaint-no-way-up',
    "noisedTo(before, at, () => z(i, 'up'), schedule)",
    'before',
    'steps back without noise',
  ),
  repaint(
    'repaint-stale',
    'ancestralLook(prior, x, t, asked)',
    'ancestralLook(prior, before, t, asked)',
    'the denoiser sees x from before the way up',
  ),
  repaint(
    'repaint-variance',
    'ancestral(options.variance, v)',
    "ancestral('small')",
    '`variance` is ignored',
  ),
  repaint(
    'repaint-forgets-step',
    "kernel(x, x0hat, () => z(i, 'step')",
    "kernel(before, x0hat, () => z(i, 'step')",
    'the step goes from x before the way up',
  ),
  repaint(
    'repaint-default-repeats',
    "is no travel', { default: 10,",
    "is no travel', { default: 9,",
    'nine repeats',
  ),
]

const ilvrEdits: readonly Edit[] = [
  ilvr(
    'ilvr-level-of-t',
    'measuredIn(measured, drawn, { s, schedule }',
    'measuredIn(measured, drawn, { s: t, schedule }',
    "the repository's fault: the reference noised to the level of t",
  ),
  ilvr('ilvr-same-noise', "z(i, 'measured')", "z(i, 'step')", 'the reference gets the noise of the step'),
  ilvr(
    'ilvr-free-late',
    'times.length - 1 - i <= range',
    'times.length - 1 - i < range',
    'one free step too few',
  ),
  ilvr(
    'ilvr-free-early',
    'times.length - 1 - i <= range',
    'times.length - i <= range',
    'the steps are counted down to 1',
  ),
  ilvr(
    'ilvr-free-start',
    'times.length - 1 - i <= range',
    'i <= range',
    'the first steps are free instead of the last',
  ),
  ilvr('ilvr-default-range', 'Math.floor(steps / 5)', 'Math.floor(steps / 4)', 'range_t 25 of 100'),
  ilvr('ilvr-adjoint', 'operator.pinv(r)', 'operator.adjoint(r)', 'Aᵀ for A⁺'),
]

const mcgEdits: readonly Edit[] = [
  mcg(
    'mcg-level-of-t',
    'measuredIn(measured, drawn, { s, schedule }',
    'measuredIn(measured, drawn, { s: t, schedule }',
    'y noised to the level before the step',
  ),
  mcg('mcg-same-noise', "z(i, 'measured')", "z(i, 'step')", 'the measurement gets the noise of the step'),
  mcg('mcg-sign', '.add(downhill)', '.sub(downhill)', 'a step up the norm'),
  mcg(
    'mcg-squared-norm',
    'unitOf(operator.pinv(r))',
    'operator.pinv(r)',
    'the gradient of half the squared norm',
  ),
  mcg('mcg-wrong-norm', 'unitOf(operator.pinv(r))', 'operator.pinv(unitOf(r))', '‖r‖ for ‖Wr‖'),
  mcg(
    'mcg-norm-floor',
    'unitOf(operator.pinv(r))',
    'unitOf(operator.pinv(r), sampleNorms(operator.pinv(r)).add(1e-2))',
    'small residuals pull less',
  ),
  mcg(
    'mcg-batch-norm',
    'unitOf(operator.pinv(r))',
    'operator.pinv(r).div(operator.pinv(r).square().sum().sqrt())',
    'the norm of the whole batch',
  ),
  mcg(
    'mcg-identity-norm',
    'operator.adjoint(unitOf(r))',
    'unitOf(operator.adjoint(r), sampleNorms(r))',
    'a norm shaped like y under a gradient shaped like x',
    inside(src, 'methods/symmetries.test.ts'),
  ),
  mcg('mcg-no-jacobian', 'pullback(inward)', 'inward', 'a gradient without the Jacobian of the denoiser'),
  mcg(
    'mcg-after',
    "() => z(i, 'step'), { t, s, schedule }).add(downhill)",
    "() => z(i, 'step'), { t, s, schedule })",
    'no gradient',
  ),
  mcg('mcg-default-scale', "of the norm', { default: 1,", "of the norm', { default: 2,", 'α is 2 by default'),
]

const scoreSdeEdits: readonly Edit[] = [
  scoreSde(
    'score-sde-level-of-s',
    'measuredIn(measured, of, { s: t, schedule }',
    'measuredIn(measured, of, { s, schedule }',
    'projected on the level after the step',
  ),
  scoreSde('score-sde-snr', '2 * snr ** 2', 'snr ** 2', 'corrections half as long'),
  scoreSde(
    'score-sde-one-noise',
    "project(moved, 'measured for the predictor')",
    "project(moved, 'measured for the corrector')",
    'both projections with one noise',
  ),
  scoreSde(
    'score-sde-no-second',
    "moved = project(moved, 'measured for the predictor')",
    '',
    'no projection before the predictor',
  ),
  scoreSde(
    'score-sde-last-weight',
    "() => z(i, 'none'))",
    "() => z(i, 'none'), lambda)",
    'the last projection mixes',
  ),
  scoreSde(
    'score-sde-no-denoise',
    'prior.denoise(again, t), { s, schedule }',
    'again, { s, schedule }',
    'the last state is not denoised',
  ),
  scoreSde('score-sde-small', "ddpm('large')", "ddpm('small')", 'the variance β̃'),
  scoreSde(
    'score-sde-correction-noise',
    'x0, z(i,',
    'x0, z(0,',
    'corrections with the same noise in every step',
  ),
  scoreSde('score-sde-cost', '(1 + corrections) + 1', '(1 + corrections)', 'the last look is not counted'),
]

const scoreAldEdits: readonly Edit[] = [
  scoreAld('score-ald-gamma', '(gamma * level) ** 2', 'gamma * level', 'γ for γ²'),
  scoreAld(
    'score-ald-no-level',
    'back.mul(level ** 2 / (',
    'back.mul(1 / (',
    'g is not in units of the score',
  ),
  scoreAld('score-ald-noise', 'Math.sqrt(2 * rate) * level', 'Math.sqrt(rate) * level', 'noise √2 too small'),
  scoreAld('score-ald-same-noise', 'z(i, `langevin', 'z(0, `langevin', 'the same noise at every level'),
  scoreAld(
    'score-ald-scale',
    'u.mul(schedule.alpha(s))',
    'u.mul(alpha)',
    'x keeps the scale of the level before',
  ),
  scoreAld(
    'score-ald-batch-norm',
    'maximum(sampleNorms(back), 1e-30)',
    'maximum(back.square().sum().sqrt(), 1e-30)',
    'the norm of the whole batch',
  ),
  scoreAld(
    'score-ald-stale',
    'k === 0 ? x0hat : prior.denoise(u.mul(alpha), t)',
    'k === 0 ? x0hat : prior.denoise(x, t)',
    'the score is not taken anew within a level',
  ),
  scoreAld('score-ald-sigma-y', 'by.sigma ** 2', 'by.sigma', 'σ_y for σ_y²'),
  scoreAld('score-ald-cost', 'steps * inner', 'steps * (inner + 1)', 'one look too many is counted'),
  scoreAld(
    'score-ald-ends',
    'noiseLevel(schedule, last)',
    'noiseLevel(schedule, schedule.clean)',
    "levels below the prior's grid",
  ),
]

const ksEdits: readonly Edit[] = [
  ks('ks-estimate', 'div(Math.sqrt(n))', 'div(n)', 'n for √n in the estimate'),
  ks(
    'ks-batch-estimate',
    'sampleNorms(d)',
    'd.square().sum().sqrt().add(sampleNorms(d).mul(0))',
    'one estimate for the whole batch',
  ),
  ks('ks-first-step', 'const h = stepLength(h0, i + 1)', 'const h = stepLength(h0, i)', 'k counts from 0'),
  ks(
    'ks-sign',
    'y.sub(operator.forward(x0hat))',
    'operator.forward(x0hat).sub(y)',
    'away from the measurement',
  ),
  ks(
    'ks-unseen',
    'x0hat.sub(x).add(operator.pinv(y.sub(operator.forward(x0hat))))',
    'x0hat.sub(x).add(operator.pinv(y.sub(operator.forward(x))))',
    'the seen part follows the denoiser too',
  ),
  ks(
    'ks-no-last',
    'stops[j] && !gone[j] ? denoisedAt(prior, u, next[j] ?? 0) : u',
    'u',
    'no denoising at the end',
  ),
  ks(
    'ks-last-level',
    'denoisedAt(prior, u, next[j] ?? 0)',
    'denoisedAt(prior, u, levels[j] ?? 0)',
    'the last denoising at the level before',
  ),
  ks(
    'ks-moves-on',
    '(gone[j] ? x.slice([j, j + 1]) : u)',
    '(gone[j] === 2 ? x.slice([j, j + 1]) : u)',
    'a sample that has stopped moves on',
  ),
  ks(
    'ks-one-stops-all',
    'stops.every((stop, j)',
    'stops.some((stop, j)',
    'the run ends where one sample stops',
  ),
  ks(
    'ks-level',
    'level\n          .mul(1 - h)',
    'level\n          .mul(1 - beta * h)',
    'the level falls as if the estimate were right',
  ),
  ks('ks-start', 'operator.pinv(y).add(', 'operator.pinv(y).mul(0).add(', 'the start does not know y'),
  ksLevels('ks-injected', '(1 - beta * h) ** 2', '(1 - beta) ** 2', 'βh without h'),
  ksLevels('ks-step-length', '1 + h0 * (k - 1)', '1 + h0 * k', 'h₁ below h₀'),
  ksLevels(
    'ks-scale',
    'prior.denoise(u.mul(schedule.alpha(t)), t)',
    'prior.denoise(u, t)',
    'u is not scaled to x_t',
  ),
  ksLevels(
    'ks-within',
    'Math.min(Math.max(level, low), top)',
    'Math.min(level, top)',
    "levels below the prior's grid",
  ),
  drive('run-never-ends', 'if (done.ended === true) break', '', 'a run does not end before its times do'),
]

export const projectionEdits: readonly Edit[] = [
  ...path,
  ...exchange,
  ...repaintEdits,
  ...ilvrEdits,
  ...mcgEdits,
  ...scoreSdeEdits,
  ...scoreAldEdits,
  ...ksEdits,
]
