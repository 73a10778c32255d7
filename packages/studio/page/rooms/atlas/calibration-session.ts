import { proxy } from 'comlink'
import type { Accessor } from 'solid-js'
import { createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import type { Running } from '../../worker/client.ts'
import { engine, inWords, startRun, wasStopped } from '../../worker/client.ts'
import type { CalibrationRequest, Standing } from './engine/calibration.ts'

/** A watch of calibration. */
export interface CalibrationSession {
  readonly standings: Accessor<readonly Standing[]>
  readonly running: Accessor<boolean>
  readonly held: Accessor<boolean>
  readonly error: Accessor<string | undefined>
  stop(): void
  goOn(): void
}

/** Milliseconds that a change may rest before it is run. */
const rest = 250

/** Watches what is asked for, and begins anew where that changes; one that was stopped goes on where it was. */
export function createCalibrationSession(asked: Accessor<CalibrationRequest>): CalibrationSession {
  const [standings, setStandings] = createSignal<readonly Standing[]>([])
  const [running, setRunning] = createSignal(false)
  const [held, setHeld] = createSignal(false)
  const [error, setError] = createSignal<string>()
  let current: Running<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const halt = () => {
    clearTimeout(timer)
    current?.stop()
    current = undefined
    setRunning(false)
  }
  async function start(): Promise<void> {
    halt()
    const request = untrack(asked)
    setError(undefined)
    setRunning(true)
    const take = async (news: readonly Standing[]) => {
      if (mine === current) setStandings(news)
    }
    const mine = startRun((run) => engine.atlas.calibrate(run, request, proxy(take)))
    current = mine
    try {
      await mine.result
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
        halt()
        setStandings([])
        if (!untrack(held)) timer = setTimeout(() => void start(), rest)
      },
    ),
  )
  onCleanup(halt)
  return {
    ...{ standings, running, held, error },
    stop: () => {
      setHeld(true)
      halt()
    },
    goOn: () => {
      setHeld(false)
      void start()
    },
  }
}
