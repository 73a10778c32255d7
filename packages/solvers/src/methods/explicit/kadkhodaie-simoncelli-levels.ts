import type { Tensor } from '@tweedie/tensor'
import { concat } from '@tweedie/tensor'
import { noiseLevel } from '../../schedules/levels.ts'
import { respace } from '../../schedules/respace.ts'
import type { Prior, Schedule } from '../../types.ts'

/** h_k = h₀·k/(1 + h₀·(k − 1)), from h₀ to 1 (arXiv 2007.13640, Algorithm 1). @param k - 1-based step. */
export const stepLength = (h0: number, k: number): number => (h0 * k) / (1 + h0 * (k - 1))

/** γ/σ̂: the noise that leaves a fraction 1 − βh of what was there, once h of it is taken. */
export const injected = (h: number, beta: number): number => Math.sqrt((1 - beta * h) ** 2 - (1 - h) ** 2)

/** Into the levels σ/α that a grid of the schedule reaches. */
export function within(schedule: Schedule): (level: number) => number {
  const [top = Infinity, low = 0] = respace(schedule, 2, 'linspace').map(({ t }) => noiseLevel(schedule, t))
  return (level) => Math.min(Math.max(level, low), top)
}

/** Each sample by itself: `one` of sample j and its number, put together again. */
export const bySample = (x: Tensor, map: (one: Tensor, j: number) => Tensor): Tensor =>
  concat(Array.from({ length: x.shape[0] ?? 0 }, (_, j) => map(x.slice([j, j + 1]), j)))

/** E[x₀ | x_t = α_t·u] at the level σ_t/α_t. */
export function denoisedAt(prior: Prior, u: Tensor, level: number): Tensor {
  const { schedule } = prior
  const t = schedule.timeOfNoiseLevel(within(schedule)(level))
  return prior.denoise(u.mul(schedule.alpha(t)), t)
}
