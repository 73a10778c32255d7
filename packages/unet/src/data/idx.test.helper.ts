import { randomKey, randomWords } from '@tweedie/tensor'

/** The bytes of an IDX file of unsigned bytes; random ones, of a seed, where no values are given. */
export function idxBytes(shape: readonly number[], given: Uint8Array | number = 1): Uint8Array {
  const values =
    typeof given === 'number'
      ? Uint8Array.from(
          randomWords(
            randomKey(given),
            shape.reduce((a, b) => a * b, 1),
          ),
        )
      : given
  const head = new Uint8Array(4 + 4 * shape.length)
  head.set([0, 0, 8, shape.length])
  const view = new DataView(head.buffer)
  shape.forEach((extent, i) => {
    view.setUint32(4 + 4 * i, extent)
  })
  return Buffer.concat([head, values])
}
