import type { Accessor } from 'solid-js'
import { createLatest } from './latest.ts'
import { fingerprint } from './save.ts'

/**
 * The SHA-256 of numbers once it is known, and never that of others. It is no resource: while one loads, the page takes the
 * whole room away, and the focus with it.
 */
export function createPrint(
  numbers: Accessor<Float32Array<ArrayBuffer> | undefined>,
): Accessor<string | undefined> {
  const found = createLatest(numbers, async (of) => ({ of, hash: await fingerprint(of) }))
  return () => (found()?.of === numbers() ? found()?.hash : undefined)
}
