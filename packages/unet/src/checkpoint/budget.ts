import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'

/**
 * What reading a file may cost, tied to its length, so that a small file cannot ask for much by claiming
 * much: compressed data, elements that are repeated, containers that refer to each other. What is stored
 * in the file byte by byte costs nothing here.
 */
export interface Budget extends ValueBudget {
  /**
   * Draws memory for elements that the file does not store byte by byte: 32 MiB and four times the file's
   * length; once for each `name`.
   * @throws {FileFormatError} where it is used up.
   */
  elements(name: string, bytes: number): void
}

/** The part of a {@link Budget} that a file draws on which stores every element byte by byte. */
export interface ValueBudget {
  /**
   * Draws memory for values, names and containers: 16 MiB and twelve times the file's length, at most 96
   * MiB and a sixteenth of that length.
   * Work that leaves nothing in memory is drawn from it as well.
   * @throws {FileFormatError} where it is used up.
   */
  values(bytes: number): void
}

const mebibyte = 2 ** 20

/** Levels of containers within containers, at most. */
export const deepest = 64

/** What a file of `size` bytes may draw for values. */
export function valueBudget(size: number, file: string): ValueBudget {
  const limit = Math.min(16 * mebibyte + 12 * size, 96 * mebibyte + size / 16)
  let used = 0
  return {
    values: (bytes) => {
      used += bytes
      if (used > limit)
        throw new FileFormatError(
          file,
          `describes more values than its ${size} bytes may (${Math.round(limit / mebibyte)} MiB of memory)`,
        )
    },
  }
}

/** The budget of a file of `size` bytes. */
export function budgetOf(size: number, file: string): Budget {
  const limit = 32 * mebibyte + 4 * size
  let used = 0
  const drawn = new Set<string>()
  return {
    ...valueBudget(size, file),
    elements: (name, bytes) => {
      if (drawn.has(name)) return
      used += bytes
      if (!(used <= limit))
        throw new FileFormatError(
          file,
          `${show(name)} unpacks to ${bytes} bytes, more than a file of ${size} bytes may; save it uncompressed, without repeated elements`,
        )
      drawn.add(name)
    },
  }
}
