import { vjp } from '@tweedie/autograd'
import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, OptionError, sameShape, scope } from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import type { Network } from '../architectures/predictor.ts'

/** What a network is asked for. */
export interface NetworkCall {
  /** [N, inChannels, H, W]. */
  readonly x: Tensor
  /** One time for all, or one for each of N. */
  readonly t: readonly number[]
  /** One label for all, or one for each of N, of a network that is told classes. */
  readonly labels?: readonly number[] | undefined
  /** Of the shape of the output: the vector of the product with the Jacobian in x. */
  readonly cotangent?: Tensor | undefined
}

/** What a network gave. */
export interface NetworkOutput {
  /** [N, outChannels, H, W]. */
  readonly out: Tensor
  /** ∂⟨out, cotangent⟩/∂x, of the shape of x, where there was a cotangent. */
  readonly vjp?: Tensor
}

const list = (shape: Shape) => `[${shape.join(', ')}]`

/**
 * Makes sure, before any work and without the weights, that a network can be asked so.
 * @throws {OptionError} naming `x`, `t`, `class` or `cotangent`, with what would fit.
 */
export function checkCall(
  config: NetworkConfig,
  call: {
    readonly x: Shape
    readonly t: number
    readonly labels?: readonly number[] | undefined
    readonly cotangent?: Shape | undefined
  },
): void {
  const { divisor, classes, coder } = architectureOf(config)
  const refuse = (option: string, message: string): never => {
    throw new OptionError(option, message)
  }
  const [count = 0, channels, ...sides] = call.x
  const wanted = `[N, ${config.inChannels}, H, W]`
  if (call.x.length !== 4 || channels !== config.inChannels || call.x.includes(0))
    refuse('x', `is ${list(call.x)}; the network takes ${wanted}`)
  const factor = divisor(config)
  const odd = sides.find((side) => side % factor !== 0)
  if (odd !== undefined)
    refuse(
      'x',
      `is ${list(call.x)}: the network halves its images, a side of ${odd} is no multiple of ${factor}`,
    )
  if (call.t !== 1 && call.t !== count)
    refuse('t', `has ${call.t} times for ${count} images; 1 or ${count} would fit`)
  const known = classes?.(config) ?? null
  const { labels } = call
  if (known === null || coder !== undefined) {
    if (labels !== undefined) refuse('class', 'the network is told no classes')
  } else {
    if (labels === undefined)
      refuse('class', `the network is told one of ${known} classes, 0 … ${known - 1}; give it`)
    else if (labels.length !== 1 && labels.length !== count)
      refuse('class', `has ${labels.length} labels for ${count} images; 1 or ${count} would fit`)
    const wrong = labels?.find((label) => !(Number.isInteger(label) && label >= 0 && label < known))
    if (wrong !== undefined) refuse('class', `must be whole numbers 0 … ${known - 1}, got ${wrong}`)
  }
  const out = [count, config.outChannels, ...sides]
  if (coder === undefined && call.cotangent !== undefined && !sameShape(call.cotangent, out))
    refuse('cotangent', `is ${list(call.cotangent)}; the output is ${list(out)}`)
}

/**
 * Runs a network once, as it is: all its output channels, no schedule, and no clipping; and the product of a vector with its
 * Jacobian in x, where a cotangent is given.
 * @throws {OptionError} as {@link checkCall}.
 * @example
 * ```ts
 * import { ones, randomKey, zeros } from '@tweedie/tensor'
 * import { ddpmConfig, initDdpm, runNetwork } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
 * const network = { config, params: initDdpm(config, randomKey(0)) }
 * const { vjp } = runNetwork(network, { x: zeros([1, 1, 8, 8]), t: [10], cotangent: ones([1, 1, 8, 8]) })
 * vjp?.shape // => [1, 1, 8, 8]
 * ```
 */
export function runNetwork({ config, params }: Network, call: NetworkCall): NetworkOutput {
  const { x, t, labels, cotangent } = call
  checkCall(config, { x: x.shape, t: t.length, labels, cotangent: cotangent?.shape })
  const { forward } = architectureOf(config)
  const count = x.shape[0] ?? 1
  const each = (values: readonly number[]) =>
    values.length === count ? values : new Array<number>(count).fill(values[0] ?? 0)
  return scope(() => {
    const times = t.length === 1 ? (t[0] ?? 0) : fromData(t, [count], { device: x.device })
    const classes = labels && fromData(each(labels), [count], { dtype: 'int32', device: x.device })
    const run = (input: Tensor) => forward(params, config, input, times, classes)
    if (cotangent === undefined) return { out: run(x) }
    const [out, pullback] = vjp(run, x)
    const [gradient] = pullback(cotangent)
    return { out, vjp: gradient }
  })
}
