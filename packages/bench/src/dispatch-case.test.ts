import { memory } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { timeDispatch } from './dispatch-case.ts'

// Some 1 µs a call on a quiet machine, 3 with its way back. The bound is far off, and on the quickest batch, which other
// programs do not touch: so that only a mistake in kind is seen, something compiled, packed or copied in every call.
test.each(['wasm', 'reference'])(
  'a call of next to no work takes microseconds on %s, and leaves nothing',
  (device) => {
    const before = memory().tensors
    const times = timeDispatch(device, 25, 200)
    expect(times.map(({ setting }) => setting)).toEqual(['plain', 'scope', 'tape', 'tape and back'])
    for (const { setting, medianUs, leastUs } of times) {
      expect(leastUs).toBeGreaterThan(0)
      expect(medianUs).toBeGreaterThanOrEqual(leastUs)
      expect(leastUs, setting).toBeLessThan(30)
    }
    expect(memory().tensors).toBe(before)
  },
)
