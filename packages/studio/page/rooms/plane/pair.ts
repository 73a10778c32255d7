import type { Accessor } from 'solid-js'
import { createMemo } from 'solid-js'
import { frameAt } from '../../parts/moment.ts'
import type { Frame } from './engine/frames.ts'
import type { Numbers } from './engine/numbers.ts'
import type { PlaneProblem } from './engine/problem.ts'
import type { RunRequest } from './engine/run.ts'
import type { PlaneValues } from './fields.ts'
import { createNumbers } from './numbers.ts'
import type { Session } from './session.ts'
import { createSession, keyOf } from './session.ts'

/** A method at work, at the time that is shown. */
export interface Shown {
  readonly session: Session
  /** Those of the run, after those of the run that it branches from. */
  readonly frames: Accessor<readonly Frame[]>
  readonly frame: Accessor<Frame | undefined>
  readonly numbers: Accessor<Numbers | undefined>
}

export const shownOf = (
  session: Session,
  frames: Accessor<readonly Frame[]>,
  values: Pick<PlaneValues, 'at'>,
): Shown => {
  const frame = createMemo(() => frameAt(frames(), values.at))
  return { session, frames, frame, numbers: createNumbers(session, frame) }
}

/** The two methods of the plane. B begins at the noise that A begins at, or at the particles of A at a step. */
export function createPair(
  values: PlaneValues,
  plane: Accessor<PlaneProblem>,
): { readonly a: Shown; readonly b: Shown } {
  const request = (method: string, seed: number): RunRequest => ({
    plane: plane(),
    method,
    count: values.n,
    seed,
  })
  const a = createSession(() => request(values.a, values.seed))
  /** The frame of A that B goes on from, when A has come so far. */
  const trunk = createMemo((): Frame | undefined => {
    const asked = request(values.a, values.seed)
    if (values.branch === undefined || keyOf(a.of()) !== keyOf(asked)) return undefined
    return a.frames().find(({ index }) => index === values.branch)
  })
  const b = createSession(() => {
    if (values.b === 'none') return undefined
    const own = request(values.b, values.seedB ?? values.seed)
    if (values.branch === undefined) return own
    const from = trunk()
    return from && { ...own, from: { index: from.index, of: values.a, seed: values.seed, x: from.x } }
  })
  const framesOfB = createMemo(() => {
    const from = b.of()?.from
    const before = from === undefined ? [] : a.frames().filter(({ index }) => index < from.index)
    return [...before, ...b.frames()]
  })
  return { a: shownOf(a, a.frames, values), b: shownOf(b, framesOfB, values) }
}
