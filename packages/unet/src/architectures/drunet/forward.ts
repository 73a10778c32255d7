import type { Tensor } from '@tweedie/tensor'
import { matmul, relu, reshape, ShapeError, scope, silu, transpose } from '@tweedie/tensor'
import { conv2d, linear, perChannel, withLevelMap } from '../../layers/index.ts'
import { levelsOf } from '../../layers/level-map.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { DrunetConfig } from './config.ts'
import { shrinkage } from './config.ts'
import type { DrunetLayer } from './plan.ts'
import { drunetPlan } from './plan.ts'

/**
 * The network's output [N, outChannels, H, W] for noisy pictures x [N, inChannels, H, W] of noise level t, one for all or
 * one per picture [N]. Differentiable in `params` and `x`. Source: arXiv 2008.13751; numerically KAIR's `UNetRes`.
 * @throws {ShapeError} where x or t does not fit the configuration, sides that cannot be halved among them.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { drunet, drunetConfig, drunetForward } from '@tweedie/unet'
 * const config = drunetConfig({ inChannels: 1, widths: [4, 8], numBlocks: 1 })
 * drunetForward(drunet.init(config, randomKey(0)), config, zeros([2, 1, 8, 6]), 0.1).shape // => [2, 1, 8, 6]
 * ```
 */
export function drunetForward(params: Params, config: DrunetConfig, x: Tensor, t: number | Tensor): Tensor {
  checkInput(config, x, t)
  return scope(() => {
    const { bias, conditioning } = config
    const input = conditioning === 'map' ? withLevelMap(x, t) : x
    const embedding = conditioning === 'gain' ? embed(params, levelsOf(x, t)) : undefined
    const plan = drunetPlan(config)
    const around = { padding: 1, ...(bias ? {} : { bias: false as const }) }
    const rows: { readonly [K in DrunetLayer['kind']]: (name: string, h: Tensor) => Tensor } = {
      block: (name, h) => block(params, config, name, h, embedding),
      down: (name, h) => conv2d(params, name, h, { stride: 2, ...(bias ? {} : { bias: false }) }),
      up: (name, h) => transposed(params, name, h, bias),
    }
    const run = (layers: readonly DrunetLayer[], h: Tensor) =>
      layers.reduce((state, { kind, name }) => rows[kind](name, state), h)
    const skips = [conv2d(params, 'm_head', input, around)]
    for (const layers of plan.down) skips.push(run(layers, skips.at(-1)!))
    let h = run(plan.body, skips.at(-1)!)
    for (const layers of plan.up) h = run(layers, h.add(skips.pop()!))
    return conv2d(params, 'm_tail', h.add(skips[0]!), around)
  })
}

/** What the factors of all blocks are made of, [N, width] or [1, width]. */
const embed = (params: Params, t: Tensor): Tensor =>
  linear(params, 'level.2', linear(params, 'level.0', reshape(t, [-1, 1]), 'silu'), 'silu')

/** x + conv(act(conv(x))), with a factor for each channel before the second convolution where t is told by gain. */
function block(
  params: Params,
  { bias, activation }: DrunetConfig,
  name: string,
  x: Tensor,
  embedding: Tensor | undefined,
): Tensor {
  const options = { padding: 1, ...(bias ? {} : { bias: false as const }) }
  return scope(() => {
    const first = conv2d(params, `${name}.res.0`, x, options)
    const active = activation === 'relu' ? relu(first) : silu(first)
    const scaled =
      embedding === undefined
        ? active
        : active.mul(perChannel(linear(params, `${name}.gain`, embedding).add(1)))
    return conv2d(params, `${name}.res.2`, scaled, { ...options, residual: x })
  })
}

/**
 * The transposed 2×2 convolution of stride 2 of h [N, in, H, W] with `NAME.weight` [in, out, 2, 2]: no two of its outputs
 * overlap, so it is one product for all pixels.
 */
function transposed(params: Params, name: string, h: Tensor, bias: boolean): Tensor {
  const [n = 0, channels = 0, height = 0, width = 0] = h.shape
  const weight = param(params, `${name}.weight`)
  const out = weight.shape[1] ?? 0
  const product = matmul(
    transpose(reshape(weight, [channels, 4 * out])),
    reshape(h, [n, channels, height * width]),
  )
  const apart = reshape(product, [n, out, 2, 2, height, width])
  const pixels = reshape(transpose(apart, [0, 1, 4, 2, 5, 3]), [n, out, 2 * height, 2 * width])
  return bias ? pixels.add(perChannel(param(params, `${name}.bias`))) : pixels
}

function checkInput(config: DrunetConfig, x: Tensor, t: number | Tensor): void {
  const [n, channels, height = 0, width = 0] = x.shape
  if (x.rank !== 4 || channels !== config.inChannels)
    throw new ShapeError('drunetForward', `x must be [N, ${config.inChannels}, H, W]`, [x.shape])
  const factor = shrinkage(config)
  if (height % factor !== 0 || width % factor !== 0 || height === 0 || width === 0)
    throw new ShapeError('drunetForward', `height and width must be multiples of ${factor}`, [x.shape])
  if (typeof t !== 'number' && (t.rank !== 1 || (t.shape[0] !== n && t.shape[0] !== 1)))
    throw new ShapeError('drunetForward', `t must be a number or one per picture, [${n}]`, [t.shape])
}
