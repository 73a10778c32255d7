import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import type { Begin as BeginOf, Session as SessionOf } from '../../parts/session.ts'
import { createSession as sessionOf } from '../../parts/session.ts'
import { engine, startRun } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'
import type { Gate } from './gate.ts'

export type Session = SessionOf<RunRequest, Frame, RunSummary>

/** Starts a run on digits. */
export type Begin<R extends RunRequest> = BeginOf<R, Frame, RunSummary>

const inEngine: Begin<RunRequest> = (request, take) =>
  startRun((run) =>
    engine.digits.run(
      run,
      request,
      proxy((frame: Frame) => take([frame])),
    ),
  )

/** A method on digits, which waits at the gate before each step. */
export const createSession = <R extends RunRequest>(
  asked: Accessor<R | undefined>,
  gate: Gate,
  begin: Begin<R> = inEngine,
): SessionOf<R, Frame, RunSummary> => sessionOf(asked, { begin, rest: 250, gate })
