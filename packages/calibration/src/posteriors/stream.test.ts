import { randomKey, randomWords } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { streamOf } from './stream.ts'

it('is xoshiro128++: its words by the published recurrence, in big integers', () => {
  const key = randomKey(11)
  const stream = streamOf(key)
  const mask = 2n ** 32n - 1n
  const turn = (x: bigint, by: bigint) => ((x << by) | (x >> (32n - by))) & mask
  let [a = 0n, b = 0n, c = 0n, d = 0n] = Array.from(randomWords(key, 4), BigInt)
  a |= 1n
  const word = () => {
    const out = (turn((a + d) & mask, 7n) + a) & mask
    const t = (b << 9n) & mask
    ;[c, d] = [c ^ a, d ^ b]
    ;[b, a] = [b ^ c, a ^ d]
    c ^= t
    d = turn(d, 11n)
    return out
  }
  const expected = Array.from({ length: 100 }, () => {
    const [high, low] = [word() >> 6n, word() >> 6n]
    return (Number((high << 26n) | low) + 0.5) / 2 ** 52
  })
  expect(expected.map(() => stream.uniform())).toEqual(expected)
  const [first] = expected
  expect(streamOf(key).uniform()).toBe(first)
  expect(streamOf(randomKey(12)).uniform()).not.toBe(first)
  for (const value of expected) expect(value > 0 && value < 1).toBe(true)
})

it('has the moments of uniform and normal numbers, and no correlation from one to the next', () => {
  const stream = streamOf(randomKey(4))
  const count = 200_000
  for (const draw of [() => (stream.uniform() - 0.5) * Math.sqrt(12), () => stream.normal()]) {
    const values = Array.from({ length: count }, draw)
    const mean = (of: (v: number, i: number) => number) =>
      values.reduce((sum, v, i) => sum + of(v, i), 0) / count
    const bound = 5 / Math.sqrt(count)
    expect(Math.abs(mean((v) => v))).toBeLessThan(bound)
    expect(Math.abs(mean((v) => v * v) - 1)).toBeLessThan(bound * Math.SQRT2)
    expect(Math.abs(mean((v) => v ** 3))).toBeLessThan(bound * 4)
    for (const lag of [1, 2, 3])
      expect(Math.abs(mean((v, i) => v * (values[i - lag] ?? 0)))).toBeLessThan(bound)
  }
})
