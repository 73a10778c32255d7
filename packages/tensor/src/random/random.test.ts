import { describe, expect, it } from 'vitest'
import { normal, randomIntegers, randomKey, randomPermutation, uniform } from '../index.ts'
import { philox4x32 } from './philox.ts'

describe('philox4x32-10', () => {
  // Known answers published with Random123 (kat_vectors).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j, key %j', (c, k, expected) => {
    const out = new Uint32Array(4)
    philox4x32(c[0]!, c[1]!, c[2]!, c[3]!, k[0]!, k[1]!, out, 0)
    expect([...out]).toEqual(expected)
  })
})

describe('draws', () => {
  const key = randomKey(2024)

  it('a batch of k equals k single draws, in any order', () => {
    const keys = [0, 1, 2].map((i) => key.fold(i))
    const batch = normal(keys, [5]).dataSync()
    const singles = [2, 1, 0].map((i) => normal(keys[i]!, [5]).dataSync()).reverse()
    expect([...batch]).toEqual(singles.flatMap((s) => [...s]))
  })

  it('streams of different names, numbers and seeds differ', () => {
    const first = [
      key,
      randomKey(2025),
      randomKey(2024 + 2 ** 32),
      key.fold(0),
      key.fold(1),
      key.fold('a'),
      key.fold('b'),
      key.fold('abcdabcd'),
      key.fold('abcd'),
      key.fold(0).fold(0),
    ].map((k) => uniform(k, [1]).dataSync()[0])
    expect(new Set(first).size).toBe(first.length)
  })

  it('have the moments of their law', () => {
    const n = 200_000
    const z = normal(key, [n], { dtype: 'float64' }).dataSync()
    const moment = (p: number) => Array.from(z).reduce((sum, x) => sum + x ** p, 0) / n
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n))
    const u = uniform(key, [n]).dataSync()
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true)
    const integers = randomIntegers(key, 7, 70_000)
    for (let v = 0; v < 7; v++)
      expect(Math.abs(integers.filter((i) => i === v).length - 10_000)).toBeLessThan(400)
    expect([...randomPermutation(key, 100)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    )
  })
})
