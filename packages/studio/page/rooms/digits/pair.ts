import type { Accessor } from 'solid-js'
import { createMemo } from 'solid-js'
import { frameAt } from '../../parts/moment.ts'
import type { Frame } from './engine/frames.ts'
import type { DigitsProblem } from './engine/problem.ts'
import type { RunRequest } from './engine/run.ts'
import type { DigitsValues } from './fields.ts'
import type { Gate } from './gate.ts'
import type { Session } from './session.ts'
import { createSession } from './session.ts'

/** A method at work, at the time that is shown. */
export interface Shown {
  readonly session: Session
  readonly frame: Accessor<Frame | undefined>
}

/** The two methods, on the same measurement. */
export function createPair(
  values: DigitsValues,
  problem: Accessor<DigitsProblem | undefined>,
  gate: Gate,
): { readonly a: Shown; readonly b: Shown } {
  const request = (method: string): RunRequest | undefined => {
    const posed = problem()
    if (posed === undefined || method === 'none') return undefined
    return { problem: posed, method, count: values.n, seed: values.seed }
  }
  const shown = (method: Accessor<string>): Shown => {
    const session = createSession(() => request(method()), gate)
    return { session, frame: createMemo(() => frameAt(session.frames(), values.at)) }
  }
  return { a: shown(() => values.a), b: shown(() => values.b) }
}
