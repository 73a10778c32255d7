import { randomKey, randomWords } from '@tweedie/tensor'

/** The bytes of an IDX file of unsigned bytes; random ones where no values are given. */
export function idxBytes(
  shape: readonly number[],
  values: Uint8Array = Uint8Array.from(
    randomWords(
      randomKey(1),
      shape.reduce((a, b) => a * b, 1),
    ),
  ),
): Uint8Array {
  const head = new Uint8Array(4 + 4 * shape.length)
  head.set([0, 0, 8, shape.length])
  const view = new DataView(head.buffer)
  shape.forEach((extent, i) => {
    view.setUint32(4 + 4 * i, extent)
  })
  return Buffer.concat([head, values])
}
