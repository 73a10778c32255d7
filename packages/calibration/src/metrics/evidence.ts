import type { Judged } from '../types.ts'
import { average, defineSampleMetric } from './define.ts'

/** log Ẑ − log Z of each run; none where the method makes no estimates. */
const offsOf = ({ logEvidence = [], posed: { posterior } }: Judged): number[] =>
  logEvidence.map((estimate) => estimate - (posterior.logEvidence ?? Number.NaN))

/**
 * Mean of Ẑ/Z − 1 over the runs of a case, then over cases: 0 on average for an unbiased estimate of the evidence. The
 * difference of logarithms is taken first; the interval is over cases, and wide where few runs carry the mean. No numbers
 * where a method estimates no evidence.
 * @example
 * ```ts
 * import { evidenceBias, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 2, seed: 1 })
 * const exact = judged.posed.posterior.logEvidence ?? NaN
 * evidenceBias.of(samples, { ...judged, logEvidence: [exact + Math.log(2), exact] }) // ≈ [0.5]
 * ```
 */
export const evidenceBias = defineSampleMetric({
  name: 'evidence-bias',
  title: 'relative bias of the estimated evidence, mean of Ẑ/Z − 1',
  unit: '',
  better: 'target',
  target: 0,
  source: 'unbiasedness of sequential Monte Carlo: Del Moral (2004), prop. 7.4.1',
  needs: ['logEvidence'],
  of: (_, judged) => {
    const offs = offsOf(judged)
    return offs.length === 0 ? [] : average(offs.map(Math.expm1))
  },
})

/** Mean of |log Ẑ − log Z| over runs and cases, in nats. */
export const logEvidenceError = defineSampleMetric({
  name: 'log-evidence-error',
  title: 'error of the estimated log-evidence, mean of |log Ẑ − log Z|',
  unit: 'nats',
  better: 'lower',
  source: '|log Ẑ − log p(y)|',
  needs: ['logEvidence'],
  of: (_, judged) => {
    const offs = offsOf(judged)
    return offs.length === 0 ? [] : average(offs.map(Math.abs))
  },
})
