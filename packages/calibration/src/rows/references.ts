import { drive } from '@tweedie/runs'
import type { Prior, Spacing } from '@tweedie/solvers'
import { countCalls, formatSpec, sampleUnconditional } from '@tweedie/solvers'
import { memory, randomKey, resetPeak } from '@tweedie/tensor'
import { pointsOfTensor } from '../points.ts'
import type { Draw, Drawn, Row } from '../types.ts'

/**
 * The keys of `count` draws of a posterior for a purpose, apart from those of every other.
 * @example
 * ```ts
 * import { drawKeys, mixturePosterior } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * const law = gaussianMixture({ weights: [1], means: [[0, 0]], covariances: 1 }).posterior([[1, 0]], [1], 1)
 * mixturePosterior(law).sample(drawKeys(0, 'mine', 3)).count // => 3
 * ```
 */
export const drawKeys = (seed: number, purpose: string, count: number) =>
  Array.from({ length: count }, (_, i) => randomKey(seed).fold(purpose).fold(i))

/** Exact draws of the posterior: what no method can be better than. */
export const exactDraws: Row = {
  name: 'exact',
  kind: 'reference',
  words: 'exact draws',
  lacks: () => undefined,
  draw: async ({ posterior }, { samples, seed }) => {
    const began = performance.now()
    const points = posterior.sample(drawKeys(seed, 'row', samples))
    const seconds = (performance.now() - began) / 1000
    return { ...points, cost: { nfe: 0, vjps: 0, operatorCalls: 0, peakBytes: 0, seconds } }
  },
}

/** How the unconditional rows are integrated. */
export interface Integration {
  readonly steps?: number
  /** DDIM's η. */
  readonly eta?: number
  readonly spacing?: Spacing
}

/**
 * The prior without the measurement: what a method has to be better than.
 * @example
 * ```ts
 * import { priorAlone } from '@tweedie/calibration'
 * priorAlone({ steps: 20, eta: 0.6 }).words // => 'prior:steps=20,eta=0.6'
 * ```
 */
export const priorAlone = (integration: Integration = {}): Row => ({
  name: 'prior',
  kind: 'reference',
  words: formatSpec('prior', { ...integration }),
  lacks: () => undefined,
  draw: ({ prior }, draw) => sampled(prior, integration, draw),
})

/**
 * The exact conditional score, integrated as methods are: what steps alone cost. Of cases whose conditional prior is known.
 * @example
 * ```ts
 * import { exactScore } from '@tweedie/calibration'
 * exactScore({ steps: 20 }).name // => 'exact-score'
 * ```
 */
export const exactScore = (integration: Integration = {}): Row => ({
  name: 'exact-score',
  kind: 'reference',
  words: formatSpec('exact-score', { ...integration }),
  lacks: ({ conditional }) => (conditional ? undefined : 'the conditional score is not known'),
  draw: ({ conditional, prior }, draw) => sampled(conditional ?? prior, integration, draw),
})

async function sampled(prior: Prior, integration: Integration, draw: Draw): Promise<Drawn> {
  const counted = countCalls(prior)
  resetPeak()
  const before = memory().bytes
  const began = performance.now()
  using x = await drive(
    sampleUnconditional(counted, {
      ...integration,
      count: draw.samples,
      seed: draw.seed,
      dtype: 'float64',
    }),
    { signal: draw.signal, onStep: ({ i, steps }) => draw.onProgress?.((i + 1) / steps) },
  )
  const { total: nfe, recorded: vjps } = counted.calls
  const seconds = (performance.now() - began) / 1000
  const peakBytes = memory().peakBytes - before
  return { ...(await pointsOfTensor(x)), cost: { nfe, vjps, operatorCalls: 0, peakBytes, seconds } }
}
