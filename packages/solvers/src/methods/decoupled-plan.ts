// What the settings of the decoupled engine (`inner/decoupled.ts`) share: daps, rto-tu and map-tu.
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { DecoupledData, DecoupledSettings } from '../inner/decoupled.ts'
import { decoupled } from '../inner/decoupled.ts'
import type { Filled } from '../options/index.ts'
import { integer, number } from '../options/index.ts'
import { residualNorm } from '../run/residual.ts'
import { combine } from '../samplers/steps.ts'
import { karrasLevels, levelsOf, timesWithin } from '../schedules/level-grids.ts'
import type { TimePair } from '../schedules/levels.ts'
import type { Problem, Schedule } from '../types.ts'
import { isLinear } from '../types.ts'
import type { Run } from './define.ts'
import { stepping } from './define.ts'
import { UnfitError } from './fit.ts'

/** Options of RTO-TU and MAP-TU beside the estimate: arXiv 2503.03007, its repository's configurations. */
export const annealingSpecs = {
  sigmaMax: number('σ of the first step', { default: 10, above: 0 }),
  sigmaMin: number('σ of the last step', { default: 0.01, above: 0 }),
  odeSteps: integer('steps of the flow of an estimate', { default: 5, min: 1 }),
  odeMin: number('σ of the last of them; 0: they shrink to the clean end', { default: 0.01, min: 0 }),
  iterations: integer('of L-BFGS, where A is not linear or the noise not Gaussian', { default: 40, min: 1 }),
}

type Annealing = Filled<typeof annealingSpecs> & Pick<DecoupledSettings, 'estimate'>

/**
 * Levels with evenly spaced 7th roots, each visited, within those of the schedule; then the clean end.
 * @throws {OptionError} where a flow would have to start at the least level of the schedule, or below its own.
 */
export const annealingPath = (
  steps: number,
  { sigmaMax, sigmaMin, odeMin, estimate }: Annealing,
  schedule: Schedule,
): TimePair[] => {
  const { low, high } = levelsOf(schedule)
  requireFlow(estimate, sigmaMin, low)
  if (estimate === 'ode' && odeMin > sigmaMin)
    throw new OptionError('odeMin', `must be at most sigmaMin, ${sigmaMin}, got ${odeMin}`)
  const range = { sigmaMax: Math.min(sigmaMax, high), sigmaMin: Math.max(sigmaMin, low) }
  return timesWithin(schedule, karrasLevels(steps, range))
}

/** @throws {OptionError} where the flow of an estimate has no way from the least level: below it no network was trained. */
export function requireFlow(estimate: DecoupledSettings['estimate'], sigmaMin: number, low: number): void {
  if (estimate === 'ode' && !(sigmaMin > low))
    throw new OptionError('sigmaMin', `must be above ${low}, the least level of the prior, got ${sigmaMin}`)
}

/** Evaluations of the denoiser in a run: those of the estimates. A flow from its own last level is one step. */
export const annealingEvaluations = (
  steps: number,
  { estimate, odeSteps, odeMin, sigmaMin }: Annealing,
): number => (estimate !== 'ode' ? steps : steps * odeSteps - (odeMin === sigmaMin ? odeSteps - 1 : 0))

/**
 * A problem as the engine takes it, y trusted as its noise says.
 * @throws {UnfitError} where neither is there: a linear A with Gaussian noise, or a likelihood.
 */
export function decoupledData(
  method: string,
  { operator, noise, y }: Problem,
  { draw }: Pick<DecoupledSettings, 'draw'>,
): DecoupledData {
  const { sigma: sigmaY, likelihood } = noise
  const linear = isLinear(operator) && sigmaY !== undefined ? { operator, y, sigmaY } : undefined
  if (likelihood === undefined && (linear === undefined || draw === 'langevin' || draw === 'hmc'))
    throw new UnfitError(
      method,
      'likelihood',
      `needs noise of a known likelihood, but for a draw in closed form; '${noise.name}' has none`,
    )
  return { operator, y, linear, likelihood }
}

/**
 * A run of the engine: x_t at the first level, then level after level x₀ by the decoupled step, noised to the next.
 *
 * @param stepSize - η of the chain in step i.
 */
export const decoupledPlan = (
  {
    problem,
    prior,
    noise: start,
    z,
    keys,
  }: Pick<Run<Record<never, never>, never>, 'problem' | 'prior' | 'noise' | 'z' | 'keys'>,
  data: DecoupledData,
  settings: DecoupledSettings,
  stepSize: (i: number) => number,
) => {
  const { operator, noise, y } = problem
  const { schedule } = prior
  const conditional = decoupled(data, prior, settings)
  return stepping({
    start: (): { readonly x: Tensor } => ({ x: start() }),
    step: ({ x }, { t, s }, i) => {
      const { x0hat, x0 } = conditional(x, t, {
        x: () => z(i, 'coupling'),
        y: () => z(i, 'measured', operator.outShape),
        measured: () => noise.sample(keys(i, 'measured'), y),
        keys: () => keys(i, 'chain'),
        step: stepSize(i),
      })
      const up = s === schedule.clean ? undefined : z(i, 'step')
      const next = combine([schedule.alpha(s), x0], [schedule.sigma(s), up])
      const numbers = { residual: residualNorm(operator, y, x0hat) }
      return { state: { x: next }, shown: { x0hat, x0 }, numbers }
    },
  })
}
