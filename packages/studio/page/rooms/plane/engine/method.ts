import { smallSettings } from '@tweedie/calibration'
import type { AnyMethod, Settings } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'

/**
 * The method of a text `name:key=value,…` with its settings: where its defaults are meant for pictures, those for a few numbers
 * that `tweedie posterior` takes as well. @throws {OptionError} for what there is not.
 */
export function methodOf(text: string): { readonly method: AnyMethod; readonly settings: Settings } {
  const { entry, settings } = methods.parse(text)
  return { method: entry, settings: { ...smallSettings[entry.info.name]?.settings, ...settings } }
}

/** Whether a method moves weighted particles for each of its samples: one run then has all that are shown. */
export const hasPopulation = ({ info }: AnyMethod): boolean =>
  'particles' in info.options && 'resampler' in info.options
