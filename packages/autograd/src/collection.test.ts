import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memory, scope, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { linearize, vjp } from './index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/** Bytes that so many runs leave behind a short collection, one of the young objects alone, each. */
function leftBy(run: () => void, runs: number): number {
  for (let i = 0; i < runs; i++) run()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < runs; i++) run()
  for (let i = 0; i < 3; i++) collect({ type: 'minor' })
  return (process.memoryUsage().heapUsed - before) / runs
}

const [x, dy] = [tensor([1, 2]), tensor([3, 4])]

test('a gradient leaves nothing for a long collection', () => {
  const gradient = () =>
    scope(() => {
      const [, back] = vjp((a) => a.mul(a).add(a), x)
      back(dy)
    })
  // 7 kB by a map of an object's fields for every recorded call, or by a registry of what is to be finalised.
  expect(leftBy(gradient, 3000)).toBeLessThan(300)
})

/** Waits until the collector has freed all but `tensors`. */
const freedTo = (tensors: number) =>
  expect
    .poll(
      () => {
        collect()
        return memory().tensors
      },
      { timeout: 10_000 },
    )
    .toBe(tensors)

const open: Readonly<Record<string, () => unknown>> = {
  vjp: () => vjp((a) => a.exp(), x),
  linearize: () => linearize((a: typeof x) => a.exp(), [x]),
}

test.each(Object.entries(open))('the tape of an open %s that is dropped is collected', async (_, make) => {
  const before = memory().tensors
  const drop = () => {
    scope(() => scope(() => void make()))
    void make()
  }
  drop()
  await freedTo(before)
})

test.each(Object.entries(open))('an error in any scope around frees the tape of an open %s', (_, make) => {
  const before = memory().tensors
  let held: unknown
  const failing = () =>
    scope(() => {
      held = scope<unknown>(make)
      expect(memory().tensors).toBeGreaterThan(before)
      throw new RangeError('later')
    })
  expect(failing).toThrow(RangeError)
  expect(memory().tensors).toBe(before)
  expect(held).toBeDefined()
})
