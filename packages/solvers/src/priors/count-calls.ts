import { activeInterpreters } from '@tweedie/tensor'
import type { Prior } from '../types.ts'

/**
 * The same prior with its evaluations counted, told a class or not: NFE as the literature counts it, one per batch, and
 * how many of them were recorded on a tape (each costs about two more for the way back).
 */
export function countCalls<P extends Prior>(
  prior: P,
): P & { readonly calls: { total: number; recorded: number } } {
  const calls = { total: 0, recorded: 0 }
  const count = () => {
    calls.total++
    if (activeInterpreters().length > 0) calls.recorded++
  }
  const { conditional } = prior
  return {
    ...prior,
    calls,
    denoise: (xt, t) => {
      count()
      return prior.denoise(xt, t)
    },
    ...(conditional && {
      conditional: {
        ...conditional,
        denoise: (xt, t, c) => {
          count()
          return conditional.denoise(xt, t, c)
        },
      } satisfies Prior['conditional'],
    }),
  }
}
