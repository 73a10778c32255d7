import { OptionError } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { Io } from '../../io.ts'
import { whitePrior } from '../../testing.test.helper.ts'
import { demoPhotographs } from '../demo/photographs.ts'
import type { TruthSource } from './images-truth.ts'
import { isOfPhotographs, truthsOf } from './images-truth.ts'

const io: Io = {
  cwd: '',
  out: () => undefined,
  err: () => undefined,
  terminal: undefined,
  color: false,
  signal: new AbortController().signal,
}
const [height, width] = [24, 40]
const asked = (truth: TruthSource, shape: readonly number[], prior = 'white') =>
  truthsOf(io, whitePrior(shape), { truth, prior, pictures: 4 })

test('squares of photographs are parts of them, each seed others', async () => {
  const { of, words } = await asked('photographs', [3, height, width])
  expect(words).toBe('squares of three held-out photographs')
  using first = await of(0)
  using again = await of(0)
  using other = await of(1)
  expect(first.shape).toEqual([4, 3, height, width])
  expect(again.dataSync()).toEqual(first.dataSync())
  expect(other.dataSync()).not.toEqual(first.dataSync())
  const photographs = (await demoPhotographs()).map(({ picture }) => picture)
  const values = first.dataSync()
  // The first photograph again, at another place.
  const size = 3 * height * width
  expect(values.slice(3 * size)).not.toEqual(values.slice(0, size))
  for (let n = 0; n < 4; n++) {
    const photograph = photographs[n % 3]!
    const at = (c: number, y: number, x: number) =>
      Math.fround(2 * photograph.data[(c * 256 + y) * 256 + x]! - 1)
    const cut = (c: number, y: number, x: number) => values[((n * 3 + c) * height + y) * width + x]
    const isAt = (top: number, left: number) => {
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) if (cut(c, y, x) !== at(c, top + y, left + x)) return false
      return true
    }
    let places = 0
    for (let top = 0; top <= 256 - height; top++)
      for (let left = 0; left <= 256 - width; left++) if (isAt(top, left)) places++
    expect(places).toBe(1)
  }
})

test('what the pictures are follows from the prior', async () => {
  const words = async (shape: readonly number[], prior?: string) => (await asked('auto', shape, prior)).words
  expect(await words([1, 28, 28])).toBe('held-out digits')
  expect(await words([1, 28, 28], 'xray')).toBe('draws of the prior white, 100 steps')
  expect(await words([3, 32, 32], 'photos@32')).toBe('squares of three held-out photographs')
  expect(await words([3, 32, 32], 'mine')).toBe('draws of the prior white, 100 steps')
  expect(['photos', 'photos@64', 'photos:grey', 'my-photos', 'photos2'].map(isOfPhotographs)).toEqual([
    ...[true, true, false, false, false],
  ])
})

test('pictures of another size than the prior’s are refused', async () => {
  await expect(asked('digits', [3, 32, 32])).rejects.toThrow(OptionError)
  await expect(asked('photographs', [1, 28, 28])).rejects.toThrow(/--truth: photographs are \[3, H, W\]/)
  await expect(asked('photographs', [3, 257, 64])).rejects.toThrow(/of 256 pixels at most/)
})
