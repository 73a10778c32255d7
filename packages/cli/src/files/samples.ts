import type { Points } from '@tweedie/calibration'
import { writeNpy } from '@tweedie/unet'

/** A tab among the spaces that fill the header of an npy file up: every reader skips it, and it tells whose file it is. */
const mark = 0x09

/** The header of an npy file of ours, and where it ends; nothing for any other. */
function endOfHeader(bytes: Uint8Array): number | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 10)).toString('latin1')
  if (!text.startsWith('\x93NUMPY\x01') || bytes.length < 10) return undefined
  return 10 + (bytes[8] ?? 0) + 256 * (bytes[9] ?? 0)
}

/** Samples [N, d] as an npy file of float64, marked as ours. */
export function encodeSamples({ values, count, dimension }: Points): Uint8Array {
  const bytes = writeNpy({ shape: [count, dimension], values })
  const end = endOfHeader(bytes) ?? 0
  if (bytes[end - 2] === 0x20) bytes[end - 2] = mark
  return bytes
}

/** Whether an npy file holds samples that tweedie wrote. */
export const isOurSamples = (bytes: Uint8Array): boolean => {
  const end = endOfHeader(bytes)
  return end !== undefined && bytes[end - 2] === mark && bytes[end - 1] === 0x0a
}
