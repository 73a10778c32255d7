import type { Prior } from '@tweedie/solvers'
import { byScore, classLikelihood, conditioned } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { AdmClassifierConfig, Params } from '@tweedie/unet'
import { admClassifierForward } from '@tweedie/unet'

/** What is asked of a classifier. */
export interface AskedClass {
  /** A class 0, 1, … */
  readonly label: number
  /** The factor of ∇ log p(class | x_t): 1 is the class itself. */
  readonly scale?: number
}

/**
 * Makes sure, before any work, that a classifier of noisy pictures can guide a prior.
 * @throws {OptionError} naming `class` for a label that is none of its classes, else `classifier`: for a prior on latents, pictures of
 * other channels or sides, and a prior whose times are no indices of DDPM, which the classifier is told.
 */
export function checkClassifier(
  prior: Prior,
  { inChannels, imageSize, pool, channelMult, outChannels: classes }: AdmClassifierConfig,
  { label }: AskedClass,
): void {
  const refuse = (why: string): never => {
    throw new OptionError('classifier', why)
  }
  if (!(Number.isInteger(label) && label >= 0 && label < classes))
    throw new OptionError('class', `must be a class 0 … ${classes - 1} of the classifier, got ${label}`)
  const { name, shape, schedule, autoencoder } = prior
  const [channels, height = 0, width = 0] = shape
  if (shape.length !== 3 || autoencoder !== undefined)
    refuse(`is of pictures; '${name}' is not a prior on pictures`)
  if (channels !== inChannels)
    refuse(`is of pictures of ${inChannels} channels; those of '${name}' have ${channels}`)
  if (pool === 'attention' && (height !== imageSize || width !== imageSize))
    refuse(
      `takes pictures of ${imageSize}×${imageSize} alone, by its attention; those of '${name}' are ${width}×${height}`,
    )
  const factor = 2 ** (channelMult.length - 1)
  if (height % factor !== 0 || width % factor !== 0)
    refuse(`halves its pictures: ${width}×${height} are no multiples of ${factor}`)
  if (schedule.discreteSteps === undefined)
    refuse(`is told the index of a noise level of DDPM; the times of '${name}' are none`)
}

/**
 * A prior with a classifier of noisy pictures, which is one of pictures of a class: x̂₀ + (σ_t²/α_t)·scale·∇ log p(class | x_t),
 * guided-diffusion's `condition_score` (arXiv 2105.05233 §4, Algorithm 2), under any sampler and any method. The classifier has to
 * be trained on the noise levels of the prior's schedule.
 * @throws {OptionError} as {@link checkClassifier}.
 */
export function classifiedPrior(
  prior: Prior,
  { config, params }: { readonly config: AdmClassifierConfig; readonly params: Params },
  asked: AskedClass,
): Prior {
  checkClassifier(prior, config, asked)
  const { label, scale = 1 } = asked
  const likelihood = classLikelihood((x, t) => admClassifierForward(params, config, x, t), [label], scale)
  return { ...conditioned(prior, byScore(likelihood)), name: `${prior.name} | class ${label}` }
}
