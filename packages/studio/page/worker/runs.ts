/** Runs that can be stopped, by the number that the page gave them. */
const running = new Map<number, AbortController>()

/**
 * Does work that the page can stop: a signal does not cross to a worker, so the page gives a number and says {@link stop}.
 * The work has to breathe (`drive`, `breathe`), or the word never arrives.
 */
export async function stoppable<T>(run: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const control = new AbortController()
  running.set(run, control)
  try {
    return await work(control.signal)
  } finally {
    running.delete(run)
  }
}

/** Stops a run before its next step; nothing happens where it has ended. */
export function stop(run: number): void {
  running.get(run)?.abort()
}
