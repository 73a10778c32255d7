import type { Device, DType, Key, Shape, Tensor } from '@tweedie/tensor'
import { full, OptionError, scope, sizeOf, uniform } from '@tweedie/tensor'
import { limits } from './limits.ts'
import type { ParamSpec, Params } from './params.ts'
import { countParams } from './params.ts'

/** Element type and device of fresh parameters. */
export interface InitOptions {
  readonly dtype?: DType
  readonly device?: string | Device
}

/**
 * Fresh parameters from a random key: weights and biases of convolutions and linear layers uniform within
 * ±1/√(fan-in) (PyTorch's default), norms 1 and 0, except where `special` gives another tensor. Each parameter draws
 * from a stream named after it.
 * @throws {OptionError} for more parameters than {@link limits} allows, before any is made.
 */
export function initParams(
  spec: ParamSpec,
  key: Key,
  options: InitOptions,
  special: (name: string, shape: Shape) => Tensor | undefined = () => undefined,
): Params {
  const total = countParams(spec)
  if (total > limits.parameters)
    throw new OptionError('config', `makes ${total} parameters; at most ${limits.parameters} fit`)
  const params: Record<string, Tensor> = {}
  for (const [name, shape] of Object.entries(spec)) {
    const weight = spec[name.replace(/\.bias$/, '.weight')]!
    params[name] = scope(() => {
      const given = special(name, shape)
      if (given !== undefined) return given
      if (weight.length === 1) return full(shape, name.endsWith('.bias') ? 0 : 1, options)
      const bound = 1 / Math.sqrt(sizeOf(weight) / weight[0]!)
      return uniform(key.fold(name), shape, options)
        .mul(2 * bound)
        .add(-bound)
    })
  }
  return params
}
