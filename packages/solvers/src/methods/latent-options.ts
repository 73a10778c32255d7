import { OptionError } from '@tweedie/tensor'
import type { StopRule, StopState } from '../inner/early-stop.ts'
import { discrepancyRule, varianceRule } from '../inner/early-stop.ts'
import { sampleSize } from '../linalg/per-sample.ts'
import type { Filled } from '../options/index.ts'
import { choice, integer, interval, number } from '../options/index.ts'
import type { Spacing } from '../schedules/respace.ts'
import { spacings } from '../schedules/respace.ts'
import type { Problem } from '../types.ts'

/** The options of a method that optimises the latent of a DDIM sampler, with its published number of steps and grid. */
export const generatorSpecs = (steps: number, spacing: Spacing) => ({
  samplerSteps: integer('k, DDIM steps from z to x', { default: steps, min: 1 }),
  samplerSpacing: choice('grid of these steps', spacings, spacing),
  clip: interval('range of x̂0 in each of them', 'none; a prior may clip itself'),
  slots: integer('states kept for the way back; fewer run more steps again', {
    min: 1,
    otherwise: 'no limit: plain backprop',
  }),
  memory: integer('bytes that a gradient may take, instead of `slots`', {
    min: 1,
    otherwise: 'no limit: plain backprop',
  }),
})

/** The options of a method that stops early. */
export const stopSpecs = {
  stop: choice('variance: ES-WMV; discrepancy: ‖r‖² ≤ τ²mσ_y²; none', ['variance', 'discrepancy', 'none']),
  window: integer('W, iterates of the moving variance', { default: 100, min: 2 }),
  patience: integer('P, iterations without a lower variance before the end', { default: 1000, min: 1 }),
  tau: number('τ of the discrepancy rule', { default: 1, above: 0 }),
}

/**
 * The rule that options ask for; undefined for none.
 * @throws {OptionError} for the discrepancy rule without a σ_y above 0.
 */
export function stopRule(
  { noise, y }: Pick<Problem, 'noise' | 'y'>,
  options: Filled<typeof stopSpecs>,
): StopRule<StopState> | undefined {
  const { stop, tau } = options
  if (stop === 'none') return undefined
  if (stop === 'variance') return varianceRule(options)
  if (noise.sigma !== undefined) return discrepancyRule({ tau, sigma: noise.sigma, measured: sampleSize(y) })
  throw new OptionError('stop', `'discrepancy' needs the noise level σ_y; '${noise.name}' has no sigma`)
}
