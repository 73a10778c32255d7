import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import type { Begin as BeginOf, Session as SessionOf } from '../../parts/session.ts'
import { createSession as sessionOf } from '../../parts/session.ts'
import { engine, startRun } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'

export type Session = SessionOf<RunRequest, Frame, RunSummary>

/** Starts a run on the plane. */
export type Begin<R extends RunRequest> = BeginOf<R, Frame, RunSummary>

/** What tells requests apart: the x that a branch begins with follows from the rest. */
export const keyOf = (request: RunRequest | undefined): string =>
  JSON.stringify(request && { ...request, from: request.from && { ...request.from, x: undefined } }) ?? ''

const inEngine: Begin<RunRequest> = (request, take) =>
  startRun((run) => engine.plane.run(run, request, proxy(take)))

/** A method on the plane. */
export const createSession = <R extends RunRequest>(
  asked: Accessor<R | undefined>,
  begin: Begin<R> = inEngine,
): SessionOf<R, Frame, RunSummary> => sessionOf(asked, { begin, keyOf, rest: 70 })
