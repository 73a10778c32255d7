import { activeInterpreters, ifRunAgain } from '@tweedie/tensor'
import type { Prior } from '../types.ts'

/**
 * The same prior with its evaluations counted, told a class or not, and those of the stages of its decoder: NFE as the literature counts it, one per batch, and
 * how many of them were recorded on a tape (each costs about two more for the way back).
 */
export function countCalls<P extends Prior>(
  prior: P,
): P & { readonly calls: { total: number; recorded: number } } {
  const calls = { total: 0, recorded: 0 }
  const count = () => {
    const recorded = activeInterpreters().length > 0 ? 1 : 0
    calls.total++
    calls.recorded += recorded
    ifRunAgain(() => {
      calls.total--
      calls.recorded -= recorded
    })
  }
  const counted = (denoise: Prior['denoise']): Prior['denoise'] => {
    return (xt, t) => {
      count()
      return denoise(xt, t)
    }
  }
  const { conditional, autoencoder, pipeline } = prior
  return {
    ...prior,
    calls,
    denoise: counted((xt, t) => prior.denoise(xt, t)),
    ...(pipeline && {
      pipeline: {
        ...pipeline,
        estimate: (xt, t) => {
          count()
          return pipeline.estimate(xt, t)
        },
      } satisfies Prior['pipeline'],
    }),
    ...(conditional && {
      conditional: {
        ...conditional,
        denoise: (xt, t, c) => {
          count()
          return conditional.denoise(xt, t, c)
        },
      } satisfies Prior['conditional'],
    }),
    ...(autoencoder?.stages && {
      autoencoder: {
        ...autoencoder,
        stages: autoencoder.stages.map((stage) => {
          const { prior: own } = stage
          return own
            ? { ...stage, prior: { ...own, denoise: counted((xt, t) => own.denoise(xt, t)) } }
            : stage
        }),
      },
    }),
  }
}
