import { OptionError, randomKey } from '@tweedie/tensor'
import { streamOf } from '../posteriors/stream.ts'
import type { Increments } from './increments.ts'
import { signal } from './increments.ts'
import type { LevyOperator } from './operators.ts'
import { length } from './operators.ts'

/**
 * σ_y² for a law and an operator: the median over `count` signals of the mean square of Ax, less 25 dB (arXiv 2509.12821).
 */
export function noiseVariance(law: Increments, { matrix }: LevyOperator, count = 1000): number {
  const key = randomKey(0).fold('levy noise').fold(law.name)
  const rows = matrix.to2DArray()
  const powers = Array.from({ length: count }, (_, i) => {
    const x = signal(law, length, streamOf(key.fold(i)))
    let sum = 0
    for (const row of rows) {
      let clean = 0
      for (let j = 0; j < length; j++) clean += (row[j] ?? 0) * (x[j] ?? 0)
      sum += clean ** 2
    }
    return sum / rows.length
  }).sort((a, b) => a - b)
  const middle = ((powers[count / 2 - 1] ?? 0) + (powers[count / 2] ?? 0)) / 2
  return middle / 10 ** 2.5
}

/** σ_y² by law and operator: {@link noiseVariance} of 1000 signals, to six digits. */
const variances: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  gauss: { identity: 0.0153478, convolution: 0.0140775, sampling: 0.0157007, fourier: 0.0266016 },
  laplace: { identity: 0.128475, convolution: 0.11739, sampling: 0.134847, fourier: 0.220593 },
  'bernoulli-laplace': {
    identity: 0.00893067,
    convolution: 0.00781406,
    sampling: 0.00947676,
    fourier: 0.0152034,
  },
  'student-1': { identity: 8.16545, convolution: 7.32799, sampling: 8.55207, fourier: 13.7984 },
  'student-2': { identity: 0.34267, convolution: 0.313254, sampling: 0.36267, fourier: 0.592647 },
  'student-3': { identity: 0.156032, convolution: 0.142673, sampling: 0.163164, fourier: 0.268702 },
}

/** σ_y for a law and an operator. @throws {OptionError} for a name that there is none of. */
export function noiseLevel(law: string, operator: string): number {
  const variance = variances[law]?.[operator]
  if (variance === undefined) throw new OptionError('levy', `there is no problem '${law},${operator}'`)
  return Math.sqrt(variance)
}
