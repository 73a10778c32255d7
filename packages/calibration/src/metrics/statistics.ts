/// <reference path="./jstat.d.ts" />
import { OptionError } from '@tweedie/tensor'
import jstat from 'jstat'
import type { Summary } from '../types.ts'

/** The 97.5 % point of the normal law. */
const z95 = 1.959963984540054

/**
 * P(χ²_k ≥ x), to 1e-10 absolutely.
 * @param x - Below 0 it counts as 0.
 * @example
 * ```ts
 * import { chiSquareTail } from '@tweedie/calibration'
 * chiSquareTail(3.841458820694124, 1) // ≈ 0.05
 * ```
 */
export const chiSquareTail = (x: number, degrees: number): number =>
  Math.min(1, Math.max(0, 1 - jstat.lowRegGamma(degrees / 2, Math.max(0, x) / 2)))

/** P(|t| ≥ |x|) of Student's t with ν degrees of freedom, I_{ν/(ν+x²)}(ν/2, ½), to 1e-7. */
export const studentTails = (x: number, degrees: number): number =>
  Number.isNaN(x) ? Number.NaN : Number(jstat.ibeta(degrees / (degrees + x * x), degrees / 2, 0.5))

/** The point that Student's t with ν degrees of freedom stays below with probability p. */
export const studentQuantile = (p: number, degrees: number): number => jstat.studentt.inv(p, degrees)

/**
 * A rate with Wilson's 95 % interval (J. Am. Stat. Assoc. 22, 1927), which stays within 0 … 1.
 * @param rate - 0 … 1; with `count` it need not be a whole number of successes.
 * @example
 * ```ts
 * import { wilson } from '@tweedie/calibration'
 * wilson(0.9, 20).low // ≈ 0.699
 * ```
 */
export function wilson(rate: number, count: number): Summary {
  const square = z95 ** 2
  const centre = (rate + square / (2 * count)) / (1 + square / count)
  const half =
    (z95 / (1 + square / count)) * Math.sqrt((rate * (1 - rate)) / count + square / (4 * count ** 2))
  // At the ends the two are equal, up to rounding.
  return { value: rate, low: rate === 0 ? 0 : centre - half, high: rate === 1 ? 1 : centre + half }
}

/** How much a number of one list is above that of another, pair by pair. */
export interface PairedDifference extends Summary {
  /** Pairs. */
  readonly count: number
  /** P of a mean as far from 0 or farther, were the sign of each difference a coin's. */
  readonly p: number
  /** How p was found: over all sign patterns, or by Student's t. */
  readonly by: 'sign flips' | "Student's t"
}

/** Pairs up to which all sign patterns are gone through. */
const flipped = 16

/**
 * Mean of a_i − b_i over pairs (the same seed, the same truth), with the 95 % interval of Student's t. p is two-sided: up to
 * 16 pairs exact over all 2ⁿ sign patterns, no law assumed but symmetry; beyond by Student's t. With one pair p is 1 and the
 * interval all of ℝ.
 * @throws {OptionError} where the lists are not of the same length, or empty.
 * @example
 * ```ts
 * import { pairedDifference } from '@tweedie/calibration'
 * const { value, p } = pairedDifference([1.2, 2.3, 3.1, 4.4, 5.2], [1, 2, 3, 4, 5])
 * value // ≈ 0.24
 * p // => 0.0625
 * ```
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  const count = a.length
  if (count === 0 || count !== b.length)
    throw new OptionError('pairs', `${count} numbers and ${b.length} make no pairs`)
  const differences = a.map((value, i) => value - (b[i] ?? Number.NaN))
  const value = differences.reduce((sum, d) => sum + d, 0) / count
  if (count === 1) return { count, value, low: -Infinity, high: Infinity, p: 1, by: 'sign flips' }
  const variance = differences.reduce((sum, d) => sum + (d - value) ** 2, 0) / (count - 1)
  const error = Math.sqrt(variance / count)
  const half = studentQuantile(0.975, count - 1) * error
  const shared = { count, value, low: value - half, high: value + half }
  return count <= flipped
    ? { ...shared, p: flips(differences), by: 'sign flips' }
    : {
        ...shared,
        p: error === 0 && value === 0 ? 1 : studentTails(value / error, count - 1),
        by: "Student's t",
      }
}

/** The part of all sign patterns whose sum is as far from 0 as the one seen, up to rounding. */
function flips(differences: readonly number[]): number {
  const seen = Math.abs(differences.reduce((sum, d) => sum + d, 0))
  const size = differences.reduce((sum, d) => sum + Math.abs(d), 0)
  const patterns = 2 ** differences.length
  let asFar = 0
  for (let signs = 0; signs < patterns; signs++) {
    const sum = differences.reduce((total, d, i) => total + ((signs >> i) & 1 ? d : -d), 0)
    if (Math.abs(sum) >= seen - 1e-12 * size) asFar++
  }
  return asFar / patterns
}
