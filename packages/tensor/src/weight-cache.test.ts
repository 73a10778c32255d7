import { expect, test } from 'vitest'
import type { View } from './device.ts'
import { WeightCache } from './weight-cache.ts'

const view = (buffer: string): View => ({
  buffer,
  ...{ dtype: 'float32', shape: [1], strides: [1], offset: 0 },
})

/** A cache in a room of 100 bytes, and what is in it. */
function make() {
  const held = new Set<string>()
  let next = 0
  const cache = new WeightCache<string, string>({
    limit: 100,
    allocate() {
      const at = `place ${next++}`
      held.add(at)
      return at
    },
    free: (at) => void held.delete(at),
  })
  const use = (buffer: string, lasts?: boolean) => cache.find(view(buffer), 'kind', 40, lasts)?.ready
  return { cache, use, held }
}

test('what lasts is kept at once where there is room, and drops nothing where there is none', () => {
  const { cache, use, held } = make()
  expect([use('a', true), use('a', true), use('b', true)]).toEqual([false, true, false])
  expect([use('c', true), use('a', true), use('b', true)]).toEqual([undefined, true, true])
  expect([cache.bytes, held.size]).toEqual([80, 2])
  // Asked for twice, while one of the others was not.
  expect([use('c', true), use('a', true), use('c', true)]).toEqual([undefined, true, false])
  expect(use('b', true)).toBeUndefined()
  expect([cache.bytes, held.size]).toEqual([80, 2])
})

test('what may be new each time is kept from its second use on, and goes with its buffer', () => {
  const { cache, use, held } = make()
  expect([use('a'), use('a'), use('a')]).toEqual([undefined, false, true])
  cache.forget('a')
  expect([cache.bytes, held.size]).toEqual([0, 0])
  expect([use('a'), use('a')]).toEqual([undefined, false])
  cache.clear()
  expect([cache.bytes, held.size, use('a')]).toEqual([0, 0, undefined])
})
