import type { Autoencoder, Conditional, PipelinePriorOptions, Prior } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { matmul, OptionError, sameShape, scope, softmax, unscoped } from '@tweedie/tensor'
import type { ConditionalPredictor, Network, NetworkConfig, TrainedOn } from '@tweedie/unet'
import {
  architectureOf,
  cannotPredict,
  conditionalPredictor,
  learnsVariance,
  predictor,
  requireMemory,
  splitLearnedVariance,
} from '@tweedie/unet'
import { autoencoderOf } from './autoencoder.ts'
import { trainedPrior } from './trained.ts'

/**
 * Makes sure, before any work, that a network can be the prior of pictures.
 * @param name - Of the network, for messages.
 * @param latent - Whether it is one of latents, which may have any number of channels.
 * @throws {OptionError} naming the option `prior`: for class labels, channels that are no picture, or outputs that do
 * not fit.
 */
export function checkNetwork(
  config: NetworkConfig,
  trainedOn: TrainedOn,
  name: string,
  { latent = false }: { readonly latent?: boolean } = {},
): void {
  const { learnedVariance } = trainedOn
  const refuse = (message: string): never => {
    throw new OptionError('prior', `'${name}' ${message}`)
  }
  const { inChannels: inputs, outChannels: outputs } = config
  const what = architectureOf(config).denoises?.(config)
  if (what !== undefined && trainedOn.schedule.kind !== 'edm')
    refuse(`${what}, but a scheduler or a record beside it says another schedule; remove that file`)
  const why = cannotPredict(config, trainedOn)
  if (why !== undefined) refuse(why)
  if (!latent && inputs !== 1 && inputs !== 3)
    refuse(`is for images of ${inputs} channels; pictures have 1 or 3`)
  if (learnedVariance !== undefined && learnedVariance !== learnsVariance(config)) {
    refuse(
      `has ${outputs} output channels for ${inputs} input channels, but by its scheduler's variance_type the variance is ${learnedVariance ? '' : 'not '}learned`,
    )
  }
}

/**
 * The shape [C, H, W] of a network's pictures, at another size where one is given: its layers know none.
 * @throws {OptionError} naming the option `prior`, for a side that the network cannot halve.
 */
export function shapeAt(
  config: NetworkConfig,
  size: readonly [height: number, width: number] | undefined,
): Shape {
  const { sampleShape, divisor } = architectureOf(config)
  if (size === undefined) return sampleShape(config)
  const factor = divisor(config)
  const odd = size.find((side) => side % factor !== 0)
  if (odd === undefined) return [config.inChannels, ...size]
  throw new OptionError(
    'prior',
    `the network halves its pictures: a side of ${odd} is no multiple of ${factor}`,
  )
}

/**
 * Makes sure, before any work, that the device could hold what a network needs at once for one picture.
 * @throws {OptionError} naming the option `prior`, with what is needed and what there is.
 */
export function checkMemory(config: NetworkConfig, [, height = 0, width = 0]: Shape): void {
  const bytes = architectureOf(config).channelsAtOnce(config) * height * width * 4
  requireMemory('prior', bytes, `at ${height}×${width} pixels the network`)
}

/**
 * A network as a prior for samples of a shape: pictures, or latents where an autoencoder makes pictures of them. One that was
 * trained to be told a class or none has `conditional`, and is asked without one.
 *
 * @param autoencoder - The network that codes pictures, for samples that are its latents.
 * @throws {OptionError} naming the option `prior`, where the shape is not that of the autoencoder's latents.
 */
export function priorOf(
  name: string,
  shape: Shape,
  network: Network,
  trainedOn: TrainedOn,
  autoencoder?: Network,
): Prior {
  const asked = conditionalPredictor(network, trainedOn)
  const nothing = asked && unscoped(() => asked.embed([asked.classes]))
  const ask = (predict: PipelinePriorOptions['predict']): Prior =>
    trainedPrior(name, shape, trainedOn, predict)
  const prior = ask(
    asked && nothing ? (xt, t) => ({ output: asked.predict(xt, t, nothing) }) : outputsOf(network),
  )
  const coder = autoencoder && coderFor(name, shape, autoencoder)
  return {
    ...prior,
    // What goes into the decoder has this very prior: one stage, for methods that ask for stages.
    ...(coder && { autoencoder: { ...coder, stages: [{ prior, decode: coder.decode }] } }),
    ...(asked &&
      nothing && {
        conditional: {
          ...conditionalOf(asked, nothing, (c) => ask((xt, t) => ({ output: asked.predict(xt, t, c) }))),
          ...(coder && autoencoder && imageEmbedding(asked, coder, autoencoder)),
        },
      }),
  }
}

/** What a network says of x_t at t: the image, and what of its outputs is for the variance. */
function outputsOf(network: Network): PipelinePriorOptions['predict'] {
  const image = predictor(network)
  const { config, params } = network
  if (!learnsVariance(config)) return (xt, t) => ({ output: image(xt, t) })
  const { forward } = architectureOf(config)
  return (xt, t) => {
    const { epsilon: output, v } = splitLearnedVariance(forward(params, config, xt, t))
    return { output, v }
  }
}

/** The autoencoder whose latents are of a shape. */
function coderFor(name: string, shape: Shape, network: Network): Autoencoder {
  const factor = architectureOf(network.config).divisor(network.config)
  const [, height = 0, width = 0] = shape
  const coder = autoencoderOf(name, network, [factor * height, factor * width])
  if (sameShape(coder.latentShape, shape)) return coder
  throw new OptionError(
    'prior',
    `'${name}' is for [${shape.join(', ')}], the latents of its autoencoder are [${coder.latentShape.join(', ')}]`,
  )
}

const conditionalOf = (
  { classes, embed }: ConditionalPredictor,
  nothing: Tensor,
  priorAt: (c: Tensor) => Prior,
): Conditional => ({
  classes: Array.from({ length: classes }, (_, label) => String(label)),
  embed: (labels) => {
    const wrong = labels.find((label) => !(label < classes))
    if (wrong !== undefined)
      throw new OptionError('labels', `must be whole numbers 0 … ${classes - 1}, got ${wrong}`)
    return embed(labels)
  },
  nothing,
  denoise: (xt, t, c) => priorAt(c).denoise(xt, t),
})

/**
 * Where the autoencoder tells the classes that the prior is told: a picture as the mean of their embeddings, weighted by
 * their probabilities.
 */
function imageEmbedding(
  { classes, embed }: ConditionalPredictor,
  coder: Autoencoder,
  { config, params }: Network,
): Pick<Conditional, 'embedImage'> {
  const { coder: network, classes: told, sampleShape } = architectureOf(config)
  if (network === undefined || told?.(config) !== classes || !sameShape(sampleShape(config), coder.shape))
    return {}
  const labels = Array.from({ length: classes }, (_, label) => label)
  return {
    embedImage: (x) =>
      scope(() => matmul(softmax(network.logits(params, config, coder.encode(x))), embed(labels))),
  }
}
