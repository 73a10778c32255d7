import { InterruptedError } from '@tweedie/runs'
import type { Prior, Problem, ShownOperator, Time } from '@tweedie/solvers'
import { breathe, methods } from '@tweedie/solvers'
import type { Shown } from '../../digits/engine/frames.ts'

/** A place in a run of DPS. */
export interface Place {
  readonly seed: number
  /** Of the whole run. */
  readonly steps: number
  /** 0-based. */
  readonly i: number
}

/** What DPS has before a step, and what the step adds because of y. */
export interface DpsState {
  readonly t: Time
  /** x_t, one sample. */
  readonly x: Float32Array<ArrayBuffer>
  /** −ζ·∂‖y − A(x̂₀)‖/∂x_t. */
  readonly guidance: Float32Array<ArrayBuffer>
}

/** ζ at a hundred steps, which restores digits. */
const [zeta, found] = [1.2, 100]

/** ζ at another number of steps: the same sum. */
export const zetaAt = (steps: number): number => (zeta * found) / steps

/** DPS as the room runs it. */
export const methodAt = (steps: number): string => `dps:steps=${steps},scale=${zeta},scaleSteps=${found}`

/**
 * Runs DPS up to a step and through it.
 * @param onDone - Told how much of that is done, 0 … 1.
 * @throws {UnfitError | OptionError} before any work. @throws {InterruptedError} between two steps.
 */
export async function dpsState(
  problem: Problem & { readonly operator: ShownOperator },
  prior: Prior,
  { seed, steps, i }: Place,
  signal: AbortSignal,
  onDone: (part: number) => void,
): Promise<DpsState> {
  const { entry, settings } = methods.parse(methodAt(steps))
  let looks = 0
  let before: Pick<DpsState, 't' | 'x'> | undefined
  const watched: Prior = {
    ...prior,
    denoise(x, t) {
      if (looks++ === i) before = { t, x: Float32Array.from(x.dataSync(), Number) }
      return prior.denoise(x, t)
    },
  }
  const run: AsyncIterable<Shown> = entry.run(problem, watched, { ...settings, seed })
  for await (const step of run) {
    onDone((step.i + 1) / (i + 1))
    if (step.i === i && before !== undefined && step.guidance !== undefined)
      return { ...before, guidance: Float32Array.from(step.guidance.dataSync(), Number) }
    await breathe()
    if (signal.aborted) throw new InterruptedError()
  }
  throw new RangeError(`a run of ${steps} steps has no step ${i}`)
}
