import { OutOfMemoryError } from './errors.ts'
import { requireCount } from './shape.ts'

/** Most bytes of an array on the host, as of a tensor on 32-bit addresses. */
export const longestHostBytes = 2 ** 31 - 64

/** The error of an array that the host may not or does not give. */
const failure = (device: string, requestedBytes: number, hostRefused: boolean): OutOfMemoryError =>
  new OutOfMemoryError({
    ...{ device, requestedBytes, hostRefused, usedBytes: 0, reservedBytes: 0 },
    largestBytes: hostRefused ? 0 : longestHostBytes,
    ...{ longestBytes: longestHostBytes, limitBytes: Infinity, mostBytes: longestHostBytes },
  })

/** @throws {OutOfMemoryError} where an array of `bytes` bytes would be too long, before it is asked for. */
export function requireHostRoom(device: string, bytes: number): void {
  if (bytes > longestHostBytes) throw failure(device, bytes, false)
}

/**
 * A typed array of zeros on the host.
 * @throws {OutOfMemoryError} above {@link longestHostBytes}, or where the host refuses; `device` is who asks for it.
 * @throws {OptionError} for a length that is no count.
 */
export function hostArray<T>(
  device: string,
  type: { new (length: number): T; readonly BYTES_PER_ELEMENT: number },
  length: number,
): T {
  requireCount('length', length)
  const bytes = length * type.BYTES_PER_ELEMENT
  requireHostRoom(device, bytes)
  try {
    return new type(length)
  } catch (error) {
    if (error instanceof RangeError) throw failure(device, bytes, true)
    throw error
  }
}
