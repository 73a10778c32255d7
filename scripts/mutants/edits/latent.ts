import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const contract = of('methods/latent-method.ts', 'methods/latent/latent-dps')
const needs = of('methods/rare-needs.ts', 'methods/latent/latent-dps', 'methods/latent/mpgd-ae')
const look = of('guidance/latent-look.ts', 'methods/latent/latent-dps')
const latentDps = of('methods/latent/latent-dps.ts', 'methods/latent/latent-dps', 'methods/defaults')
const classes = of('priors/exact/shifted-by-class.ts', 'priors/latent')
const linear = of('priors/exact/linear-autoencoder.ts', 'priors/latent')

/** Faults of priors on latents and of what methods on them share. */
const groundEdits: readonly Edit[] = [
  contract('latent-undecoded', 'prior.autoencoder.decode(x)', 'x', 'the result is a latent'),
  contract(
    'latent-always-decoded',
    '{ result: ({ x }) => prior.autoencoder.decode(x), ...spec.plan({ ...run, prior }) }',
    '{ ...spec.plan({ ...run, prior }), result: ({ x }) => prior.autoencoder.decode(x) }',
    'the result that a method names is passed over for D of its x',
    {
      tests: [
        'packages/solvers/src/methods/latent/latent-rlsd',
        'packages/solvers/src/methods/csgm/score-ilo',
      ],
    },
  ),
  needs('latent-takes-latents', '  takes: pictureShape,\n', '', 'the operator has to take latents'),
  needs(
    'latent-needs-any',
    'isLatent(prior)\n      ? undefined',
    'prior.autoencoder !== undefined\n      ? undefined',
    'a prior on pictures with an autoencoder beside is taken for one on latents',
  ),
  needs(
    'latent-autoencoder-of-latents',
    'sameShape(autoencoder.shape, shape)',
    'sameShape(autoencoder.latentShape, shape) || sameShape(autoencoder.shape, shape)',
    'a prior on latents is taken where one on pictures is needed',
  ),
  look(
    'latent-look-of-z',
    '(z0: Tensor) => prior.autoencoder.decode(z0), look.x0hat)',
    '(z0: Tensor) => prior.autoencoder.decode(z0), z)',
    'the picture of z_t, not of ẑ₀',
  ),
  classes(
    'class-unscaled',
    'xt.sub(by.mul(prior.schedule.alpha(t)))',
    'xt.sub(by)',
    'the shift of x_t by a class without α_t',
  ),
  classes('class-unmoved', '.add(by)', '', 'x̂₀ is not moved back'),
  linear('linear-decoder-offset', '.add(b(z))', '', 'the decoder without its offset'),
  linear('linear-encoder-offset', 'x.sub(b(x))', 'x', 'the encoder without the offset'),
]

const latentDpsEdits: readonly Edit[] = [
  latentDps(
    'latent-dps-not-through',
    'pullback(toLatent(downhill))',
    'toLatent(downhill)',
    'LDPS without the Jacobian of the denoiser',
  ),
  latentDps('latent-dps-uphill', '.mul(zeta)\n', '.mul(-zeta)\n', 'LDPS goes uphill'),
  latentDps(
    'latent-dps-shown',
    '{ x0hat: picture, guidance }',
    '{ x0hat, guidance }',
    'ẑ₀ is shown, no picture',
  ),
  latentDps('latent-dps-scale', '1000 / times.length', '1', 'LDPS has the same ζ at any number of steps'),
  latentDps(
    'latent-dps-eta',
    '{ default: 0, min: 0, max: 1 }',
    '{ default: 1, min: 0, max: 1 }',
    'LDPS is ancestral',
  ),
  latentDps(
    'latent-dps-late',
    'kernel(x, x0hat,',
    'kernel(x.add(guidance), x0hat,',
    'the step of LDPS starts at the guided z',
  ),
]

