import type { Remote } from 'comlink'
import { wrap } from 'comlink'
import { createSignal } from 'solid-js'
import type { Engine } from './engine.ts'

const worker = new Worker(new URL('./main.ts', import.meta.url), { type: 'module', name: 'engine' })

/** The engine in its worker: every function answers a promise. */
export const engine: Remote<Engine> = wrap<Engine>(worker)

const [trouble, setTrouble] = createSignal<string>()

/** Why the engine cannot run at all, in words; undefined where it does. */
export const engineTrouble = trouble

worker.addEventListener('error', ({ message }) => {
  setTrouble(`The engine has stopped${message ? ` (${message})` : ''}. Reload the page to start it anew.`)
})

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
