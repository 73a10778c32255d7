import { breather, byPieces } from '@tweedie/solvers'
import type { Device } from '@tweedie/tensor'
import { InterruptedError } from './interrupted.ts'

/** Milliseconds between two rests inside a step, at least: what was done before a rest and is no piece is done again. */
const interval = 500

/**
 * Does work with steps that rest between their pieces, the windows of a prior that is laid over a picture: the event loop
 * then has its turn inside a step as well. A device that cannot be waited for gives it its turns anyway.
 *
 * @param device - That the steps compute on.
 * @throws {InterruptedError} at a rest, once `signal` is raised.
 */
export async function withRests<T>(
  device: Device,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const former = device.settle
  if (former !== undefined && !ours.has(former)) return work()
  const breath = breather(interval)
  const due = () =>
    breath()?.then(() => {
      if (signal?.aborted === true) throw new InterruptedError()
    })
  const settle: NonNullable<Device['settle']> = (step) => byPieces(step, due)
  ours.add(settle)
  device.settle = settle
  try {
    return await work()
  } finally {
    if (former === undefined) Reflect.deleteProperty(device, 'settle')
    else device.settle = former
  }
}

/** What was put on devices here. */
const ours = new WeakSet<object>()
