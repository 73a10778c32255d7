import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import { batch, createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'

/** One method at work: the frames that have come, and what became of it. */
export interface Session {
  readonly frames: Accessor<readonly Frame[]>
  readonly running: Accessor<boolean>
  readonly summary: Accessor<RunSummary | undefined>
  /** Why there is no run, in words. */
  readonly error: Accessor<string | undefined>
  /** The request that the frames are of. */
  readonly of: Accessor<RunRequest | undefined>
  /** Whether what is asked for has ended, in a result or an error. */
  readonly settled: Accessor<boolean>
  /** How much of it is done, 0 … 1. */
  readonly progress: Accessor<number>
  /** Ends the run; the frames that have come stay. */
  stop(): void
}

/** What tells requests apart: the x that a branch begins with follows from the rest. */
export const keyOf = (request: RunRequest | undefined): string =>
  JSON.stringify(request && { ...request, from: request.from && { ...request.from, x: undefined } }) ?? ''

/** Whoever has asked for less motion sees results, and moves through time by hand. */
const still = matchMedia('(prefers-reduced-motion: reduce)')

/** Starts a run; frames come as they are made. */
export type Begin<R extends RunRequest> = (
  request: R,
  take: (frames: Frame[]) => Promise<void>,
) => Running<RunSummary>

const inEngine: Begin<RunRequest> = (request, take) =>
  startRun((run) => engine.plane.run(run, request, proxy(take)))

/** Milliseconds that a change may rest before it is run: a drag is many changes. */
const rest = 70

/**
 * Runs what is asked for, whenever that changes; what ran before is stopped. The frames of before stay until the first new
 * ones are there, so that a drag does not blink.
 */
export function createSession<R extends RunRequest>(
  asked: Accessor<R | undefined>,
  begin: Begin<R> = inEngine,
): Session {
  const [frames, setFrames] = createSignal<readonly Frame[]>([])
  const [running, setRunning] = createSignal(false)
  const [summary, setSummary] = createSignal<RunSummary>()
  const [error, setError] = createSignal<string>()
  const [of, setOf] = createSignal<RunRequest>()
  const [ended, setEnded] = createSignal('')
  let current: Running<RunSummary> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function start(request: R): Promise<void> {
    current?.stop()
    let fresh = true
    let unseen: readonly Frame[] = []
    setRunning(true)
    setError(undefined)
    /** Shows what has come, once for each frame of the screen: the engine does not wait until it is painted. */
    const flush = () => {
      cancelAnimationFrame(due)
      due = 0
      if (mine !== current || unseen.length === 0) return
      const news = unseen
      unseen = []
      batch(() => {
        setFrames((old) => (fresh ? news : [...old, ...news]))
        if (fresh) setOf(() => request)
      })
      fresh = false
    }
    let due = 0
    const take = async (more: Frame[]) => {
      unseen = [...unseen, ...more]
      if (more.some(({ index, steps }) => index === steps)) flush()
      else if (due === 0 && !still.matches) due = requestAnimationFrame(flush)
    }
    const mine = begin(request, take)
    current = mine
    try {
      const done = await mine.result
      if (mine === current) setSummary(done)
    } catch (failure) {
      if (mine !== current || wasStopped(failure)) return
      setFrames([])
      setSummary(undefined)
      setError(inWords(failure))
    } finally {
      if (mine === current) {
        setRunning(false)
        setEnded(keyOf(request))
      }
    }
  }

  const later = (request: R | undefined) => {
    clearTimeout(timer)
    setEnded('')
    if (request === undefined) {
      current?.stop()
      current = undefined
      setRunning(false)
      return
    }
    timer = setTimeout(() => void start(request), of() === undefined ? 0 : rest)
  }
  createEffect(
    on(
      () => keyOf(asked()),
      () => untrack(() => later(asked())),
    ),
  )
  onCleanup(() => {
    clearTimeout(timer)
    current?.stop()
  })
  return {
    frames,
    running,
    summary,
    error,
    of,
    progress: () => {
      const last = frames().at(-1)
      return last === undefined || !running() ? 0 : last.index / last.steps
    },
    stop: () => current?.stop(),
    settled: () => ended() === keyOf(asked()),
  }
}
