import type { Schedule } from '../types.ts'
import { vpCosine, vpFromBetas, vpLinear } from './vp.ts'

/** The numbers of a {@link betaSchedules} entry: T steps, β of index 0 and of index T−1. */
export interface BetaRange {
  readonly T: number
  readonly betaMin: number
  readonly betaMax: number
}

/** T values evenly spaced from `first` to `last`, both contained; `first` alone where T is 1. */
const spaced = (first: number, last: number, T: number): number[] =>
  Array.from({ length: T }, (_, i) => (T === 1 ? first : first + ((last - first) * i) / (T - 1)))

/** The largest β where f says them: 0.999 in float32, in which diffusers computes 1 − β. */
const maxBeta = Math.fround(0.999)

/** β_i = 1 − f((i + 1)/T)/f(i/T), at most `maxBeta`. */
const fromLevels = (T: number, name: string, f: (u: number) => number): Schedule =>
  vpFromBetas(
    Array.from({ length: T }, (_, i) => Math.min(1 - f((i + 1) / T) / f(i / T), maxBeta)),
    name,
  )

function laplace(u: number): number {
  const lambda = (u > 0.5 ? 0.5 : -0.5) * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6)
  return Math.sqrt(1 / (1 + Math.exp(-lambda)))
}

/**
 * Variance-preserving schedules under the names of diffusers' `beta_schedule`:
 *
 * - `linear`: β evenly spaced ({@link vpLinear}; nothing is scaled by 1000/T);
 * - `scaled_linear`: √β evenly spaced (arXiv 2112.10752's code);
 * - `squaredcos_cap_v2`: {@link vpCosine}, whose βs depend on T alone, as do those of the next two;
 * - `laplace`: f(u)/f(u − 1/T) for f² = 1/(1 + e^(−λ)) at u = 1/T … 1, λ = ±½·log(1 − 2·|½ − u| + 10⁻⁶), + for u < ½;
 * - `exp`: the same for f = e^(−12u);
 * - `sigmoid`: β = betaMin + (betaMax − betaMin)/(1 + e^(−u)), u evenly spaced from −6 to 6 (GeoDiff's code).
 *
 * @throws {OptionError} from each, where T is not a positive integer or a β leaves (0, 1).
 * @example
 * ```ts
 * import { betaSchedules } from '@tweedie/solvers'
 * betaSchedules.scaled_linear({ T: 1000, betaMin: 0.00085, betaMax: 0.012 }).alpha(999) ** 2 // ≈ 0.00466
 * ```
 */
export const betaSchedules = {
  linear: ({ T, betaMin, betaMax }) => vpLinear({ T, betaMin, betaMax }),
  scaled_linear: ({ T, betaMin, betaMax }) =>
    vpFromBetas(
      spaced(Math.sqrt(betaMin), Math.sqrt(betaMax), T).map((root) => root ** 2),
      'vp-scaled-linear',
    ),
  squaredcos_cap_v2: ({ T }) => vpCosine({ T, maxBeta }),
  laplace: ({ T }) => fromLevels(T, 'vp-laplace', laplace),
  exp: ({ T }) => fromLevels(T, 'vp-exp', (u) => Math.exp(-12 * u)),
  sigmoid: ({ T, betaMin, betaMax }) =>
    vpFromBetas(
      spaced(-6, 6, T).map((u) => betaMin + (betaMax - betaMin) / (1 + Math.exp(-u))),
      'vp-sigmoid',
    ),
} as const satisfies Readonly<Record<string, (range: BetaRange) => Schedule>>
