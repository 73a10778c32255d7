import type { Tensor } from '@tweedie/tensor'
import type { OptionSpec } from './spec.ts'

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'dataSync' in value && 'shape' in value

/**
 * A tensor. No text stands for it.
 * @example
 * ```ts
 * import { array } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * array('kernel', 'a tensor [3, 3]').accepts(ones([3, 3])) // => true
 * ```
 */
export const array = (doc: string, range: string, otherwise = 'none'): OptionSpec<Tensor> => ({
  doc,
  range,
  otherwise,
  control: { kind: 'object' },
  parse: () => undefined,
  accepts: isTensor,
})
