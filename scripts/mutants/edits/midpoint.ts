import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const bridge = of('samplers/bridge.ts', 'samplers/bridge')
const within = of('schedules/time-within.ts', 'methods/variational/mgps', 'methods/variational/mgdm')
const kernel = of('inner/decoupled-kernel.ts', 'methods/exact/ddsmc.test')
const ddsmc = of(
  'methods/exact/ddsmc.ts',
  'methods/exact/ddsmc.test',
  'methods/exact/ddsmc-laws',
  'methods/defaults',
)
const fit = of('inner/gaussian-fit.ts', 'inner/gaussian-fit', 'methods/variational/mgdm.test')
const drawn = of('inner/linearised-draw.ts', 'methods/variational/mgps-laws')
const denoised = of('inner/ancestral-draw.ts', 'methods/variational/mgdm.test')
const tamed = of('inner/tamed-langevin.ts', 'methods/variational/dcps')
const midpoint = of('guidance/midpoint.ts', 'methods/variational/mgps', 'methods/variational/mgdm')
const warm = of('guidance/warm-end.ts', 'methods/variational/mgps.test')
const block = of('guidance/block-potential.ts', 'guidance/block-potential')
const mgps = of('methods/variational/mgps.ts', 'methods/variational/mgps', 'methods/defaults')
const updates = of('methods/variational/mgps-updates.ts', 'methods/variational/mgps.test')
const mgdm = of('methods/variational/mgdm.ts', 'methods/variational/mgdm.test', 'methods/defaults')
const times = of('methods/variational/mgdm-times.ts', 'methods/variational/mgdm.test')
const dcps = of('methods/variational/dcps.ts', 'methods/variational/dcps', 'methods/defaults')

const closed = editsOf('packages/calibration/src')('posteriors/midpoint-law.ts')

const rooms: readonly Edit[] = [
  bridge('bridge-whole', 'last.variance + last.ratio ** 2 * near', 'last.variance + last.ratio * near', 'b_{t|ℓ} with α_t/α_s for its square'),
  bridge('bridge-end-alpha', '(ofX * schedule.alpha(t)) / schedule.alpha(end)', 'ofX * schedule.alpha(t)', 'x_ℓ is taken for x₀'),
  bridge('bridge-eta-kept', 'eta * last.ratio * Math.sqrt(near / whole)', 'last.ratio * Math.sqrt(near / whole)', 'what is kept of x_t ignores η'),
  bridge('bridge-eta-fresh', 'eta * Math.sqrt((near * last.variance) / whole)', 'eta ** 2 * Math.sqrt((near * last.variance) / whole)', 'η² for η in the noise'),
  bridge('bridge-point', 's === end ? 0 :', 's === end ? 1 :', 'there is noise at x_ℓ itself'),
  within('midpoint-from-zero', 'part * (s - schedule.clean)', 'part * s', 'a part of the time, not of the way'),
  within('midpoint-up', 'Math.floor(way)', 'Math.ceil(way)', 'rounded up to an index'),
  fit('fit-sign', 'own.add(pull(at.params.mean))', 'pull(at.params.mean).sub(own)', 'away from the measurement'),
  fit('fit-entropy', 'spread.square().mul(precision)).sub(1)', 'spread.square().mul(precision))', 'the entropy is left out'),
  fit('fit-square', 'spread.square().mul(precision)', 'spread.mul(precision)', 'e^v for e^{2v} in the divergence'),
  fit('fit-chain', 'own.mul(z).mul(spread).add(', 'own.mul(z).add(', 'the gradient of v without e^v'),
  fit('fit-sampled-mean', '{ mean: own.add(pull(x)),', '{ mean: own.add(pull(at.params.mean)),', 'the sampled divergence is at the mean'),
  fit('fit-precision', '1 / p.deviation ** 2', '1 / p.deviation', '1/s for 1/s²'),
  fit('fit-batch-norm', 'sampleNorms(g).add(1e-8)', 'g.square().sum().sqrt().add(1e-8)', 'one norm for the whole batch'),
  fit('fit-same-draw', 'key.fold(k))', 'key.fold(0))', 'every update has the draw of the first'),
  drawn('linearised-offset', '.add(through.forward(mean))', '', 'A J μ is left out of what is seen'),
  drawn('linearised-value', 'y.sub(operator.forward(line.value))', 'y.sub(operator.forward(mean))', 'the residual at x_ℓ, not at x̂₀'),
] // biome-ignore format: a table

