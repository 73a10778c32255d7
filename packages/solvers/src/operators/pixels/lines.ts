import { OptionError, randomKey, randomPermutation } from '@tweedie/tensor'
import type { ImageExtents } from '../checks.ts'
import type { Kept } from './keep.ts'
import { pixelsWhere } from './keep.ts'

/** Whole rows, or whole columns. */
export type Lines = 'rows' | 'columns'

/** The pixels of lines that are seen, in all channels. @throws {OptionError} where none is. */
function onLines(shape: ImageExtents, lines: Lines, option: string, seen: readonly boolean[]): Kept {
  if (!seen.includes(true))
    throw new OptionError(option, `hides all ${seen.length} ${lines}; at least one must remain`)
  return pixelsWhere(shape, (row, column) => seen[lines === 'rows' ? row : column] === true)
}

const extentOf = ([, height, width]: ImageExtents, lines: Lines): number =>
  lines === 'rows' ? height : width

/**
 * Lines 0, k, 2k … alone, or all but those.
 * @throws {OptionError} where none remains.
 */
export const everyLine = (shape: ImageExtents, lines: Lines, how: 'keep' | 'hide', k: number): Kept =>
  onLines(
    shape,
    lines,
    how,
    Array.from({ length: extentOf(shape, lines) }, (_, i) => (i % k === 0) === (how === 'keep')),
  )

/**
 * All lines but exactly round(fraction·L) of L, drawn without replacement; a function of seed, L, direction and fraction.
 * @throws {OptionError} where none remains.
 */
export function randomLines(shape: ImageExtents, lines: Lines, fraction: number, seed: number): Kept {
  const extent = extentOf(shape, lines)
  const order = randomPermutation(randomKey(seed).fold('randomLines').fold(lines), extent)
  const hidden = new Set(order.slice(0, Math.round(fraction * extent)))
  return onLines(
    shape,
    lines,
    'random',
    Array.from({ length: extent }, (_, i) => !hidden.has(i)),
  )
}
