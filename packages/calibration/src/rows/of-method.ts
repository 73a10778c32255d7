import type { AnyMethod, Chosen } from '@tweedie/solvers'
import type { PosedProblem, Row, Suite, Variant } from '../types.ts'
import { hasPopulation, methodRow } from './method.ts'
import { smallSettings } from './small-settings.ts'

/**
 * The rows that a table has for a method: one, and where it moves particles one for each way to get many samples of it that
 * the suite compares. Settings are, later ones first: those given with the method, of the problem, of the suite, for problems
 * of a few numbers, its own. A variant has its settings before those given, and what the problem has under its name.
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
  variant?: Variant,
): readonly Row[] {
  const { name } = entry.info
  const { most, settings: small } = smallSettings[name] ?? {}
  const special = variant && { ...variant.settings, ...problem.settings?.(variant.name) }
  const all = { ...small, ...suite.settings(name), ...problem.settings?.(name), ...special, ...settings }
  const named = { name: variant?.name, most: variant?.most ?? most }
  if (!hasPopulation(entry)) return [methodRow(entry, all, named)]
  return (variant?.populations ?? suite.populations ?? ['runs', 'one run']).map((samplesAre) =>
    methodRow(entry, all, { ...named, samplesAre }),
  )
}
