import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import type { Session as SessionOf } from '../../parts/session.ts'
import { createSession as sessionOf } from '../../parts/session.ts'
import { engine, startRun } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'
import type { Gate } from './gate.ts'

export type Session = SessionOf<RunRequest, Frame, RunSummary>

/** A method on digits, which waits at the gate before each step. */
export const createSession = (asked: Accessor<RunRequest | undefined>, gate: Gate): Session =>
  sessionOf(asked, {
    begin: (request, take) =>
      startRun((run) =>
        engine.digits.run(
          run,
          request,
          proxy((frame: Frame) => take([frame])),
        ),
      ),
    rest: 250,
    gate,
  })