const decoupled: readonly Edit[] = [
  kernel('ddsmc-coupling-half', 'b + eta * ratio ** 2 * own', 'b + eta * ratio * own', 'd with α_t/α_s for its square'),
  kernel('ddsmc-variance', 'variance: (b * own) / whole', 'variance: own', 'σ_s² for the variance of a coupled step'),
  kernel('ddsmc-keeps', '(eta * ratio * own) / whole', '(ratio * own) / whole', 'x_t is kept whatever η'),
  kernel('ddsmc-posterior', '(ofX0 * part) ** 2 / (part + v)', '(ofX0 * part) ** 2 / part', 'as if every coordinate were known'),
  kernel('ddsmc-width', 'ofX0 ** 2)', 'ofX0)', 'the cut of ρ² by α for α²'),
  ddsmc('ddsmc-potential-kept', 'logRatio.sub(potential)', 'logRatio', 'the potential of x_t is not divided out'),
  ddsmc('ddsmc-ratio-up', 'flat).sub(logNormal(x, mean, q.variance))', 'flat).add(logNormal(x, mean, q.variance))', 'times q, not over it'),
  ddsmc('ddsmc-root', 'row(q.variance.map(Math.sqrt), z)', 'row(q.variance, z)', 'the variance for the deviation'),
  ddsmc('ddsmc-target-moves', 'logNormal(x, by(centre), flat)', 'logNormal(x, mean, flat)', 'the target has the mean of the proposal'),
  ddsmc('ddsmc-level', "(options.spread === 'share' ? 1 - alphaBar(schedule, t) : noiseLevel(schedule, t) ** 2)", "(options.spread === 'share' ? 1 - alphaBar(schedule, t) : noiseLevel(schedule, t))", 'σ/α for its square'),
  ddsmc('ddsmc-singular', '(noise.sigma / s) ** 2', 'noise.sigma ** 2 / s', 's for s²'),
  ddsmc('ddsmc-scale', '.add(scale)', '', 'log p(y) without the scales of the coordinates'),
  ddsmc('ddsmc-last-drawn', "options.last === 'draw' ? z : zerosLike(z)", "options.last === 'mean' ? z : zerosLike(z)", 'the last draw is the mean, and the mean a draw'),
  ddsmc('ddsmc-last-spread', "options.last === 'exact' ? 0 : spread(t)", 'spread(t)', 'exact conditions x̂₀ as well'),
  ddsmc('ddsmc-last-weight', "options.last === 'draw' ? potential :", "options.last === 'exact' ? potential :", 'y counts twice at the end'),
  ddsmc('ddsmc-last-flow', 's === schedule.clean ? prior.denoise(x, t) : estimate(x, t)', 'estimate(x, t)', 'the last step pays for a flow'),
  ddsmc('ddsmc-start', '.mul(schedule.sigma(start))', '', 'x_T is z'),
] // biome-ignore format: a table

const midpoints: readonly Edit[] = [
  midpoint('mgps-uphill', '.g.neg()', '.g', 'guided away from y'),
  midpoint('mgps-begin', 'diagonal(start)', 'diagonal(law)', 'a fit begins at the law, whatever it is told'),
  mgps('mgps-alpha-t', 'timeWithin(schedule, s, alpha)', 'timeWithin(schedule, t, alpha)', 'the midpoint is of t'),
  mgps('mgps-bridge-end', 'bridged(near, s, isWarm ? first : mid)', 'bridged(near, s, schedule.clean)', 'x_ℓ is taken for x₀ in the bridge to x_s'),
  mgps('mgps-fit-order', 'start: bridged(end, mid, isWarm ? first : schedule.clean)', 'start: bridged(x0hat, mid, isWarm ? first : schedule.clean)', 'a fit begins at the bridge from x̂₀(x_t)'),
  mgps('mgps-start-first', 'isWarm ? first : schedule.clean),', 'schedule.clean),', 'a warm fit begins as if x₀ were clean'),
  mgps('mgps-end-kept', 'end: isWarm ? near : ofMid', 'end: ofMid', 'the second draw is not handed on'),
  mgps('mgps-law-end', 'law: bridged(x0hat, mid)', 'law: bridged(end, mid)', 'the law of x_ℓ is by the last x̂₀'),
  updates('mgps-count-up', 'const left = steps - 1 - i', 'const left = i', 'long fits at the end, not at the beginning'),
  updates('mgps-quiet', 'left > plan.quietLast', 'left >= plan.quietLast', 'one step too many has long fits'),
  updates('mgps-warm-all', 'Math.ceil(part * (steps - 2))', 'Math.ceil(part * steps)', 'second fits where there is no time below'),
  warm('mgps-warm-prior', 'measured(x).add(score).neg()', 'measured(x).neg()', 'a second fit without the prior'),
  warm('mgps-warm-square', 'Math.sqrt(variance) / ratio', 'Math.sqrt(variance)', 'the likelihood of x_f in the units of x_ℓ'),
  warm('mgps-warm-score', 'schedule.sigma(first) ** 2', 'schedule.sigma(first)', 'σ for σ² in the score'),
] // biome-ignore format: a table

