import { describe, expect, it } from 'vitest'
import type { Key } from '../index.ts'
import {
  normal,
  randomIntegers,
  randomKey,
  randomPermutation,
  randomUnits,
  randomWords,
  uniform,
} from '../index.ts'

// Known answers, worked out apart in Python from the description of the streams: a change to any of them changes every
// seeded result.
const key = randomKey(2024)
const hex = (words: Iterable<number>) =>
  Array.from(words, (word) => word.toString(16).padStart(8, '0')).join(' ')

describe('seeded streams stay as they are', () => {
  it('words: block number in the counter, seed in the key', () => {
    expect(hex(randomWords(key, 6))).toBe('9a8b6b73 44c09046 fc0ea9b9 15668c92 58a614ef 6f96c472')
    expect(hex(randomWords(randomKey(2 ** 53 - 1), 2))).toBe('52a9a061 90bc1c93')
  })

  it.each([
    [0, '0c318180 80cdb4f3'],
    [3, '117e23ba 241f8026'],
    [2 ** 40 + 5, '6b3a9e69 e4669b9d'],
    ['', '26bfa7a0 2fb09452'],
    ['noise', '22aaec17 18242064'],
    ['step', 'a280a3e3 479d4e76'],
    ['a longer name', '6ee4dd7d 710b2e80'],
  ])('fold(%j)', (by, words) => {
    expect(hex(key.fold(by).words)).toBe(words)
  })

  it('folds in the order they are called', () => {
    expect(hex(key.fold('noise').fold(3).words)).toBe('65f9378b 6a585b54')
    expect(hex(key.fold(3).fold('noise').words)).toBe('908447e9 53949434')
  })

  it('uniform, normal, integers and permutations', () => {
    const units = Array.from(uniform(key, [5]).dataSync(), (u) => u * 2 ** 24)
    expect(units).toEqual([10128235, 4505744, 16518825, 1402508, 5809684])
    // cos and sin may differ in the last digit between engines.
    const expected = [
      -0.11691734837670108, 0.9978575345394028, 0.15243760585751545, 0.08834568595784817, -1.3398119613664359,
    ]
    const drawn = normal(key, [5], { dtype: 'float64' }).dataSync()
    for (const [i, z] of expected.entries()) expect(drawn[i]).toBeCloseTo(z, 14)
    expect([...randomIntegers(key, 10, 12)]).toEqual([5, 4, 5, 4, 3, 6, 4, 2, 8, 3, 9, 0])
    expect([...randomUnits(key, 3)]).toEqual([0.6036898762147322, 0.9845987393249748, 0.3462842068252838])
    const large = [982215539, 1153470534, 359042194, 1487279343, 261538930]
    expect([...randomIntegers(key, 1610612736, 5)]).toEqual(large)
    expect([...randomPermutation(key, 10)]).toEqual([8, 5, 7, 3, 2, 9, 4, 1, 0, 6])
  })
})

describe('the laws of integers and permutations', () => {
  it('names that differ in their zeros or in their length alone are other streams', () => {
    const names = ['', '\0', '\0\0', 'a', 'a\0', 'a\0\0\0', 'a\0\0\0\0', 'abcd', 'abcd\0']
    expect(new Set(names.map((name) => hex(key.fold(name).words))).size).toBe(names.length)
  })

  it('integers reject the words beyond the last whole multiple', () => {
    // 2³² is 2⅔ times this: without rejection the first two thirds would come up three times in eight each.
    const below = 1.5 * 2 ** 30
    const words = Array.from(randomWords(key, 4000)).filter((word) => word < 2 * below)
    const integers = Array.from(randomIntegers(key, below, 2000))
    // The first 2008 words hold some 1500 that fit; those of other keys follow.
    expect(integers.slice(0, 1400)).toEqual(words.slice(0, 1400).map((word) => word % below))
    for (let third = 0; third < 3; third++) {
      const share = integers.filter((v) => Math.floor(v / 2 ** 29) === third).length / 2000
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.03)
    }
    const many = randomIntegers(key, 2 ** 30 + 1, 1000)
    expect(new Set(many).size).toBe(1000)
    expect(many.every((v) => v >= 0 && v <= 2 ** 30)).toBe(true)
  })

  it('all permutations are equally likely, those that leave elements where they are included', () => {
    const keys: Key[] = Array.from({ length: 24_000 }, (_, i) => key.fold(i))
    const counts = new Map<string, number>()
    for (const one of keys) {
      const order = randomPermutation(one, 4).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    // Of 1000 each, with a standard deviation of 31; a shuffle with a bias of one in 256 places has some off by 250.
    for (const [order, count] of counts) expect(Math.abs(count - 1000), order).toBeLessThan(150)
    expect([...randomPermutation(key, 1)]).toEqual([0])
    expect([...randomPermutation(key, 0)]).toEqual([])
  })
})
