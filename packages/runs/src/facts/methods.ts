import type { AnyMethod, MethodInfo, NoiseEntry, Prior, Problem } from '@tweedie/solvers'
import {
  costClass,
  costOf,
  denoise,
  lackOf,
  needWords,
  noises,
  takesNonlinear,
  takesUnknown,
  UnfitError,
} from '@tweedie/solvers'
import { operatorFor } from '../problem/latent.ts'

/** What tables and pages say of a method, beside its options. */
export interface MethodFacts {
  /** In letters, see `costWords`. */
  readonly cost: string
  /** In words. */
  readonly needs: readonly string[]
  /** The laws of noise that have what it needs, by name. */
  readonly laws: readonly string[]
  /** The same in words: `any`, or the names. */
  readonly noise: string
  /** Whether operators that are not linear are among those that it takes. */
  readonly nonlinear: boolean
  /** Whether it finds something of the operator as well, such as the kernel of a blur. */
  readonly blind: boolean
}

/** The laws of noise that have what a method needs of one. */
function lawsFor(rules: MethodInfo['rules']): string[] {
  const ofNoise = { rules: rules.filter(({ need }) => ['sigma', 'likelihood', 'inverse'].includes(need)) }
  const fits = (entry: NoiseEntry) =>
    lackOf(ofNoise, { operator: denoise([1]), noise: entry.make() }) === undefined
  return [...noises].filter(fits).map(({ info }) => info.name)
}

/**
 * The facts of a method, from its needs.
 * @example
 * ```ts
 * import { methodFacts } from '@tweedie/runs'
 * import { ddrm, dps } from '@tweedie/solvers'
 * methodFacts(ddrm.info).noise // => 'gaussian, none'
 * methodFacts(ddrm.info).cost // => 'S+D'
 * methodFacts(dps.info).nonlinear // => true
 * ```
 */
export function methodFacts({
  needs,
  rules,
  cost,
}: Pick<MethodInfo, 'needs' | 'rules' | 'cost'>): MethodFacts {
  const laws = lawsFor(rules)
  return {
    cost: costClass(costOf({ needs, cost })),
    needs: needs.map((need) => needWords[need]),
    laws,
    noise: laws.length === noises.names.length ? 'any' : laws.join(', '),
    nonlinear: takesNonlinear(needs),
    blind: takesUnknown(needs),
  }
}

/** The methods of a list whose needs a problem meets, and a prior, where one is given. */
export const methodsThatFit = (
  methods: Iterable<AnyMethod>,
  problem: Pick<Problem, 'operator' | 'noise'>,
  prior?: Prior,
): AnyMethod[] =>
  [...methods].filter(({ info }) => {
    const operator = prior === undefined ? problem.operator : operatorFor(info, problem.operator, prior)
    return lackOf(info, { ...problem, operator }, prior) === undefined
  })

/**
 * Does `work`; where it finds that a method cannot take a problem, the error ends with those of a list that can.
 * @throws {UnfitError} as `work`, with the names.
 */
export async function suggesting<T>(
  methods: Iterable<AnyMethod>,
  problem: Pick<Problem, 'operator' | 'noise'>,
  work: () => T | Promise<T>,
  prior?: Prior,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error
    const names = methodsThatFit(methods, problem, prior).flatMap(({ info: { name } }) =>
      name === error.method ? [] : [name],
    )
    const others = names.length === 0 ? 'no other would' : `these would: ${names.join(', ')}`
    throw new UnfitError(error.method, error.need, `${error.reason}; ${others}`)
  }
}
