import type { Settings } from '../options/index.ts'
import { fillSettings } from '../options/index.ts'
import type { MethodInfo } from './define.ts'

/**
 * How often a run measures one sample, A(x) of a point, beside what it evaluates of the prior; undefined of a method that takes
 * gradients of A or does not count. The price of an operator that can only be run.
 *
 * @param steps - Those of the run (`Step.steps`).
 * @throws {OptionError} for settings that the method does not take.
 * @example
 * ```ts
 * import { dps, queriesOf, scg } from '@tweedie/solvers'
 * queriesOf(scg.info, 100, { candidates: 16 }) // => 1284
 * queriesOf(dps.info, 100) // => undefined
 * ```
 */
export function queriesOf(info: MethodInfo, steps: number, settings: Settings = {}): number | undefined {
  return info.queries?.(steps, fillSettings(info.name, info.options, settings))
}
