import { expect, test, vi } from 'vitest'
import { release } from './buffer.ts'

/** A result on WebGPU, as gpu.js makes it: shared by the kernel that filled it. */
function result() {
  const buffer = { shares: 2, destroy: vi.fn() }
  const kernel: { outputBuffer: unknown } = { outputBuffer: buffer }
  const handle = {
    ...{ buffer, kernel },
    delete() {
      if (--buffer.shares === 0) buffer.destroy()
    },
  }
  return { buffer, kernel, handle }
}

test('a result that its kernel alone still holds is given back', () => {
  const { buffer, kernel, handle } = result()
  release(handle)
  expect(buffer.destroy).toHaveBeenCalledTimes(1)
  expect(kernel.outputBuffer).toBeNull()
})

test('the latest result of a kernel stays where an earlier one is freed', () => {
  const [earlier, later] = [result(), result()]
  earlier.buffer.shares-- // the kernel has run again
  const handle = { ...earlier.handle, kernel: later.kernel }
  release(handle)
  expect(earlier.buffer.destroy).toHaveBeenCalledTimes(1)
  expect(later.buffer.destroy).not.toHaveBeenCalled()
  expect(later.kernel.outputBuffer).toBe(later.buffer)
})
