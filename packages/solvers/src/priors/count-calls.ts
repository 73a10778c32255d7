import { activeInterpreters } from '@tweedie/tensor'
import type { Prior } from '../types.ts'

/**
 * The same prior with its evaluations counted: NFE as the literature counts it, one per batch, and how many
 * of them were recorded on a tape (each costs about two more for the way back).
 */
export function countCalls<P extends Prior>(
  prior: P,
): P & { readonly calls: { total: number; recorded: number } } {
  const calls = { total: 0, recorded: 0 }
  return {
    ...prior,
    calls,
    denoise: (xt, t) => {
      calls.total++
      if (activeInterpreters().length > 0) calls.recorded++
      return prior.denoise(xt, t)
    },
  }
}
