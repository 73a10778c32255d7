import type { Tensor } from '@tweedie/tensor'
import type { OptionSpec } from './spec.ts'

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'dataSync' in value && 'shape' in value

/**
 * A tensor. No text stands for it.
 * @example
 * ```ts
 * import { tensorOption } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * tensorOption('kernel', 'a tensor [3, 3]').accepts(ones([3, 3])) // => true
 * ```
 */
export const tensorOption = (doc: string, range: string, otherwise = 'none'): OptionSpec<Tensor> => ({
  doc,
  range,
  otherwise,
  control: { kind: 'object' },
  accepts: isTensor,
})
