import { freemem } from 'node:os'
import { afterAll, describe, expect, test } from 'vitest'
import {
  concat,
  contiguous,
  conv2d,
  exp,
  fromData,
  gather,
  groupNorm,
  matmul,
  scope,
  tensor,
} from '../index.ts'
import type { Tensor } from '../tensor.ts'
import { createWasmDevice } from './device.ts'
import { hasMemory64 } from './runtime/linear-memory.ts'

const gibi = 2 ** 30

/** Tensors that are really written, so that the memory is really there. */
const sizes = [
  {
    name: 'beyond 2 GiB on 32-bit addresses',
    maxBytes: 4 * gibi,
    tensors: 2,
    layers: 448,
    needs: 6,
    here: true,
  },
  {
    name: 'beyond 4 GiB in one tensor on memory64',
    maxBytes: 6 * gibi,
    tensors: 1,
    layers: 1152,
    needs: 10,
    here: hasMemory64(),
  },
] as const

describe.each(sizes)('$name', ({ name, maxBytes, tensors, layers, needs, here }) => {
  const free = freemem() / gibi
  const enough = here && free >= needs
  if (!enough) {
    const why = here
      ? `needs ${needs} GiB of free memory, there are ${free.toFixed(1)}`
      : 'no memory64 in this engine'
    console.warn(`skipped: kernels ${name}: ${why}`)
  }
  const live: Tensor[] = []
  afterAll(() => {
    for (const x of live) x.dispose()
  })

  test.skipIf(!enough)(
    'every family of kernels reads and writes the far end',
    { timeout: 300_000 },
    async () => {
      const device = createWasmDevice({ maxBytes })
      const data = Float32Array.from({ length: 2 ** 20 }, (_, i) => ((i * 7) % 11) - 5)
      const plain = fromData(data, [1, 1024, 1024], { device })
      live.push(plain)
      // Copies: the layer, again and again.
      for (let i = 0; i < tensors; i++)
        live.push(scope(() => contiguous(plain.broadcastTo([layers, 1024, 1024]))))
      const x = live.at(-1)!
      const total = 4 * layers * tensors * 2 ** 20
      expect(device.info().memory!.used).toBeGreaterThan(total)
      expect(total).toBeGreaterThan(maxBytes === 4 * gibi ? 2 * gibi : 4 * gibi)

      const same = async (make: (far: Tensor) => Tensor) => {
        const [near, far] = scope(() => [make(plain.reshape([1024, 1024])), make(x.slice(layers - 1))])
        const [a, b] = [await near!.data(), await far!.data()]
        near!.dispose()
        far!.dispose()
        expect(Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer))).toBe(0)
        expect(a.some((value) => value !== 0)).toBe(true)
      }
      await same((far) => far.add(far)) // elementwise
      await same((far) => exp(far.transpose())) // elementwise, across
      await same((far) => far.sum([0])) // reduce, by columns
      await same((far) => far.max([1])) // reduce, by rows
      await same((far) => concat([far, far], 1)) // copy
      await same((far) => gather(far, tensor([1023, 0, 7], { device, dtype: 'int32' })))
      await same((far) => matmul(far, far))
      await same((far) => matmul(far.transpose(), far))
      const image = (far: Tensor) => far.reshape([1, 16, 256, 256])
      const weight = fromData(data.subarray(0, 16 * 16 * 9), [16, 16, 3, 3], { device })
      live.push(weight)
      await same((far) => conv2d(image(far), weight)) // in place
      await same((far) => conv2d(image(far), weight, { padding: 1 })) // by planes
      const affine = fromData(data.subarray(0, 16), [16], { device })
      live.push(affine)
      await same((far) => groupNorm(image(far), affine, affine, { groups: 4 }))

      // Whole, by every element: the sum of a layer, as often as there are layers.
      const once = data.reduce((a, b) => a + b, 0)
      const sums = scope(() => x.sum([1, 2]))
      expect(new Set(await sums.data())).toEqual(new Set([Math.fround(once)]))
      sums.dispose()
      const picked = scope(() => gather(x, tensor([layers - 1, 0], { device, dtype: 'int32' })).sum([1, 2]))
      expect([...(await picked.data())]).toEqual([once, once].map(Math.fround))
      picked.dispose()
    },
  )
})