const mixtures: readonly Edit[] = [
  mgdm('mgdm-same-round', 'key.fold(round).fold(purpose)', 'key.fold(0).fold(purpose)', 'every round draws the same'),
  mgdm('mgdm-one-round', 'round < repeats', 'round < 1', 'one round, whatever R'),
  mgdm('mgdm-bridge-end', 'bridgeLaw({ schedule, t, s, end: middle }, xTau, x)', 'bridgeLaw({ schedule, t, s, end: clean }, x0, x)', 'x_s by x₀, not by x_τ'),
  mgdm('mgdm-law-of-t', 'bridgeLaw({ schedule, t: s, s: middle, end: clean }, x0, xs)', 'bridgeLaw({ schedule, t, s: middle, end: clean }, x0, x)', 'x_τ by x_t, not by x_s'),
  mgdm('mgdm-closed', "midpointDraw(problem, prior, fit, 'sampled')", 'midpointDraw(problem, prior, fit)', 'the divergence in closed form'),
  mgdm('mgdm-anchor', 'i < steps - 3 ? xs : x', 'i < steps - 2 ? xs : x', 'the last steps begin at x_s'),
  mgdm('mgdm-end', 'i === steps - 1 ? x0', 'i === steps - 1 ? xs', 'what is returned is noisy'),
  mgdm('mgdm-eta', 'end: clean, eta }, before, x)', 'end: clean }, before, x)', 'x_s is drawn with η = 1'),
  denoised('mgdm-denoise-eta', 'ddim(eta)', 'ddim(1)', 'the denoising has η = 1'),
  denoised('mgdm-denoise-even', '((first - t) * k) / (steps - 1)', '((first - t) * k) / steps', 'times that do not come to the first'),
  denoised('mgdm-denoise-draw', 'key.fold(k)', 'key.fold(0)', 'one draw for all steps of the denoising'),
  times('mgdm-tau-mix', 'i < mixed * steps', 'i >= mixed * steps', 'uniform at the end of the run'),
  times('mgdm-tau-low', 'low + (u - low) * golden(i)', 'u * golden(i)', 'τ below its least'),
  times('mgdm-tau-first', '(first + s) / 2', 's', 'τ is s where there is none below'),
  times('mgdm-long', 'i >= steps - longPart * steps', 'i >= longPart * steps', 'long fits from the beginning on'),
] // biome-ignore format: a table

const blocks: readonly Edit[] = [
  block('dcps-scale', 'y.mul(schedule.alpha(end))', 'y', 'the potential of y, not of α_ℓ·y'),
  block('dcps-no-jacobian', '.add(pullback(G.mul(ofEnd)))', '.add(G.mul(ofEnd))', 'without the Jacobian of the denoiser'),
  block('dcps-direct', 'g: G.mul(ofX).add(', 'g: G.add(', 'the part of x_t as if it were all'),
  block('dcps-score-sign', 'score.add(g)', 'g.sub(score)', 'the score of the prior turned around'),
  block('dcps-score-square', 'div(sigma ** 2)', 'div(sigma)', 'σ_t for σ_t² in the score'),
  block('dcps-mean', 'z === undefined ? mean : mean.add(z.mul(deviation))', 'mean', 'x_ℓ is where DDIM comes to without its noise'),
  block('dcps-eta', 'end: schedule.clean, eta }', 'end: schedule.clean }', 'the way to ℓ has η = 1'),
  tamed('dcps-untamed', '.mul(step).add(1))', '.mul(0).add(1))', 'the drift is not tamed'),
  tamed('dcps-batch-norm', 'sampleNorms(h)', 'h.square().sum().sqrt()', 'tamed by the norm of the batch'),
  tamed('dcps-noise', 'Math.sqrt(2 * step)', 'Math.sqrt(step)', 'a √2 is missing in the noise'),
  dcps('dcps-block-end', 'times[block.below]?.t', 'times[block.below - 1]?.t', 'a block ends one step too soon'),
  dcps('dcps-langevin-all', 'const x = block.first', 'const x = i >= 0', 'Langevin steps in every step'),
  dcps('dcps-uphill', 'normalLike(drawn, at)).neg()', 'normalLike(drawn, at))', 'fitted away from y'),
  dcps('dcps-law-eta', 's, end: schedule.clean, eta }, x0hat, x)', 's, end: schedule.clean }, x0hat, x)', 'K has η = 1'),
] // biome-ignore format: a table

const inClosedForm: readonly Edit[] = [
  closed('midpoint-law-potential', 'seen.clone().mulRowVector(low.gain)', 'seen.clone().mulRowVector(at.gain)', 'x̂₀ of x_t in the potential'),
  closed('midpoint-law-variance', '.mul(v ** 2)', '.mul(v)', 'v for v² in the inverse'),
  closed('midpoint-law-noise', '.add(P.mul(back.ofEnd ** 2))', '.add(P.mul(back.ofEnd))', 'a/b for its square in the covariance'),
  closed('midpoint-law-mean', 'seen.mmul(low.rest)', 'seen.mmul(at.rest)', 'c of x_t in what is measured'),
  closed('midpoint-law-bridge', 'bridge({ schedule, t, s, end: mid })', 'bridge({ schedule, t, s, end: schedule.clean })', 'x_ℓ is taken for x₀'),
] // biome-ignore format: a table

/** Edits of the methods that ask the measurement between x_t and the clean end, and of what they are made of. */
export const midpointEdits: readonly Edit[] = [
  ...rooms,
  ...decoupled,
  ...midpoints,
  ...mixtures,
  ...blocks,
  ...inClosedForm,
]