const psld = of('methods/latent/psld.ts', 'methods/latent/psld')
const psldEdits: readonly Edit[] = [
  psld(
    'psld-picture',
    'picture.add(operator.adjoint(r))',
    'picture.sub(operator.adjoint(r))',
    'the glued picture is moved away from y',
  ),
  psld('psld-one-sided', '.sub(apart.mul(gamma))', '', 'no gradient through ẑ₀ itself'),
  psld('psld-stopped', '.add(glued.mul(gamma))', '', 'no gradient through the encoder'),
  psld(
    'psld-unseen',
    'v.sub(operator.adjoint(operator.forward(v)))',
    'v',
    'the gradient through the glued picture without I − AᵀA',
  ),
  psld('psld-squared', 'unitOf(left, gluing)', 'left', 'the gradient of the square of the second norm'),
  psld(
    'psld-weights',
    'weight(options.gamma, 100)',
    'weight(options.gamma, 1000)',
    'γ is ten times what it is by default',
  ),
]

const mpgdAe = of('methods/latent/mpgd-ae.ts', 'methods/latent/mpgd-ae')
const mpgdAeEdits: readonly Edit[] = [
  mpgdAe(
    'mpgd-ae-window',
    '(n - 1 - (step?.i ?? 0)) / n',
    '(step?.i ?? 0) / n',
    'the part of the run is counted from its start',
  ),
  mpgdAe(
    'mpgd-ae-straight',
    'back(downhill)[0].mul(length * gain), residual',
    'downhill.mul(length * gain), residual',
    'MPGD-AE without the Jacobian of D∘E',
  ),
  mpgdAe(
    'mpgd-z-alpha',
    '.mul((length * gain) / alpha)',
    '.mul(length * gain)',
    'the step of MPGD-Z is not over α_s',
  ),
  mpgdAe('mpgd-z-level', '.sub(picture).mul(alpha)', '.sub(picture)', 'MPGD-Z moves x_s by what it moves x̂₀'),
  mpgdAe(
    'mpgd-z-whole',
    '(decode?.(moved) ?? moved).sub(picture)',
    '(decode?.(moved) ?? moved).sub(x0hat)',
    'MPGD-Z drops what the autoencoder loses',
  ),
  mpgdAe(
    'mpgd-ae-gain',
    "form === 'ae' ? 0.0075 : 0.01",
    "form === 'ae' ? 0.01 : 0.0075",
    'the factors of the two forms are swapped',
  ),
]

const resample = of('methods/latent/resample.ts', 'methods/latent/resample')
const resampleEdits: readonly Edit[] = [
  resample(
    'resample-variance',
    'Math.sqrt((variance * own) / total)',
    '(variance * own) / total',
    'the resampled noise has the variance as its deviation',
  ),
  resample(
    'resample-alpha',
    '[(variance * alpha) / total, agreeing]',
    '[variance / total, agreeing]',
    'ẑ(y) enters without α_s',
  ),
  resample(
    'resample-swapped',
    '[own / total, next]',
    '[variance / total, next]',
    'z′ has the weight of ẑ(y)',
  ),
  resample(
    'resample-kept',
    '1 - alphaBar(schedule, t) / alphaBar(schedule, s)',
    '1 - alphaBar(schedule, t)',
    'σ² is that of a step from the clean end',
  ),
  resample(
    'resample-level',
    'kept * own) / schedule.sigma(t) ** 2',
    'kept * own) / schedule.sigma(t)',
    'σ² over σ_t in place of σ_t²',
  ),
  resample(
    'resample-thirds',
    'left >= third ? amongPixels(x0hat)',
    'left > third ? amongPixels(x0hat)',
    'the pixel stage ends a step early',
  ),
  resample(
    'resample-unfinished',
    'return done(amongLatents(next))',
    'return done(next)',
    'the run does not end with hard consistency',
  ),
  resample(
    'resample-tolerance',
    '(options.tolerance ?? (measured.sigma || 0.001)) ** 2',
    'options.tolerance ?? (measured.sigma || 0.001)',
    'the mean square is held against σ_y, not σ_y²',
  ),
  resample('resample-scale', 'scale * alphaBar(schedule, t)', 'scale * schedule.alpha(t)', '√ᾱ_t for ᾱ_t'),
]

