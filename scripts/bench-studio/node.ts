import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { State } from './states.ts'

/** Seconds of a run, by the clock and of processors. */
export interface Spent {
  readonly wall: number
  readonly processor: number
}

/** A process of Node that runs states, one at a time. */
export function openNode(): Disposable & { run(state: State): Promise<Spent> } {
  const child = fork(join(import.meta.dirname, '../../packages/studio/bench/runs.ts'))
  return {
    run: (state) =>
      new Promise((done, fail) => {
        child.once('message', (spent) => done(spent as Spent))
        child.once('exit', (code) => fail(new Error(`Node ended with ${code}`)))
        child.send(state)
      }),
    [Symbol.dispose]: () => void child.kill(),
  }
}
