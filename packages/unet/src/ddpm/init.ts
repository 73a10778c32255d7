import type { Device, DType, Key, Tensor } from '@tweedie/tensor'
import { full, scope, sizeOf, uniform } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmSpec } from './spec.ts'

/**
 * Fresh parameters from a random key: weights and biases of convolutions and linear layers uniform within
 * ±1/√(fan-in) (PyTorch's default), norms 1 and 0. Each parameter draws from a stream named after it.
 */
export function initDdpm(
  config: DdpmConfig,
  key: Key,
  options: { dtype?: DType; device?: string | Device } = {},
): Params {
  const spec = ddpmSpec(config)
  const params: Record<string, Tensor> = {}
  for (const [name, shape] of Object.entries(spec)) {
    const weight = spec[name.replace(/\.bias$/, '.weight')]!
    params[name] = scope(() => {
      if (weight.length === 1) return full(shape, name.endsWith('.bias') ? 0 : 1, options)
      const bound = 1 / Math.sqrt(sizeOf(weight) / weight[0]!)
      return uniform(key.fold(name), shape, options)
        .mul(2 * bound)
        .add(-bound)
    })
  }
  return params
}