const spread = of('guidance/latent-spread.ts', 'methods/latent/stsl')
const stsl = of('methods/latent/stsl.ts', 'methods/latent/stsl')
const stslEdits: readonly Edit[] = [
  spread(
    'stsl-spread-alpha',
    'sigma ** 2 / (alpha * delta)',
    'sigma ** 2 / delta',
    'the trace without 1/α_t',
  ),
  spread(
    'stsl-spread-delta',
    'sigma ** 2 / (alpha * delta)',
    'sigma ** 2 / alpha',
    'the difference is not over the length of the probe',
  ),
  spread(
    'stsl-spread-one-end',
    '.sub(pullback(probe, { retain: true }))',
    '',
    'the gradient of one end of the difference',
  ),
  stsl(
    'stsl-sign',
    'first.sub(second.gradient',
    'first.add(second.gradient',
    'STSL seeks where the prior is unsure',
  ),
  stsl('stsl-mean', '.mul(spread / d)', '.mul(spread)', 'η times the sum over latents, not the mean'),
  stsl(
    'stsl-fresh',
    'const z0 = prior.denoise(at, t)',
    'const z0 = prior.denoise(x, t)',
    'the step of DDIM is that before the descent',
  ),
  stsl('stsl-one-probe', '`), probe)', '`.slice(0, 5)), probe)', 'all inner steps have one probe'),
]

const agreeing = of('guidance/latent-consistency.ts', 'methods/latent/p2l', 'methods/latent/treg')
const told = of('guidance/told.ts', 'methods/latent/treg', 'methods/latent/p2l')
const p2l = of('methods/latent/p2l.ts', 'methods/latent/p2l')
const p2lEdits: readonly Edit[] = [
  agreeing('p2l-agreeing-start', 'y.sub(operator.forward(x))', 'y', 'the proximal point is not around x'),
  agreeing(
    'p2l-agreeing-encoded',
    'autoencoder.encode(picture)',
    'autoencoder.encode(x)',
    'the latent is of the picture before',
  ),
  told(
    'told-others',
    'classes.indexOf(name)',
    'classes.indexOf(name) + 1',
    'the class after the one that was named',
  ),
  told(
    'told-guidance',
    'told.without.add(',
    'told.with.add(',
    'guidance without a classifier starts at the class',
  ),
  p2l(
    'p2l-old-prompt',
    'conditional.denoise(at, time, c)',
    'conditional.denoise(at, time, before)',
    'the step is told the embedding before its update',
  ),
  p2l(
    'p2l-uphill',
    'r.mul(-2 / sampleSize(y))',
    'r.mul(2 / sampleSize(y))',
    'the embedding goes away from y',
  ),
  p2l('p2l-forgets', 'adam: update.state }', 'adam: memory }', 'Adam starts anew each step'),
  p2l('p2l-noise', 'projects ? keepingNoise(look, z0) : x', 'x', 'a projected step has another ε'),
  p2l('p2l-period', '(i + 1) % period', 'i % period', 'the projection is a step early'),
]

const treg = of('methods/latent/treg.ts', 'methods/latent/treg')
const tregEdits: readonly Edit[] = [
  treg('treg-mean', '[alpha * kept, agreeing.latent]', '[kept, agreeing.latent]', 'ẑ_y enters without α_s'),
  treg(
    'treg-swapped',
    '[alpha * (1 - kept), z0]',
    '[alpha * kept, z0]',
    'the weights of the mean do not sum to 1',
  ),
  treg(
    'treg-noise',
    '[sigma * Math.sqrt(kept), sigma > 0',
    '[sigma * kept, sigma > 0',
    'the fresh noise has less variance than it should',
  ),
  treg(
    'treg-attracts',
    'const gradient = unitOf(embed(picture))',
    'const gradient = unitOf(embed(picture)).neg()',
    'the embedding of no class goes to the picture',
  ),
  treg(
    'treg-negates-guess',
    'away(nothing, agreeing.picture)',
    'away(nothing, picture)',
    'the negation looks at D(ẑ₀)',
  ),
  treg('treg-share', 'i >= share * times.length', 'i > share * times.length', 'looks at y a step longer'),
  treg('treg-levels', 'alphaBar(schedule, s)]', 'alphaBar(schedule, t)]', 'ᾱ_t in place of ᾱ_s'),
]

