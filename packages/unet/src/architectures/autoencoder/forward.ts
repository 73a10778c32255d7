import type { Tensor } from '@tweedie/tensor'
import { OptionError, reshape, ShapeError, scope } from '@tweedie/tensor'
import { conv2d, downsample, groupNorm, linear, upsample } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import type { AutoencoderConfig } from './config.ts'
import { latentShape, shrinkage } from './config.ts'
import type { LayerPlan } from './plan.ts'
import { autoencoderPlan } from './plan.ts'

/**
 * The latents [N, latentChannels, H/f, W/f] of pictures x [N, C, H, W]. Differentiable in `params` and `x`.
 * @throws {ShapeError} where x does not fit the configuration.
 */
export function encodePictures(params: Params, config: AutoencoderConfig, x: Tensor): Tensor {
  const factor = shrinkage(config)
  const [, channels, height = 0, width = 0] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels)
    throw new ShapeError('encode', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  if (height % factor !== 0 || width % factor !== 0 || height === 0 || width === 0)
    throw new ShapeError('encode', `height and width must be multiples of ${factor}`, [x.shape])
  return run(params, config, autoencoderPlan(config).encoder, x)
}

/**
 * The pictures [N, C, f·h, f·w] of latents z [N, latentChannels, h, w]. Differentiable in `params` and `z`.
 * @throws {ShapeError} where z does not fit the configuration.
 */
export function decodeLatents(params: Params, config: AutoencoderConfig, z: Tensor): Tensor {
  if (z.rank !== 4 || z.shape[1] !== config.latentChannels)
    throw new ShapeError('decode', `z must be [N, ${config.latentChannels}, H, W]`, [z.shape])
  return run(params, config, autoencoderPlan(config).decoder, z)
}

/**
 * What the linear layer `classifier` makes of latents z of pictures of the size it was trained on: log-odds [N, classes],
 * of which the softmax is the probability of each class.
 * @throws {OptionError} for an autoencoder that knows no classes.
 * @throws {ShapeError} for latents of another size.
 */
export function classLogits(params: Params, config: AutoencoderConfig, z: Tensor): Tensor {
  if (config.numClasses === null)
    throw new OptionError('autoencoder', 'tells no classes (numClasses is null)')
  const shape = latentShape(config)
  if (z.shape.slice(1).join() !== shape.join())
    throw new ShapeError('classLogits', `z must be [N, ${shape.join(', ')}]`, [z.shape])
  return linear(params, 'classifier', reshape(z, [z.shape[0] ?? 0, -1]))
}

function run(params: Params, config: AutoencoderConfig, plan: readonly LayerPlan[], x: Tensor): Tensor {
  const norm = { groups: config.normGroups, silu: true }
  const layers: { readonly [K in LayerPlan['kind']]: (name: string, h: Tensor) => Tensor } = {
    conv: (name, h) => conv2d(params, name, h, { padding: 1 }),
    project: (name, h) => conv2d(params, name, h),
    down: (name, h) => downsample(params, name, h),
    up: (name, h) => upsample(params, name, h),
    norm: (name, h) => groupNorm(params, name, h, norm),
    block: (name, h) => {
      const first = conv2d(params, `${name}.conv1`, groupNorm(params, `${name}.norm1`, h, norm), {
        padding: 1,
      })
      const second = groupNorm(params, `${name}.norm2`, first, norm)
      return conv2d(params, `${name}.conv2`, second, { padding: 1, residual: h })
    },
  }
  return scope(() => plan.reduce((h, { kind, name }) => layers[kind](name, h), x))
}
