import type { AnyMethod, Chosen } from '@tweedie/solvers'
import type { PosedProblem, Row, Suite } from '../types.ts'
import { hasPopulation, methodRow } from './method.ts'
import { smallSettings } from './small-settings.ts'

/**
 * The rows that a table has for a method: one, and where it moves particles one for each way to get many samples of it that
 * the suite compares. Settings are, later ones first: those given with the method, of the problem, of the suite, for problems
 * of a few numbers, its own.
 * @example
 * ```ts
 * import { rowsOfMethod } from '@tweedie/calibration'
 * import { methods } from '@tweedie/solvers'
 * const rows = rowsOfMethod(methods.parse('mcg-diff:eta=0.5'), { settings: () => ({ steps: 20 }) }, {})
 * rows.map(({ words }) => words) // => ['mcg-diff:steps=20,eta=0.5', 'mcg-diff:steps=20,eta=0.5 (one run)']
 * ```
 */
export function rowsOfMethod(
  { entry, settings }: Chosen<AnyMethod>,
  suite: Pick<Suite, 'settings' | 'populations'>,
  problem: Pick<PosedProblem, 'settings'>,
): readonly Row[] {
  const { name } = entry.info
  const { most, settings: small } = smallSettings[name] ?? {}
  const all = { ...small, ...suite.settings(name), ...problem.settings?.(name), ...settings }
  if (!hasPopulation(entry)) return [methodRow(entry, all, { most })]
  return (suite.populations ?? ['runs', 'one run']).map((samplesAre) =>
    methodRow(entry, all, { samplesAre, most }),
  )
}
