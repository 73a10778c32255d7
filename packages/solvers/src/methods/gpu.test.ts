// Every method on the gpu device, on backends that need no graphics processor: as on wasm. One of them answers by
// promises, as WebGPU does.
import { registerDevice } from '@tweedie/tensor'
import type { GpuDevice } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { afterAll, describe, expect, test } from 'vitest'
import { methods } from './index.ts'
import { twoSteps } from './two-steps.test.helper.ts'

// A helper of another package's tests, which types of this one cannot follow.
const helper = new URL('../../../tensor/src/gpu/asynchronous.test.helper.ts', import.meta.url).href
const { asynchronousDevice } = (await import(helper)) as { asynchronousDevice(): Promise<GpuDevice> }

const devices = { waited: await loadGpu({ backend: 'cpu' }), asynchronous: await asynchronousDevice() }
for (const [name, device] of Object.entries(devices)) registerDevice(name, () => device)
afterAll(() => Promise.all(Object.values(devices).map((device) => device.close())))

describe.each(methods.names)('%s', (name) => {
  test('takes two steps on the gpu device, to what wasm has, and by promises in as many launches', async () => {
    const launched: number[] = []
    const on = async (of: keyof typeof devices) => {
      const before = devices[of].stats().launches
      const result = await twoSteps(name, of)
      launched.push(devices[of].stats().launches - before)
      return result
    }
    const [wasm, waited] = [await twoSteps(name, 'wasm'), await on('waited')]
    expect(waited.values).toHaveLength(wasm.values.length)
    const size = Math.max(1, ...wasm.values.map(Math.abs))
    waited.values.forEach((v, i) => void expect(Math.abs(v - wasm.values[i]!)).toBeLessThan(1e-3 * size))
    expect(await on('asynchronous')).toEqual(waited) // and so many evaluations of the prior are counted
    expect(launched[1]).toBe(launched[0]! + 1) // one for the measurement, which is read before the first step
  })
})
