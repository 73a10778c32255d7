import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'

/** The parameters of a model: tensors under the names of its checkpoint's state dict. */
export type Params = Readonly<Record<string, Tensor>>

/** Names and shapes that a model's configuration asks for, in the order of its state dict. */
export type ParamSpec = Readonly<Record<string, Shape>>

/**
 * The parameter of a name.
 * @throws {OptionError} where the tree has none of that name.
 */
export function param(params: Params, name: string): Tensor {
  const found = Object.hasOwn(params, name) ? params[name] : undefined
  if (found === undefined) throw new OptionError('params', `there is no parameter '${name}'`)
  return found
}

/** Total number of elements of all parameters. */
export function countParams(params: Params | ParamSpec): number {
  let total = 0
  for (const entry of Object.values(params)) {
    const shape: Shape = 'shape' in entry ? entry.shape : entry
    total += shape.reduce((product, extent) => product * extent, 1)
  }
  return total
}
