import { arange, scope, tensor, zeros } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { downsample } from './resample.ts'

test.each([
  ['where nothing is said, zeros lie on all sides', [], [0, 2, 8, 10]],
  ['padding 1 is that', [1], [0, 2, 8, 10]],
  ['padding 0: zeros at the end only', [0], [5, 7, 13, 15]],
] as const)('downsampling: %s', (_, padding, centres) => {
  scope(() => {
    const middle = tensor([
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]).reshape([1, 1, 3, 3])
    const params = { 'd.conv.weight': middle, 'd.conv.bias': zeros([1]) }
    const image = arange(16).reshape([1, 1, 4, 4])
    expect([...downsample(params, 'd', image, ...padding).dataSync()]).toEqual(centres)
  })
})
