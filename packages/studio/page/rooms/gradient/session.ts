import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import { batch, createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { ChainRequest, ChainRun } from './engine/chain.ts'
import type { StepRequest, StepTape } from './engine/step.ts'
import type { Kind } from './strategy.ts'
import { kinds } from './strategy.ts'

/** The step that is asked for. */
export interface StepSession {
  /** The last that has come. */
  readonly step: Accessor<StepTape | undefined>
  readonly error: Accessor<string | undefined>
  readonly running: Accessor<boolean>
  /** How much of the run that leads to it is done. */
  readonly done: Accessor<number>
  stop(): void
}

/** Milliseconds that a change may rest before it is run. */
const rest = 150

/** Follows what is asked for; what ran before is stopped, and shown until there is something new. */
export function createStep(asked: Accessor<StepRequest>): StepSession {
  const [step, setStep] = createSignal<StepTape>()
  const [error, setError] = createSignal<string>()
  const [running, setRunning] = createSignal(true)
  const [done, setDone] = createSignal(0)
  let current: Running<StepTape> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  async function start(request: StepRequest): Promise<void> {
    current?.stop()
    setDone(0)
    const onDone = (part: number) => mine === current && setDone(part)
    const mine = startRun((run) => engine.gradient.step(run, request, proxy(onDone)))
    current = mine
    try {
      const found = await mine.result
      if (mine === current)
        batch(() => {
          setStep(found)
          setError(undefined)
        })
    } catch (failure) {
      if (mine === current && !wasStopped(failure)) setError(inWords(failure))
    } finally {
      if (mine === current) setRunning(false)
    }
  }
  createEffect(
    on(
      () => JSON.stringify(asked()),
      () => {
        clearTimeout(timer)
        setRunning(true)
        timer = setTimeout(() => void start(untrack(asked)), untrack(step) === undefined ? 0 : rest)
      },
    ),
  )
  const stop = () => current?.stop()
  onCleanup(() => {
    clearTimeout(timer)
    stop()
  })
  return { step, error, running, done, stop }
}

/** The gradients through the sampler, by the strategy. */
export interface ChainSession {
  readonly runs: Accessor<Partial<Record<Kind, ChainRun>>>
  readonly error: Accessor<string | undefined>
  readonly running: Accessor<boolean>
  /** Takes all of them once more. */
  again(): void
}

/** Takes the gradient by each strategy in turn, once `ready`; those that still hold are kept. */
export function createChains(asked: (kind: Kind) => ChainRequest, ready: Accessor<boolean>): ChainSession {
  const [runs, setRuns] = createSignal<Partial<Record<Kind, ChainRun>>>({})
  const [error, setError] = createSignal<string>()
  const [running, setRunning] = createSignal(false)
  const of: Partial<Record<Kind, string>> = {}
  let ended = false
  let busy = false
  const keyOf = (kind: Kind) => JSON.stringify(untrack(() => asked(kind)))
  async function go(): Promise<void> {
    if (busy) return
    busy = true
    setRunning(true)
    for (;;) {
      const kind = untrack(ready) && !ended ? kinds.find((one) => of[one] !== keyOf(one)) : undefined
      if (kind === undefined) break
      const key = keyOf(kind)
      of[kind] = key
      try {
        const run = await engine.gradient.chain(untrack(() => asked(kind)))
        if (!ended && key === of[kind])
          batch(() => {
            setRuns((before) => ({ ...before, [kind]: run }))
            setError(undefined)
          })
      } catch (failure) {
        if (!ended) setError(inWords(failure))
      }
    }
    busy = false
    if (!ended) setRunning(false)
  }
  createEffect(() => {
    for (const kind of kinds) JSON.stringify(asked(kind)) // what is read here is what is waited for
    if (ready()) void go()
  })
  onCleanup(() => {
    ended = true
  })
  return {
    runs,
    error,
    running,
    again() {
      for (const kind of kinds) delete of[kind]
      void go()
    },
  }
}
