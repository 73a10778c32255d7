import { expect, test } from 'vitest'
import { sharedPath } from './shared.ts'

test('a missing shared file has no path', () => {
  expect(sharedPath('no', 'such', 'file')).toBeUndefined()
})
