import { createWasmDevice, fromData, matmul } from '@tweedie/tensor'

/** Products on three threads and on one: whether they are equal to the bit, and what the device says of itself. */
export async function threads() {
  const product = async (count) => {
    const device = createWasmDevice({ threads: count })
    const x = fromData(
      Float32Array.from({ length: 600 * 600 }, (_, i) => Math.sin(i)),
      [600, 600],
      { device },
    )
    let out = matmul(x, x)
    // Workers start when the page gives them time.
    for (let i = 0; i < 15; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      out = matmul(x, x)
    }
    return { info: device.info(), data: await out.data() }
  }
  const [one, many] = [await product(1), await product(3)]
  return {
    equal: one.data.every((value, i) => value === many.data[i]),
    threads: many.info.threads,
    notes: many.info.notes.join(),
  }
}
