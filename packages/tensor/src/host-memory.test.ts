import { expect, test } from 'vitest'
import { OptionError, OutOfMemoryError } from './errors.ts'
import { hostArray, longestHostBytes, requireHostRoom } from './host-memory.ts'

test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 2 ** 53])(
  '%d is no length of an array',
  (length) => {
    expect(() => hostArray('host', Float32Array, length)).toThrow(OptionError)
  },
)

test('an array may have less than 2 GiB, and is not asked for where it has more', () => {
  expect(hostArray('host', Float64Array, 3)).toEqual(new Float64Array(3))
  expect(() => requireHostRoom('host', longestHostBytes)).not.toThrow()
  expect(() => requireHostRoom('host', longestHostBytes + 1)).toThrow(OutOfMemoryError)
  // In elements of 8 bytes.
  expect(() => hostArray('host', Float64Array, 2 ** 28)).toThrow(OutOfMemoryError)
})
