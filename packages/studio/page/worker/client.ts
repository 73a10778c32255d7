import type { Remote } from 'comlink'
import { wrap } from 'comlink'
import { createSignal } from 'solid-js'
import type { Engine } from './engine.ts'
import { engineScript, workerOf } from './script.ts'

const { port1, port2 } = new MessageChannel()

/** The engine in its worker: every function answers a promise. What is asked before the worker is there waits in the port. */
export const engine: Remote<Engine> = wrap<Engine>(port1)

const [trouble, setTrouble] = createSignal<string>()

/** Why the engine cannot run at all, in words; undefined where it does. */
export const engineTrouble = trouble

const stopped = (why: string) =>
  setTrouble(`The engine has stopped${why ? ` (${why})` : ''}. Reload the page to start it anew.`)

engineScript().then(
  (script) => {
    const { worker } = workerOf(script, 'engine')
    worker.addEventListener('error', ({ message }) => stopped(message))
    worker.postMessage(port2, [port2])
  },
  (error: unknown) => stopped(inWords(error)),
)

let last = 0

/** Work in the engine that the page can stop. */
export interface Running<T> {
  readonly result: Promise<T>
  stop(): void
}

/**
 * Starts work under a number of its own, by which it can be stopped. A stopped run rejects with an error named
 * `InterruptedError`: {@link wasStopped}.
 */
export function startRun<T>(work: (run: number) => Promise<T>): Running<T> {
  const run = ++last
  return { result: work(run), stop: () => void engine.stop(run) }
}

/** Whether an error says no more than that somebody stopped the run. */
export const wasStopped = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'InterruptedError' || error.name === 'AbortError')

/** An error in words, for the page. */
export const inWords = (error: unknown): string => (error instanceof Error ? error.message : String(error))
