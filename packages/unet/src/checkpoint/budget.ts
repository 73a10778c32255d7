import { FileFormatError } from '@tweedie/tensor'

/**
 * What reading a file may cost, tied to its length, so that a small file cannot ask for much by claiming
 * much: compressed data, elements that are repeated, containers that refer to each other. What is stored
 * in the file byte by byte costs nothing here.
 */
export interface Budget {
  /**
   * Draws memory for values, names and containers: 32 MiB and as much as the file has, at most 96 MiB in all.
   * Work that leaves nothing in memory is drawn from it as well.
   * @throws {FileFormatError} where it is used up.
   */
  values(bytes: number): void
  /**
   * Draws memory for elements that the file does not store byte by byte: 32 MiB and four times the file's
   * length; once for each `name`.
   * @throws {FileFormatError} where it is used up.
   */
  elements(name: string, bytes: number): void
}

const base = 2 ** 25
const mostForLength = 2 ** 26

/** Levels of containers within containers, at most. */
export const deepest = 64

/** The budget of a file. */
export function budgetOf(size: number, file: string): Budget {
  const limits = { values: base + Math.min(size, mostForLength), elements: base + 4 * size }
  const used = { values: 0, elements: 0 }
  const drawn = new Set<string>()
  return {
    values: (bytes) => {
      used.values += bytes
      if (used.values > limits.values)
        throw new FileFormatError(
          file,
          `describes more values than its ${size} bytes may (${Math.round(limits.values / 2 ** 20)} MiB of memory)`,
        )
    },
    elements: (name, bytes) => {
      if (drawn.has(name)) return
      used.elements += bytes
      if (!(used.elements <= limits.elements))
        throw new FileFormatError(
          file,
          `'${name}' unpacks to ${bytes} bytes, more than a file of ${size} bytes may; save it uncompressed, without repeated elements`,
        )
      drawn.add(name)
    },
  }
}
