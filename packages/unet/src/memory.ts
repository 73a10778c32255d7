import { getDevice, OptionError } from '@tweedie/tensor'

/** A number of bytes for a message. */
export const bytesInWords = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`

/**
 * Makes sure, before any work, that the default device could hold what is needed at once.
 * @param option - Whose fault it would be.
 * @param bytes - How much is needed.
 * @param what - What needs it, for the message.
 * @throws {OptionError} with what is needed and what there is.
 */
export function requireMemory(option: string, bytes: number, what: string): void {
  const { name, memory } = getDevice().info()
  if (memory === undefined || bytes <= memory.limit) return
  throw new OptionError(
    option,
    `${what} needs more than ${bytesInWords(bytes)} at once; the device ${name} has ${bytesInWords(memory.limit)}`,
  )
}
