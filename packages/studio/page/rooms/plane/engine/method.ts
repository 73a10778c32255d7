import type { AnyMethod, Settings } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'

/** The method of a text `name:key=value,…` with its settings. @throws {OptionError} for what there is not. */
export function methodOf(text: string): { readonly method: AnyMethod; readonly settings: Settings } {
  const { entry, settings } = methods.parse(text)
  return { method: entry, settings }
}

/** Whether a method moves weighted particles for each of its samples: one run then has all that are shown. */
export const hasPopulation = ({ info }: AnyMethod): boolean =>
  'particles' in info.options && 'resampler' in info.options
