import type { Operator } from '@tweedie/solvers'
import * as solvers from '@tweedie/solvers'
import { OptionError, type Shape } from '@tweedie/tensor'

/** What the registry of '@tweedie/solvers' says of a method. */
export type MethodEntry = (typeof solvers.methods)[string]

/** What it says of an operator. */
export type OperatorEntry = (typeof solvers.operators)[string]

/**
 * Methods by name, in the order asked for.
 * @throws {OptionError} for a name that is none, listing those that are.
 */
export function findMethods(names: readonly string[], option: string): MethodEntry[] {
  return names.map((name) => {
    if (Object.hasOwn(solvers.methods, name)) return solvers.methods[name]!
    throw new OptionError(option, `no method '${name}'; there are ${Object.keys(solvers.methods).join(', ')}`)
  })
}

/**
 * The operator of a description such as `inpaint:box=14` for pictures of a shape.
 * @throws {OptionError} naming what does not fit.
 */
export function buildOperator(spec: string, shape: Shape, option: string): Operator {
  try {
    return solvers.parseOperator(spec, shape)
  } catch (error) {
    if (error instanceof Error && error.name === 'OptionError' && !error.message.startsWith(option)) {
      throw new OptionError(option, error.message)
    }
    throw error
  }
}
