import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import { batch, createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'
import type { Gate } from './gate.ts'

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
  /** Ends the run; the frames that have come stay. */
  stop(): void
}

const keyOf = (request: RunRequest | undefined): string => JSON.stringify(request) ?? ''

/** Whoever has asked for less motion sees results, and moves through time by hand. */
const still = matchMedia('(prefers-reduced-motion: reduce)')

/** Starts a run; frames come as they are made, and the next step waits until one is taken. */
export type Begin<R extends RunRequest> = (
  request: R,
  take: (frame: Frame) => Promise<void>,
) => Running<RunSummary>

const inEngine: Begin<RunRequest> = (request, take) =>
  startRun((run) => engine.digits.run(run, request, proxy(take)))

/** Milliseconds that a change may rest before it is run: a stroke of the brush is many changes. */
const rest = 250

/**
 * Runs what is asked for, whenever that changes; what ran before is stopped. The frames of before stay until the first new
 * one is there. The run waits at the gate before each step.
 */
export function createSession<R extends RunRequest>(
  asked: Accessor<R | undefined>,
  gate: Gate,
  begin: Begin<R> = inEngine,
): Session {
  const [frames, setFrames] = createSignal<readonly Frame[]>([])
  const [running, setRunning] = createSignal(false)
  const [summary, setSummary] = createSignal<RunSummary>()
  const [error, setError] = createSignal<string>()
  const [of, setOf] = createSignal<RunRequest>()
  const [ended, setEnded] = createSignal('')
  let current: { readonly run: Running<RunSummary>; readonly leave: AbortController } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const halt = () => {
    current?.run.stop()
    current?.leave.abort() // one that waits at the gate goes on, and finds that it is stopped
  }

  async function start(request: R): Promise<void> {
    halt()
    const leave = new AbortController()
    let fresh = true
    let unseen: readonly Frame[] = []
    const take = async (frame: Frame) => {
      if (mine !== current || leave.signal.aborted) return
      unseen = [...unseen, frame]
      if (!still.matches || gate.held() || frame.index === frame.steps) {
        const news = unseen
        unseen = []
        batch(() => {
          setFrames((old) => (fresh ? news : [...old, ...news]))
          if (fresh) setOf(() => request)
        })
        fresh = false
      }
      await gate.pass(leave.signal)
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
      if (mine === current) setSummary(done)
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
    halt()
  })
  return { frames, running, summary, error, of, settled: () => ended() === keyOf(asked()), stop: halt }
}
