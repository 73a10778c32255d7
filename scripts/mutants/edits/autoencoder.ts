import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const unet = editsOf('packages/unet/src')
const runs = editsOf('packages/runs/src')
const solvers = editsOf('packages/solvers/src')
const cli = editsOf('packages/cli/src')

const room = 'architectures/autoencoder'
const forward = unet(`${room}/forward.ts`, room)
const plan = unet(`${room}/plan.ts`, room)
const config = unet(`${room}/config.ts`, room)
const scaled = unet(`${room}/standardise.ts`, room)
const embedded = unet('architectures/adm/forward.ts', 'architectures/adm/embedded')
const predictor = unet(
  'architectures/predictor.ts',
  'architectures/adm/embedded',
  'architectures/architectures',
)
const objective = unet('train/objective.ts', 'train/objective')
const batch = unet('train/batch.ts', 'train/objective')
const trainConfig = unet('train/config.ts', 'train/objective')
const moments = unet('train/standardise.ts', 'train/latent-set')
const latentSet = unet('train/latent-set.ts', 'train/latent-set')
const record = unet('models/training-record.ts', 'train/latent-set')
const folder = unet('data/idx-folder.ts', 'train/latent-set')
const decoder = solvers('operators/decoder.ts', 'operators/decoder')
const withClass = solvers('priors/with-class.ts', 'priors/with-class')
const prior = runs('priors/network.ts', 'priors/network')
const coder = runs('priors/autoencoder.ts', 'priors/network')
const latent = runs('problem/latent.ts', 'problem/latent')
const runMethod = runs('run/run-method.ts', 'problem/latent')
const sample = cli('commands/sample/sample.ts', 'latent')

