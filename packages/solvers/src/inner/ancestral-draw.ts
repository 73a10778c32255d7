import type { Key, Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { ddim } from '../samplers/kernel.ts'
import { requirePositive } from '../schedules/levels.ts'
import { firstTime } from '../schedules/time-within.ts'
import type { Prior, Time } from '../types.ts'
import { normalLike } from './gaussian-fit.ts'

/** Options of {@link ancestralDraw}. */
export interface AncestralDrawOptions {
  /** n, evaluations of the prior. */
  readonly steps: number
  /** DDIM's η. */
  readonly eta: number
  /** One key per sample; step k draws from its key folded by k. */
  readonly keys: readonly Key[]
}

/**
 * x₀ from x_t by n steps of DDIM with η at times evenly spaced from t to the first that a prior is asked at, fractions of an index
 * allowed, and from there to the clean end: the denoising of MGDM (arXiv 2502.03332).
 *
 * @param t - Noisier than that first time.
 */
export function ancestralDraw(
  prior: Prior,
  xt: Tensor,
  t: Time,
  { steps, eta, keys }: AncestralDrawOptions,
): Tensor {
  requirePositive('steps', steps)
  const { schedule } = prior
  const first = firstTime(schedule)
  const times = Array.from({ length: steps }, (_, k) =>
    k === 0 ? t : k === steps - 1 ? first : t + ((first - t) * k) / (steps - 1),
  )
  const kernel = ddim(eta)
  return scope(() =>
    times.reduce((x, t, k) => {
      const z = () => normalLike(keys.map((key) => key.fold(k)), x) // biome-ignore format: one line
      return kernel(x, prior.denoise(x, t), z, { t, s: times[k + 1] ?? schedule.clean, schedule })
    }, xt),
  )
}
