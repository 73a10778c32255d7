import type { Settings } from '@tweedie/solvers'
import { methods } from '@tweedie/solvers'

/**
 * At most so many steps, for a method that takes more by itself.
 * @example
 * ```ts
 * import { fewSteps } from './few-steps.ts'
 * fewSteps('dps', 100) // => { steps: 100 }
 * fewSteps('diffpir', 200) // => undefined
 * ```
 */
export function fewSteps(method: string, most: number): Settings | undefined {
  if (!methods.names.includes(method)) return undefined
  const own = methods.find(method).info.options['steps']?.default
  return typeof own === 'number' && own > most ? { steps: most } : undefined
}