const dream = of('methods/latent/dream-sampler.ts', 'methods/latent/treg')
const dreamEdits: readonly Edit[] = [
  dream(
    'dream-level',
    'const kept = alphaBar(schedule, t)',
    'const kept = alphaBar(schedule, s)',
    'ᾱ_s in place of ᾱ_t',
  ),
  dream(
    'dream-class',
    '.sub(measured).mul(kept)',
    '.sub(measured).mul(1 - kept)',
    'the class has the weight of the measurement',
  ),
  dream('dream-unmasked', 'mask ? moved.mul(mask(x)) : moved', 'moved', 'the mask is not looked at'),
  dream(
    'dream-noise',
    '[sigma * Math.sqrt(1 - kept), predictedNoise',
    '[sigma * (1 - kept), predictedNoise',
    'the kept noise has too little variance',
  ),
  dream(
    'dream-epsilon',
    'predictedNoise(x, told.without',
    'predictedNoise(x, told.with',
    'the noise is that of the class',
  ),
  of('samplers/reversible.ts', 'methods/latent/treg')(
    'dream-inversion',
    '.reduceRight(',
    '.reduce(',
    'the inversion goes the wrong way',
  ),
  dream('dream-period', 'i % period !== 0', 'i % period === 0', 'the other steps are those of LDPS'),
  dream('dream-share', 'i >= share * times.length', 'i > share * times.length', 'a step of its own too many'),
  dream('dream-ldps-length', '.mul(schedule.alpha(s))', '.mul(schedule.alpha(t))', '√ᾱ_t for √ᾱ_s'),
  dream(
    'dream-ldps-way',
    'look.pullback(look.toLatent(downhill))',
    'look.toLatent(downhill)',
    'not through the denoiser',
  ),
  dream(
    'dream-evaluations',
    'Math.ceil(Math.ceil(share * n) / period)',
    'Math.ceil((share * n) / 1)',
    'evaluations as without a period',
  ),
]

const ilo = of('methods/csgm/score-ilo.ts', 'methods/csgm/score-ilo')
const iloEdits: readonly Edit[] = [
  ilo(
    'score-ilo-sphere',
    'Math.sqrt(sampleSize(v))',
    'sampleSize(v)',
    'the first z lies on a sphere of radius n',
  ),
  ilo('score-ilo-noise', '.mul(noise)) : moved', '.mul(noise * noise)) : moved', 'ν² in place of ν'),
  ilo('score-ilo-scaled', 'w.mul(schedule.alpha(time))', 'w', 'the score is asked at w, not at α·w'),
  ilo('score-ilo-pull', 'likely.sub(w).mul(pull)', 'likely.mul(pull)', 'the step of the score has no −w'),
  ilo(
    'score-ilo-memory',
    'entered ? fresh(layer.enter(before.x)) : before',
    'entered ? { ...before, x: layer.enter(before.x) } : before',
    'Adam carries its moments to the next layer',
  ),
  ilo(
    'score-ilo-finish',
    'layers.at(-1) ?? outermost',
    'outermost',
    'the result is decoded from the first layer',
  ),
  ilo(
    'score-ilo-layer',
    'Math.floor((i * layers.length) / times.length)',
    'Math.ceil((i * layers.length) / times.length)',
    'layers change a step late or never',
  ),
]

/** Faults of methods on latents. */
export const latentEdits: readonly Edit[] = [
  ...groundEdits,
  ...latentDpsEdits,
  ...psldEdits,
  ...mpgdAeEdits,
  ...resampleEdits,
  ...stslEdits,
  ...p2lEdits,
  ...tregEdits,
  ...dreamEdits,
  ...iloEdits,
]
