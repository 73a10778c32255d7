// Every method on the gpu device, on backends that need no graphics processor: as on wasm. One of them answers by
// promises, as WebGPU does.
import type { Tensor } from '@tweedie/tensor'
import { memory, registerDevice, tensor } from '@tweedie/tensor'
import type { GpuDevice } from '@tweedie/tensor/gpu'
import { loadGpu } from '@tweedie/tensor/gpu'
import { afterAll, describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { epsilonPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { vpLinear } from '../schedules/index.ts'
import { dds, dps, methods } from './index.ts'
import { twoSteps } from './two-steps.test.helper.ts'

// A helper of another package's tests, which types of this one cannot follow.
const helper = new URL('../../../tensor/src/gpu/asynchronous.test.helper.ts', import.meta.url).href
const { asynchronousDevice } = (await import(helper)) as { asynchronousDevice(): Promise<GpuDevice> }

const devices = { waited: await loadGpu({ backend: 'cpu' }), asynchronous: await asynchronousDevice() }
for (const [name, device] of Object.entries(devices)) registerDevice(name, () => device)
afterAll(() => Promise.all(Object.values(devices).map((device) => device.close())))

describe.each(methods.names)('%s', (name) => {
  test('takes two steps on the gpu device, to what wasm has, and by promises in no more launches', async () => {
    const launched: number[] = []
    const on = async (of: keyof typeof devices) => {
      const before = devices[of].stats().launches
      const result = await twoSteps(name, of)
      launched.push(devices[of].stats().launches - before)
      return result
    }
    const wasm = await twoSteps(name, 'wasm')
    const size = Math.max(1, ...wasm.values.map(Math.abs))
    for (const of of ['waited', 'asynchronous'] as const) {
      const { values, calls } = await on(of)
      expect(calls).toEqual(wasm.calls) // what is run again counts once
      expect(values).toHaveLength(wasm.values.length)
      values.forEach((v, i) => void expect(Math.abs(v - wasm.values[i]!)).toBeLessThan(1e-3 * size))
    }
    // One for the measurement, which is read before the first step.
    expect(launched[1]).toBeLessThanOrEqual(launched[0]! + 1)
  })
})

test.each(['waited', 'asynchronous'] as const)(
  'a thousand steps leave the memory of %s where it was',
  async (name) => {
    const device = devices[name]
    const like = { device }
    using y = tensor([[0.3, -0.5]], like)
    using mixing = tensor(
      [
        [1, 0.3],
        [0, 0.5],
      ],
      like,
    )
    const schedule = vpLinear()
    const predictNoise = (x: Tensor, t: number) => x.mul(schedule.sigma(t))
    const prior = epsilonPrior({ name: 'smooth', shape: [2], schedule, predictNoise })
    const problem = { operator: matrixOperator(mixing), noise: gaussianNoise(0.1), y }
    const seen = new Set<number>()
    // dds reads residuals on its way.
    const [method, steps] = name === 'waited' ? [dps, 1000] : [dds, 100]
    ;(await run(method(problem, prior, { steps: 2 }))).dispose() // the operator has made its constants
    const before = { ...memory(device), ...device.stats() }
    const x = await run(method(problem, prior, { steps }), {
      onStep: ({ i }) => void (i > 0 && seen.add(device.stats().bytes)),
    })
    x.dispose()
    expect(seen.size).toBe(1)
    const after = { ...memory(device), ...device.stats() }
    expect([after.tensors, after.buffers, after.bytes]).toEqual([
      before.tensors,
      before.buffers,
      before.bytes,
    ])
  },
)
