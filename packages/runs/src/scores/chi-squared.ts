import type { ResidualCheck, Score } from '../record/record.ts'

/** The 97.5 % quantile of N(0, 1). */
const z = 1.959964

/**
 * The interval that χ² of m degrees of freedom is in with 95 % probability, 2.5 % on each side: by the cube root of χ²/m, which
 * is close to N(1 − 2/9m, 2/9m) (Wilson & Hilferty 1931, doi 10.1073/pnas.17.12.684). Off by less than 1 % from m = 10 on, 4 % at 5.
 * @param m - At least 1.
 * @example
 * ```ts
 * import { chiSquaredRange } from '@tweedie/runs'
 * const { low, high } = chiSquaredRange(100)
 * low // ≈ 74.2
 * high // ≈ 129.6
 * ```
 */
export function chiSquaredRange(m: number): { readonly low: number; readonly high: number } {
  const variance = 2 / (9 * m)
  const at = (quantile: number) => m * Math.max(0, 1 - variance + quantile * Math.sqrt(variance)) ** 3
  return { low: at(-z), high: at(z) }
}

/**
 * The residuals of restorations against those of noise. y = A(x) + σ_y·ε has χ² of m degrees of freedom for the truth, and
 * so it has for a draw of p(x | y), which together with y is distributed as the truth is.
 * @param scores - One a sample; those without `misfit` do not count.
 * @returns nothing where σ_y is not known or 0.
 * @example
 * ```ts
 * import { residualCheck } from '@tweedie/runs'
 * residualCheck([{ misfit: 0.5 }], 100)?.verdict // => 'too small'
 * residualCheck([{ misfit: 1.1 }], 100)?.verdict // => 'as noise'
 * residualCheck([{ psnr: 20 }], 100) // => undefined
 * ```
 */
export function residualCheck(scores: readonly Score[], measured: number): ResidualCheck | undefined {
  const all = scores.flatMap(({ misfit }) => (misfit === undefined ? [] : [measured * misfit ** 2]))
  if (all.length === 0) return undefined
  const chi2 = all.reduce((sum, value) => sum + value, 0) / all.length
  const { low, high } = chiSquaredRange(measured)
  return {
    chi2,
    measured,
    low,
    high,
    verdict: chi2 < low ? 'too small' : chi2 > high ? 'too large' : 'as noise',
  }
}

const meaning = {
  'too small': 'too small: the noise is fitted as well',
  'as noise': 'as large as noise alone makes it',
  'too large': 'too large: the measurement is not met',
} as const

const whole = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

/**
 * The check in words.
 * @example
 * ```ts
 * import { residualCheck, residualInWords } from '@tweedie/runs'
 * const check = residualCheck([{ misfit: 2 }], 100)
 * check && residualInWords(check) // => 'residual χ² 400 of 100 numbers, expected 74 … 130: too large: the measurement is not met'
 * ```
 */
export const residualInWords = ({ chi2, measured, low, high, verdict }: ResidualCheck): string =>
  `residual χ² ${whole(chi2)} of ${measured} number${measured === 1 ? '' : 's'}, expected ${whole(low)} … ${whole(high)}: ${meaning[verdict]}`
