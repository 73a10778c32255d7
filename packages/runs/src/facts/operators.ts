import type { MethodInfo, Operator, OperatorEntry } from '@tweedie/solvers'
import { gaussianNoise, isLinear, lackOf, readSettings, splitSpec } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { TweedieError } from '@tweedie/tensor'

/** What a method can ask of an operator, and it has. */
export interface OperatorFacts {
  readonly linear: boolean
  /** Aᵀ. */
  readonly adjoint: boolean
  readonly svd: boolean
  /** A⁺. */
  readonly pinv: boolean
  /** Whether its gradient says something. */
  readonly differentiable: boolean
  /** What of it is unknown, such as the kernel. */
  readonly unknown?: string
}

/** Grey, colour and complex pictures, of sides that halve often. */
const shapes: readonly Shape[] = [1, 3, 2].flatMap((channels) => [
  [channels, 32, 32],
  [channels, 28, 28],
])

const examples = new WeakMap<OperatorEntry, Operator>()

/** An operator of a kind, with the options of its example or those it has by itself, for the first shape that fits. */
export function exampleOperator(entry: OperatorEntry): Operator | undefined {
  const known = examples.get(entry)
  if (known !== undefined) return known
  const made = makeExample(entry)
  if (made !== undefined) examples.set(entry, made)
  return made
}

function makeExample({ info, make }: OperatorEntry): Operator | undefined {
  const given = readSettings(info.name, info.options, splitSpec('operator', info.example, info).settings)
  for (const settings of [given, {}]) {
    for (const shape of shapes) {
      try {
        return make(shape, settings)
      } catch (error) {
        if (!(error instanceof TweedieError)) throw error
      }
    }
  }
  return undefined
}

/**
 * What an operator has.
 * @example
 * ```ts
 * import { operatorFacts } from '@tweedie/runs'
 * import { inpaint } from '@tweedie/solvers'
 * operatorFacts(inpaint([1, 4, 4])).svd // => true
 * ```
 */
export const operatorFacts = (operator: Operator): OperatorFacts => {
  const linear = isLinear(operator)
  return {
    linear,
    adjoint: linear,
    svd: linear && operator.svd !== undefined,
    pinv: operator.pinv !== undefined,
    differentiable: operator.differentiable !== false,
    ...(operator.blind !== undefined && { unknown: operator.blind.parameter }),
  }
}

/** {@link OperatorFacts} in a few words, as far as they are known. */
export const operatorWords = ({
  linear,
  adjoint,
  svd,
  pinv,
  differentiable,
  unknown,
}: Partial<OperatorFacts>): string =>
  [
    linear === true ? 'linear' : 'not linear',
    ...(adjoint === true ? ['Aᵀ'] : []),
    ...(svd === true ? ['SVD'] : []),
    ...(pinv === true ? ['A⁺'] : []),
    ...(differentiable === false ? ['no gradient'] : []),
    ...(unknown === undefined ? [] : [`unknown ${unknown}`]),
  ].join(', ')

/** The operators of a list, with the options of their examples, that a method can take; under Gaussian noise or without. */
export const operatorsThatFit = (
  { rules }: Pick<MethodInfo, 'rules'>,
  operators: Iterable<OperatorEntry>,
): string[] => {
  const laws = [gaussianNoise(0.05), gaussianNoise(0)]
  return [...operators].flatMap((entry) => {
    const operator = exampleOperator(entry)
    const fits =
      operator !== undefined && laws.some((noise) => lackOf({ rules }, { operator, noise }) === undefined)
    return fits ? [entry.info.name] : []
  })
}