/** The autoencoder, priors on its latents that are told classes, and what runs on them. */
export const autoencoderEdits: readonly Edit[] = [
  forward('autoencoder-residual', ', residual: h }', ' }', 'residual blocks forget their input'),
  forward('autoencoder-silu', 'silu: true', 'silu: false', 'norms are not followed by SiLU'),
  forward(
    'autoencoder-way',
    'autoencoderPlan(config).decoder, z)',
    'autoencoderPlan({ ...config, layersPerBlock: 0 }).decoder, z)',
    'the decoder leaves out its residual blocks',
  ),
  plan('autoencoder-last-level', '.reverse()', '', 'the decoder goes through its levels from the wrong end'),
  config(
    'autoencoder-shrinkage',
    'blockOutChannels.length - 1)\n\n',
    'blockOutChannels.length)\n\n',
    'latents are half as large as said',
  ),
  scaled(
    'latents-scale-encoder',
    '.div(perOut(std))',
    '.mul(perOut(std))',
    'latents are scaled the wrong way',
  ),
  scaled(
    'latents-scale-mean',
    '.sub(mean).div(std)',
    '.div(std).sub(mean)',
    'the mean is taken off scaled latents',
  ),
  scaled(
    'latents-scale-decoder',
    'into.mul(perIn(std))',
    'into.div(perIn(std))',
    'the decoder meets latents scaled twice',
  ),
  scaled(
    'latents-scale-shift',
    ', into.mul(perIn(mean))',
    ', into.mul(perIn(std))',
    'the decoder is not told the mean',
  ),
  scaled(
    'latents-scale-classes',
    'byChannel.mul(reshape(std, [1, channels, 1]))',
    'byChannel',
    'the classifier meets other latents',
  ),
  embedded(
    'class-embedding-row',
    'gather(table, labels)',
    'gather(table, labels.mul(0))',
    'every label is the first',
  ),
  predictor(
    'conditional-none-class',
    'classes: count - 1',
    'classes: count',
    'the class of none is one of the classes',
  ),
  predictor(
    'conditional-refused',
    'noClass && conditional !== undefined ? undefined',
    'conditional !== undefined ? undefined',
    'a network that is always told a class passes for one that need not be',
  ),
  objective(
    'objective-shards',
    '1 / (config.batch * sizeOf(shape))',
    '1 / (drawn.count * sizeOf(shape))',
    'the loss is too large by the number of shards',
  ),
  objective('objective-noise', 'z.add(noise)', 'z', 'the decoder meets no noise'),
  objective(
    'objective-penalty',
    'latentPenalty * drawn.count * perSample',
    'latentPenalty * perSample',
    'latents are penalised less where shards are larger',
  ),
  objective(
    'objective-entropy',
    'sum(logSumExp(logits, 1)).sub(',
    'sum(logSumExp(logits, 1)).add(',
    'the wrong classes are learned',
  ),
  objective(
    'objective-entropy-weight',
    'labelWeight * perSample',
    'labelWeight',
    'labels weigh by the size of the batch',
  ),
  batch('labels-kept', 'drawn[j]! < labelDrop ? classes - 1 : label', 'label', 'labels are never left out'),
  batch(
    'labels-none-first',
    'drawn[j]! < labelDrop ? classes - 1 : label',
    'drawn[j]! < labelDrop ? 0 : label',
    'the first class stands for none',
  ),
  batch(
    'labels-drop-rate',
    'drawn[j]! < labelDrop',
    'drawn[j]! < labelDrop ** 2',
    'labels are left out too seldom',
  ),
  batch(
    'labels-of-none',
    'labelDrop === undefined ? classes : classes - 1',
    'classes',
    'images may have the label that stands for none',
  ),
  trainConfig(
    'autoencoder-noiseless',
    '.coder !== undefined) return noNoise',
    '.coder === undefined) return noNoise',
    'an autoencoder is shown noise, and a prior none',
  ),
  moments(
    'moments-square',
    'squares[c]! / total - m * m',
    'squares[c]! / total + m * m',
    'the deviation grows with the mean',
  ),
  moments('moments-channel', 'Math.floor(i / area) % channels', 'i % channels', 'channels are mixed up'),
  latentSet(
    'latent-set-place',
    'encodeBatch(params, config, set, from, n), from * size',
    'encodeBatch(params, config, set, 0, n), from * size',
    'the first pictures are coded again and again',
    {
      tests: ['packages/unet/src/train/latent-set'],
    },
  ),
  latentSet(
    'latent-set-labels',
    'set.labels === undefined ? latents : { ...latents, labels: set.labels }',
    'latents',
    'latents lose their labels',
  ),
  record(
    'latents-unclipped',
    "Object.hasOwn(record, 'autoencoder') ? { clip: null } : {}",
    '{}',
    'latents are clipped to the range of pictures',
  ),
  folder('labels-count', 'shape[0] !== images.count', 'shape[0] === 0', 'labels of other images pass'),
  decoder(
    'decoder-shapes',
    'inShape: latentShape, outShape: shape',
    'inShape: shape, outShape: latentShape',
    'the decoder takes pictures',
  ),
  withClass(
    'guidance-sign',
    'told(xt, t).sub(untold)',
    'untold.sub(told(xt, t))',
    'guidance leads away from the class',
  ),
  withClass(
    'guidance-base',
    'untold.add(told(xt, t).sub(untold).mul(guidance))',
    'told(xt, t).add(told(xt, t).sub(untold).mul(guidance))',
    'guidance of 1 is already beyond the class',
  ),
  prior(
    'condition-nothing',
    'asked.embed([asked.classes])',
    'asked.embed([0])',
    'without a class the prior is told the first',
  ),
  prior(
    'condition-ignored',
    'output: asked.predict(xt, t, c)',
    'output: asked.predict(xt, t, nothing)',
    'the condition is ignored',
  ),
  prior(
    'image-embedding',
    'softmax(network.logits(params, config, coder.encode(x)))',
    'network.logits(params, config, coder.encode(x))',
    'pictures are weighted by log-odds',
  ),
  coder(
    'autoencoder-size',
    'height / factor, width / factor',
    'height / factor, height / factor',
    'latents of wide pictures are square',
  ),
  latent(
    'latent-posed',
    'if (!isLatent(prior) || needs.some((need) => ofLatents.has(need))) return operator',
    'if (!isLatent(prior)) return operator',
    'methods of latents are handed measurements of latents',
  ),
  latent(
    'latent-pictures',
    '? scope(() => prior.autoencoder.decode(x))',
    '? x.alias()',
    'what was found is not decoded',
  ),
  runMethod(
    'latent-trace',
    'using guess = asPictures(prior, step.x0hat)',
    'using guess = step.x0hat.alias()',
    'guesses are scored as latents',
  ),
  sample(
    'sample-class',
    'withClass(prior, label, guidance)',
    'withClass(prior, label)',
    'guidance is not applied',
    {
      tests: ['packages/cli/src/latent'],
    },
  ),
]
