import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const contract = of('methods/latent-method.ts', 'methods/latent/latent-dps')
const needs = of('methods/rare-needs.ts', 'methods/latent/latent-dps', 'methods/methods.test.ts')
const look = of('guidance/latent-look.ts', 'methods/latent/latent-dps')
const latentDps = of('methods/latent/latent-dps.ts', 'methods/latent/latent-dps', 'methods/defaults')
const classes = of('priors/exact/shifted-by-class.ts', 'priors/latent')
const linear = of('priors/exact/linear-autoencoder.ts', 'priors/latent')

/** Faults of priors on latents and of what methods on them share. */
const groundEdits: readonly Edit[] = [
  contract('latent-undecoded', 'finish(x, prior as LatentPrior))', 'x)', 'the result is a latent'),
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

export const latentEdits: readonly Edit[] = [...groundEdits, ...latentDpsEdits]
