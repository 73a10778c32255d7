// Weights that the gpu device keeps laid out as its kernels want them: gradients through them, and what optimisers put in
// their place.
import type { Device, Tensor } from '@tweedie/tensor'
import { conv2d, normal, randomKey, scope, tanh } from '@tweedie/tensor'
import type { GpuDevice } from '@tweedie/tensor/gpu'
import { afterAll, expect, test } from 'vitest'
import { valueAndGrad } from '../grad.ts'
import { vjp } from '../vjp.ts'
import type { Optimizer } from './index.ts'
import { adam, sgd } from './index.ts'

// A helper of another package's tests, which types of this one cannot follow.
const helper = new URL('../../../tensor/src/gpu/asynchronous.test.helper.ts', import.meta.url).href
const { asynchronousDevice } = (await import(helper)) as {
  asynchronousDevice(wideFrom: number): Promise<GpuDevice>
}
const gpu = await asynchronousDevice(1)
afterAll(() => gpu.close())

type On = Device | 'wasm'
const draw = (name: number, shape: readonly number[], device: On): Tensor =>
  normal(randomKey(name), shape, { device })
const weights = (device: On): Tensor[] =>
  [2, 3].map((name) => scope(() => draw(name, [8, 8, 3, 3], device).mul(0.2)))
const layers = (x: Tensor, ws: readonly Tensor[]): Tensor =>
  ws.reduce((h, w) => tanh(conv2d(h, w, { padding: 1 })), x)

async function near(actual: Tensor, expected: Tensor): Promise<void> {
  const [found, want] = [await actual.data(), await expected.data()]
  const size = Math.max(...Array.from(want, Math.abs))
  expect(found).toHaveLength(want.length)
  found.forEach((v, i) => expect(Math.abs(v - want[i]!)).toBeLessThan(1e-4 * size))
}

test('a gradient in the picture lays out no weights again, forward and backward', async () => {
  const [ours, theirs] = [weights(gpu), weights('wasm')]
  const [x, y] = [draw(1, [1, 8, 8, 8], gpu), draw(1, [1, 8, 8, 8], 'wasm')]
  const gradient = (x: Tensor, ws: readonly Tensor[]) =>
    scope(() => {
      const [out, back] = vjp((z: Tensor) => layers(z, ws), x)
      return [out, ...back(out)]
    })
  const expected = gradient(y, theirs)
  const launches: number[] = []
  for (let round = 0; round < 4; round++) {
    const before = gpu.stats().launches
    const found = gradient(x, ours)
    launches.push(gpu.stats().launches - before)
    for (const [i, t] of found.entries()) await near(t, expected[i]!)
    for (const t of found) t.dispose()
  }
  // Each of two weights is looked at in two ways; kernels have made them, so that they are kept from the second use on.
  const [first, second, third, fourth] = launches as [number, number, number, number]
  expect([first - fourth, second - fourth, third - fourth]).toEqual([4, 4, 0])
  expect(gpu.stats().packedWeights).toBe(4 * 4 * 8 * 8 * 9)
  for (const t of [...ours, x]) t.dispose()
  expect(gpu.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
})

test.each<readonly [string, Optimizer]>([
  ['sgd', sgd({ learningRate: 0.05, momentum: 0.9 })],
  ['adam', adam({ learningRate: 0.05 })],
])('after a step of %s the weights are the new ones, though the old were laid out', async (_, optimizer) => {
  const losses = async (device: On): Promise<number[]> => {
    const [x, target] = [draw(1, [1, 8, 8, 8], device), draw(5, [1, 8, 8, 8], device)]
    const loss = (ws: Tensor[]) => layers(x, ws).sub(target).square().sum()
    let params = weights(device)
    let state = optimizer.init(params)
    const found: number[] = []
    for (let step = 0; step < 4; step++) {
      // Looked at often enough to be kept before they are replaced.
      for (let i = 0; i < 3; i++) {
        const value = scope(() => loss(params))
        found.push((await value.data())[0]!)
        value.dispose()
      }
      const next = scope(() => optimizer.update(valueAndGrad(loss)(params)[1], state, params))
      for (const old of [...params, ...Object.values(state).flat()])
        if (typeof old === 'object') old.dispose()
      ;({ params, state } = next)
    }
    for (const t of [x, target, ...params, ...Object.values(state).flat()])
      if (typeof t === 'object') t.dispose()
    return found
  }
  const [actual, expected] = [await losses(gpu), await losses('wasm')]
  actual.forEach((v, i) => expect(v / expected[i]!).toBeCloseTo(1, 4))
  expect(new Set(expected.map((v) => v.toFixed(2))).size).toBe(4)
  expect(gpu.stats()).toMatchObject({ buffers: 0, bytes: 0, packedWeights: 0 })
})
