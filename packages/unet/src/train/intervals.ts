import { OptionError } from '@tweedie/tensor'
import type { SaveEvery } from './options.ts'

/**
 * Tells, after each step, whether something is due again.
 * @param option - Whose interval it is, for messages.
 * @throws {OptionError} for an interval that is none.
 */
export function clockOf(option: string, every: SaveEvery): (step: number) => boolean {
  const [name, interval] =
    'steps' in every ? (['steps', every.steps] as const) : (['seconds', every.seconds] as const)
  if (!(interval > 0 && Number.isFinite(interval)) || (name === 'steps' && !Number.isInteger(interval)))
    throw new OptionError(
      option,
      `must be a ${name === 'steps' ? 'whole ' : ''}number of ${name} above 0, got ${interval}`,
    )
  if (name === 'steps') return (step) => step % interval === 0
  let last = performance.now()
  return () => {
    if (performance.now() - last <= 1000 * interval) return false
    last = performance.now()
    return true
  }
}

/** A time in words: `8 ms`, `40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function timeInWords(seconds: number): string {
  if (seconds < 0.1) return `${Math.round(1000 * seconds)} ms`
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
