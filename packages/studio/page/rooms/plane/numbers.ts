import type { Accessor } from 'solid-js'
import { createLatest, keep } from '../../parts/latest.ts'
import { engine } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { Numbers } from './engine/numbers.ts'
import type { Session } from './session.ts'

/** How far the particles of a frame are from the exact law; while a run goes on, those of before. */
export const createNumbers = (
  session: Session,
  frame: Accessor<Frame | undefined>,
): Accessor<Numbers | undefined> =>
  createLatest(
    () => {
      const [now, of] = [frame(), session.of()]
      if (session.running()) return keep
      if (now === undefined || of === undefined || session.error() !== undefined) return undefined
      const { x, alpha, sigma, population } = now
      return { plane: of.plane, x, alpha, sigma, ...(population && { weights: population.weights }) }
    },
    (question) => engine.plane.numbers(question),
  )
