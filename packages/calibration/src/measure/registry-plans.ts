import { OptionError } from '@tweedie/tensor'
import type { Suite } from '../types.ts'
import type { Asked, FindMethod, Plan } from './plan.ts'
import { findSuite, planSuite } from './plan.ts'

/** Suites by name with what is asked of all: plain data, for threads. */
export interface AskedSuites extends Asked {
  readonly suites: readonly string[]
}

/**
 * The plans of suites. Of the problems that are asked for each suite takes those it has; one that has none is left out.
 * @param among - As `findSuite` has it.
 * @throws {OptionError} as `planSuite`, and for a problem that none of the suites has.
 */
export async function plans(
  { suites: names, problems, ...asked }: AskedSuites,
  find?: FindMethod,
  among?: readonly Suite[],
): Promise<readonly Plan[]> {
  const suites = names.map((name) => findSuite(name, among))
  const problemsOf = suites.map((suite) => suite.problems.map(({ name }) => name))
  const unknown = problems?.find((name) => !problemsOf.flat().includes(name))
  if (unknown !== undefined)
    throw new OptionError('problems', `there is no '${unknown}'; there are ${problemsOf.flat().join('; ')}`)
  const made = suites.map((suite, i) => {
    const own = problems?.filter((name) => problemsOf[i]?.includes(name))
    return own?.length === 0 ? [] : [planSuite(suite, { ...asked, ...(own && { problems: own }) }, find)]
  })
  return Promise.all(made.flat())
}
