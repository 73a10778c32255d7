import { OptionError } from '@tweedie/tensor'
import type { Schedule } from '../types.ts'

/** What the time of {@link ve} is: the noise level σ, or its square. */
export const veTimes = ['level', 'variance'] as const

/** Options of {@link ve}. */
export interface VeOptions {
  /** σ of the noisiest time, in the units of the data; default 80. */
  sigmaMax?: number
  /** `level`: σ_t = t, to t = sigmaMax (default); `variance`: σ_t = √t, to t = sigmaMax². */
  time?: (typeof veTimes)[number]
}

/**
 * The variance-exploding schedule: α_t = 1, σ from 0 to `sigmaMax`. With the level as its time it is the one of
 * {@link edm}; with the variance, the SDE dx = dw (arXiv 2206.00364, table 1, columns EDM and VE).
 *
 * @throws {OptionError} where `sigmaMax` is not positive or the time is none of those; for a time out of range.
 * @example
 * ```ts
 * import { ve } from '@tweedie/solvers'
 * const schedule = ve({ sigmaMax: 10 })
 * schedule.sigma(schedule.timeOfNoiseLevel(0.5)) // => 0.5
 * ve({ sigmaMax: 10, time: 'variance' }).noisiest // => 100
 * ```
 */
export function ve({ sigmaMax = 80, time = 'level' }: VeOptions = {}): Schedule {
  if (!(sigmaMax > 0 && sigmaMax < Infinity)) {
    throw new OptionError('sigmaMax', `must be positive and finite, got ${sigmaMax}`)
  }
  if (!veTimes.includes(time)) {
    throw new OptionError('time', `must be ${veTimes.join(' | ')}, got ${String(time)}`)
  }
  const within = (what: string, top: number) => (t: number) => {
    if (!(t >= 0 && t <= top)) throw new OptionError(what, `must lie in [0, ${top}], got ${t}`)
    return t
  }
  const noisiest = time === 'level' ? sigmaMax : sigmaMax ** 2
  const checked = within('t', noisiest)
  const level = within(time === 'level' ? 't' : 'sigmaOverAlpha', sigmaMax)
  return {
    name: 've',
    clean: 0,
    noisiest,
    alpha: (t) => {
      checked(t)
      return 1
    },
    ...(time === 'level'
      ? {
          sigma: checked,
          slopes: (t: number) => {
            checked(t)
            return { alpha: 0, sigma: 1 }
          },
          timeOfNoiseLevel: level,
        }
      : {
          sigma: (t: number) => Math.sqrt(checked(t)),
          slopes: (t: number) => ({ alpha: 0, sigma: 0.5 / Math.sqrt(checked(t)) }),
          timeOfNoiseLevel: (sigma: number) => level(sigma) ** 2,
        }),
  }
}

/**
 * The schedule of EDM (arXiv 2206.00364 §3): α_t = 1, σ_t = t, from 0 to `sigmaMax`, default 80. Its grid is
 * `karrasLevels`.
 * @throws {OptionError} as {@link ve}.
 */
export const edm = (options: Pick<VeOptions, 'sigmaMax'> = {}): Schedule => ({ ...ve(options), name: 'edm' })
