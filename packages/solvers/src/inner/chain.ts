import type { Key, Operand, Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError } from '@tweedie/tensor'
import { perSample } from '../linalg/per-sample.ts'
import { requirePositive } from '../schedules/levels.ts'

/** A positive step size: one for all samples of a batch, or one for each. */
export type StepSize = number | readonly number[]

/** f of the step sizes as what meets x: a number, or a tensor [N, 1, …]. */
export const stepColumn = (step: StepSize, x: Tensor, f: (step: number) => number = (s) => s): Operand =>
  typeof step === 'number' ? f(step) : perSample(step.map(f), x)

/**
 * Checks what every chain needs.
 * @throws {ShapeError} where x has no batch axis, or there is not one key, or one step size, per sample.
 * @throws {OptionError} where `steps` is not a positive integer or a step size is not positive and finite.
 */
export function requireChain(
  op: string,
  x: Tensor,
  { steps, step, keys }: { steps: number; step: StepSize; keys: readonly Key[] },
): void {
  const samples = x.shape[0]
  if (samples === undefined) throw new ShapeError(op, 'x needs a batch axis', [x.shape])
  requirePositive('steps', steps)
  if (keys.length !== samples)
    throw new ShapeError(op, `needs one key per sample, got ${keys.length} for ${samples}`)
  const sizes = typeof step === 'number' ? [step] : step
  if (typeof step !== 'number' && sizes.length !== samples)
    throw new ShapeError(op, `needs one step size per sample, got ${sizes.length} for ${samples}`)
  const bad = sizes.find((size) => !(size > 0 && size < Infinity))
  if (bad !== undefined) throw new OptionError('step', `must be positive and finite, got ${bad}`)
}
