import type { Tensor } from '@tweedie/tensor'
import { conv2d, relu, reshape, rsqrt, ShapeError, scope } from '@tweedie/tensor'
import { withLevelMap } from '../../layers/index.ts'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { BfCnnConfig, Chain, DncnnConfig } from './config.ts'
import { dncnnPlan } from './spec.ts'

/** PyTorch's ε of a batch norm. */
const epsilon = 1e-5

/** One convolution, what follows it merged in. */
interface Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
}

/** A factor of each output channel, on the weights of a convolution [Cout, Cin, 3, 3]. */
const scaled = (weight: Tensor, factor: Tensor): Tensor => weight.mul(reshape(factor, [-1, 1, 1, 1]))

const run = (x: Tensor, layers: readonly Layer[], active: (i: number) => boolean): Tensor =>
  layers.reduce((h, { weight, bias }, i) => {
    const out = conv2d(h, weight, { padding: 1, ...(bias && { bias }) })
    return active(i) ? relu(out) : out
  }, x)

/**
 * The clean picture [N, C, H, W] in noisy ones x [N, C, H, W]. The noise level t, one for all or one per picture [N], is
 * told to a network with a map alone. Differentiable in `params` and `x`. Source: arXiv 1608.03981; numerically KAIR's
 * `DnCNN` and `FDnCNN` in evaluation.
 * @throws {ShapeError} where x or t does not fit the configuration.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { dncnn, dncnnConfig, dncnnForward } from '@tweedie/unet'
 * const config = dncnnConfig({ width: 4, depth: 3 })
 * dncnnForward(dncnn.init(config, randomKey(0)), config, zeros([2, 1, 5, 7]), 0.1).shape // => [2, 1, 5, 7]
 * ```
 */
export function dncnnForward(params: Params, config: DncnnConfig, x: Tensor, t: number | Tensor): Tensor {
  checkInput('dncnnForward', config, x, t)
  return scope(() => {
    const layers = dncnnPlan(config).map(({ name, norm }): Layer => {
      const [weight, bias] = [param(params, `${name}.weight`), param(params, `${name}.bias`)]
      if (norm === undefined) return { weight, bias }
      const factor = param(params, `${norm}.weight`).mul(
        rsqrt(param(params, `${norm}.running_var`).add(epsilon)),
      )
      const shifted = bias.sub(param(params, `${norm}.running_mean`)).mul(factor)
      return { weight: scaled(weight, factor), bias: shifted.add(param(params, `${norm}.bias`)) }
    })
    const inner = (i: number) => i < layers.length - 1
    return config.conditioning === 'map'
      ? run(withLevelMap(x, t), layers, inner)
      : x.sub(run(x, layers, inner))
  })
}

/**
 * The clean picture [N, C, H, W] in noisy ones x [N, C, H, W], whatever their noise level t. Differentiable in `params` and
 * `x`. Source: arXiv 1906.05478; numerically `BF_CNN` of universal_inverse_problem in evaluation, which returns x less
 * this.
 * @throws {ShapeError} where x or t does not fit the configuration.
 * @example
 * ```ts
 * import { full, randomKey } from '@tweedie/tensor'
 * import { bfCnn, bfCnnConfig, bfCnnForward } from '@tweedie/unet'
 * const config = bfCnnConfig({ width: 4, depth: 3 })
 * const params = bfCnn.init(config, randomKey(0))
 * const [one, two] = [1, 2].map((c) => bfCnnForward(params, config, full([1, 1, 4, 4], c), 0).dataSync()[0])
 * two / one // ≈ 2.0000
 * ```
 */
export function bfCnnForward(params: Params, config: BfCnnConfig, x: Tensor, t: number | Tensor): Tensor {
  checkInput('bfCnnForward', config, x, t)
  return scope(() => {
    const { depth, firstLinear } = config
    const layers = Array.from({ length: depth }, (_, i): Layer => {
      const weight = param(params, `conv_layers.${i}.weight`)
      if (i === 0 || i === depth - 1) return { weight }
      const factor = param(params, `gammas.${i - 1}`).div(param(params, `running_sd.${i - 1}`))
      return { weight: scaled(weight, factor) }
    })
    return x.sub(run(x, layers, (i) => i < depth - 1 && !(i === 0 && firstLinear)))
  })
}

function checkInput(op: string, { inChannels }: Chain, x: Tensor, t: number | Tensor): void {
  const [n, channels, height, width] = x.shape
  if (x.rank !== 4 || channels !== inChannels || height === 0 || width === 0)
    throw new ShapeError(op, `x must be [N, ${inChannels}, H, W]`, [x.shape])
  if (typeof t !== 'number' && (t.rank !== 1 || (t.shape[0] !== n && t.shape[0] !== 1)))
    throw new ShapeError(op, `t must be a number or one per picture, [${n}]`, [t.shape])
}
