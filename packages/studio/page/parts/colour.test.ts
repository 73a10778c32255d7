import { expect, test } from 'vitest'
import { partsOf } from './colour.ts'

test('colours of style sheets, long and short', () => {
  expect(partsOf('#1f5fbf')).toEqual([31, 95, 191])
  expect(partsOf('#fff')).toEqual([255, 255, 255])
  expect(partsOf('#0a3')).toEqual([0, 170, 51])
})
