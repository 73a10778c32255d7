import type { Key } from '@tweedie/tensor'
import { randomUnits } from '@tweedie/tensor'

/** Random numbers on the host, one after another. */
export interface Stream {
  /** Uniform on [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
}

/** Numbers that a block holds. */
const block = 1024

/**
 * The numbers of a key, in blocks: the same key, the same numbers.
 * @example
 * ```ts
 * import { streamOf } from '@tweedie/calibration'
 * import { randomKey } from '@tweedie/tensor'
 * streamOf(randomKey(1)).normal() === streamOf(randomKey(1)).normal() // => true
 * ```
 */
export function streamOf(key: Key): Stream {
  let units = new Float64Array(0)
  let at = 0
  let blocks = 0
  let spare: number | undefined
  const uniform = (): number => {
    if (at === units.length) {
      units = Float64Array.from(randomUnits(key.fold(blocks++), block))
      at = 0
    }
    return units[at++] ?? 0
  }
  return {
    uniform,
    normal: () => {
      if (spare !== undefined) {
        const kept = spare
        spare = undefined
        return kept
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spare = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
  }
}
