import type { Accessor } from 'solid-js'
import { batch, createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import type { Running } from '../worker/client.ts'
import { inWords, wasStopped } from '../worker/client.ts'
import type { Moment } from './moment.ts'

/** One method at work on a request `R`: the frames that have come, and what became of it. */
export interface Session<R, F extends Moment, S> {
  readonly frames: Accessor<readonly F[]>
  readonly running: Accessor<boolean>
  /** Of the run that has ended; undefined while another goes on. */
  readonly summary: Accessor<S | undefined>
  /** Why there is no run, in words. */
  readonly error: Accessor<string | undefined>
  /** The request that the frames are of. */
  readonly of: Accessor<R | undefined>
  /** Whether what is asked for has ended, in a result or an error. */
  readonly settled: Accessor<boolean>
  /** How much of it is done, 0 … 1. */
  readonly progress: Accessor<number>
  /** Ends the run; the frames that have come stay. */
  stop(): void
}

/** The last frame of a run that has come to its end. */
export function resultOf<F extends Moment>(
  session: Pick<Session<unknown, F, unknown>, 'frames' | 'running'>,
): F | undefined {
  const frame = session.frames().at(-1)
  return !session.running() && frame?.index === frame?.steps ? frame : undefined
}

/** Starts a run. Frames are taken as they are made, the last before the result; the engine may wait until they are. */
export type Begin<R, F, S> = (request: R, take: (frames: readonly F[]) => Promise<void>) => Running<S>

/** How a room runs what is asked for. */
export interface Manner<R, F, S> {
  readonly begin: Begin<R, F, S>
  /** What tells requests apart; all of it where left out. */
  readonly keyOf?: (request: R | undefined) => string
  /** Milliseconds that a change rests while a run goes on: a drag is many changes. */
  readonly rest: number
  /** Where a run waits for the page between two steps. */
  readonly gate?: { held(): boolean; pass(leave: AbortSignal): Promise<void> }
}

/** Whoever has asked for less motion sees results, and moves through time by hand. */
const still = matchMedia('(prefers-reduced-motion: reduce)')

/**
 * Runs what is asked for, whenever that changes; what ran before is stopped. The frames of before stay until the first new
 * ones are there, so that a drag does not blink. What has come is shown once for each frame of the screen: the engine does
 * not wait until it is painted.
 */
export function createSession<R, F extends Moment, S>(
  asked: Accessor<R | undefined>,
  { begin, keyOf = (request) => JSON.stringify(request) ?? '', rest, gate }: Manner<R, F, S>,
): Session<R, F, S> {
  const [frames, setFrames] = createSignal<readonly F[]>([])
  const [running, setRunning] = createSignal(false)
  const [summary, setSummary] = createSignal<S>()
  const [error, setError] = createSignal<string>()
  const [of, setOf] = createSignal<R>()
  const [ended, setEnded] = createSignal('')
  let current: { readonly run: Running<S>; readonly leave: AbortController } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const halt = () => {
    current?.run.stop()
    current?.leave.abort() // one that waits at the gate goes on, and finds that it is stopped
  }

  async function start(request: R): Promise<void> {
    halt()
    const leave = new AbortController()
    let fresh = true
    let unseen: readonly F[] = []
    let due = 0
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
    const take = async (more: readonly F[]) => {
      if (leave.signal.aborted) return
      unseen = [...unseen, ...more]
      if (gate?.held() === true || more.some(({ index, steps }) => index === steps)) flush()
      else if (due === 0 && !still.matches) due = requestAnimationFrame(flush)
      await gate?.pass(leave.signal)
    }
    batch(() => {
      setRunning(true)
      setError(undefined)
      setSummary(undefined)
    })
    const mine = { run: begin(request, take), leave }
    current = mine
    try {
      const done = await mine.run.result
      if (mine === current) setSummary(() => done)
    } catch (failure) {
      if (mine !== current || wasStopped(failure)) return
      setFrames([])
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
      halt()
      current = undefined
      setRunning(false)
      return
    }
    timer = setTimeout(() => void start(request), running() ? rest : 0)
  }
  createEffect(
    on(
      () => keyOf(asked()),
      () => untrack(() => later(asked())),
    ),
  )
  onCleanup(() => {
    clearTimeout(timer)
    halt()
  })
  return {
    frames,
    running,
    summary,
    error,
    of,
    settled: () => ended() === keyOf(asked()),
    progress: () => {
      const last = frames().at(-1)
      return last === undefined || !running() ? 0 : last.index / last.steps
    },
    stop: halt,
  }
}
