import type { Io } from '../io.ts'
import type { Progress } from './progress.ts'

/**
 * Progress in whole lines on stderr, the first after `seconds`, then one each time as much has passed again: for streams
 * that are no terminal.
 * @param now - Clock in milliseconds.
 */
export function progressLines(io: Io, seconds = 10, now: () => number = () => performance.now()): Progress {
  let last = now()
  return {
    at: (done, label) => {
      if (now() - last < 1000 * seconds) return
      last = now()
      io.err(`${(100 * done).toFixed(1)}%  ${label}\n`)
    },
    stop: () => undefined,
  }
}
