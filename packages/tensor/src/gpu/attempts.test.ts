import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DeviceError } from '../errors.ts'
import { add, fromData, ifRunAgain, memory, mul, scope, settled, tensor } from '../index.ts'
import type { Tensor } from '../tensor.ts'
import { asynchronousDevice } from './asynchronous.test.helper.ts'
import type { GpuDevice } from './index.ts'
import { loadGpu } from './index.ts'

// Work that reads at once, on a device that cannot be waited for.

let device: GpuDevice
let waited: GpuDevice
beforeAll(async () => {
  device = await asynchronousDevice()
  waited = await loadGpu({ backend: 'cpu' })
})
afterAll(async () => {
  await device.close()
  await waited.close()
})

/** Halves x until its sum is below 1, by reading it; with an upload and a pair of equal calls in every round. */
const halved = (on: GpuDevice, rounds: number[] = []) =>
  scope(() => {
    let x: Tensor = fromData([40, 24], [2], { device: on })
    let n = 0
    while (add(x, 0).sum().dataSync()[0]! > 1) {
      rounds.push(n++)
      const half = scope(() => mul(x, fromData([0.5], [1], { device: on })))
      const twins = [add(half, 1), add(half, 1)] as const
      x = scope(() => twins[0].add(twins[1]).sub(2).div(2))
    }
    return { x, n }
  })

describe('settled', () => {
  test('computes what a device that can be waited for computes, in as many launches', async () => {
    const launches = async (on: GpuDevice) => {
      const before = on.stats().launches
      const { x, n } = await settled(on, () => halved(on))
      const values = Array.from(await x.data())
      x.dispose()
      return { n, values, launches: on.stats().launches - before }
    }
    const [slow, fast] = [await launches(device), await launches(waited)]
    expect(slow).toEqual(fast)
    expect(slow).toMatchObject({ n: 6, values: [0.625, 0.375] })
    expect(waited.settle).toBeUndefined()
  })

  test('begins again at every read, and leaves nothing behind but the result', async () => {
    const before = { ...memory(device), ...device.stats() }
    const rounds: number[] = []
    const { x, n } = await settled(device, () => halved(device, rounds))
    expect(rounds).toEqual(
      [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]]
        .flat()
        .concat([0, 1, 2, 3, 4, 5]),
    )
    expect(n).toBe(6)
    expect(memory(device).tensors).toBe(before.tensors + 1)
    expect(device.stats()).toMatchObject({ buffers: before.buffers + 1, bytes: before.bytes + 8 })
    x.dispose()
    expect(device.stats()).toMatchObject({ buffers: before.buffers, bytes: before.bytes })
  })

  test('what goes wrong in the work, or in a read, comes out of it; nothing stays', async () => {
    const before = device.stats()
    const breaking = settled(device, () =>
      scope(() => {
        const x = fromData([3], [1], { device }).add(1)
        throw new RangeError(`got ${x.dataSync()[0]}`)
      }),
    )
    await expect(breaking).rejects.toThrow(new RangeError('got 4'))
    const unreadable = settled(device, () =>
      scope(() => device.readSync?.(device.allocate('float32', 2), 'float32', 2)),
    )
    await expect(unreadable).rejects.toThrow(/never written/)
    expect(device.stats().buffers).toBe(before.buffers + 1) // the buffer that was allocated by hand
  })

  test('work that catches the error of a read is broken off all the same', async () => {
    const x = fromData([3], [1], { device })
    const caught: unknown[] = []
    const value = await settled(device, () =>
      scope(() => {
        const y = add(x, 1)
        try {
          return y.dataSync()[0]
        } catch (error) {
          caught.push(error)
          return add(y, 1).dataSync()[0]
        }
      }),
    )
    expect(value).toBe(4)
    expect(caught).toHaveLength(1)
    expect(caught[0]).toBeInstanceOf(DeviceError)
    x.dispose()
  })

  test('after a read that broke it off nothing is computed, whoever caught its error', async () => {
    const x = fromData([3], [1], { device })
    const after: unknown[] = []
    const value = await settled(device, () =>
      scope(() => {
        const y = add(x, 1)
        try {
          return y.dataSync()[0]
        } catch (error) {
          try {
            add(x, 2)
            after.push('computed')
          } catch (again) {
            after.push(again)
          }
          throw error
        }
      }),
    )
    expect(value).toBe(4)
    expect(after).toEqual([expect.any(DeviceError)])
    x.dispose()
  })

  test('a call that is made again after its result was freed is computed again', async () => {
    const x = fromData([3], [1], { device })
    const values = await settled(device, () =>
      scope(() => {
        const freed = add(x, 1)
        freed.dispose()
        const again = add(x, 1)
        return [again.dataSync()[0], mul(again, x).dataSync()[0]]
      }),
    )
    expect(values).toEqual([4, 12])
    x.dispose()
  })

  test('constants that the first attempt makes for good are there in the next', async () => {
    let kept: Tensor | undefined
    const value = await settled(device, () => {
      kept ??= tensor([1, 2], { device }).mul(3)
      return scope(() => {
        const x = fromData([1, 1], [2], { device }).add(kept!)
        return x.dataSync()[0]! + x.mul(kept!).sum().dataSync()[0]!
      })
    })
    expect(value).toBe(4 + 12 + 42)
    kept?.dispose()
  })

  test('side effects are taken back where the work says how', async () => {
    const x = fromData([3], [1], { device })
    const count = { all: 0, told: 0 }
    await settled(device, () =>
      scope(() => {
        count.all++
        count.told++
        ifRunAgain(() => count.told--)
        return [x.add(1).dataSync()[0], x.add(2).dataSync()[0]]
      }),
    )
    expect(count).toEqual({ all: 3, told: 1 })
    x.dispose()
  })

  test('two at once do not meet', async () => {
    const both = await Promise.all([
      settled(device, () => halved(device)),
      settled(device, () => halved(device)),
    ])
    for (const { x, n } of both) {
      expect(n).toBe(6)
      expect(Array.from(await x.data())).toEqual([0.625, 0.375])
      x.dispose()
    }
  })
})

test('without it, what was uploaded is read at once where it is small, and all else not', async () => {
  const x = fromData([1, 2], [2], { device })
  expect(x.dataSync()).toEqual(Float32Array.of(1, 2))
  const y = add(x, 1)
  expect(x.dataSync()).toEqual(Float32Array.of(1, 2))
  expect(() => y.dataSync()).toThrow(
    /^dataSync: the device 'gpu' reads back asynchronously on cpu; use await x.data\(\)/,
  )
  const large = fromData(new Float32Array(2 ** 18 + 1).fill(1), [2 ** 18 + 1], { device })
  add(large, 1).dispose()
  expect(() => large.dataSync()).toThrow(DeviceError)
  expect((await large.data()).at(-1)).toBe(1)
  for (const t of [x, y, large]) t.dispose()
})
