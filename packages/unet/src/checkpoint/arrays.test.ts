import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ElementType } from './arrays.ts'
import { bytesPerStored, decodePieces, elementTypes, gatherStored, isContiguous, sizeOf } from './arrays.ts'
import { joinPieces, memorySource, rangePieces, slicePieces } from './bytes.ts'
import { negated } from './negate.ts'
import { readRareElements } from './rare-elements.ts'

/** The same bytes cut at some places. */
function* cut(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let from = 0
  for (const place of [...places].map((p) => p % (bytes.length + 1)).sort((a, b) => a - b)) {
    yield bytes.slice(from, place)
    from = place
  }
  yield bytes.slice(from)
}

/** Bytes whose 64-bit integers float64 holds. */
const bytesOf = (type: ElementType, count: number, seed: number) =>
  Uint8Array.from({ length: count * bytesPerStored(type) }, (_, i) =>
    type.endsWith('64') && type !== 'F64' && i % 8 > 5 ? 0 : (seed + i * 97 + (i >> 8)) % 256,
  )

readRareElements()

describe('elements in pieces', () => {
  test.each(elementTypes())('%s: any cuts give the same', (type) => {
    const places = fc.array(fc.nat(), { maxLength: 12 })
    fc.assert(
      fc.property(fc.nat(9), fc.nat(255), places, (count, seed, cuts) => {
        const bytes = bytesOf(type, count, seed)
        const whole = decodePieces([bytes], type, count, expect.fail)
        expect(whole.length).toBe(count)
        expect(decodePieces(cut(bytes, cuts), type, count, expect.fail)).toEqual(whole)
      }),
    )
  })

  test.each(elementTypes())('%s: many elements are read as few are', (type) => {
    const count = 2 ** 16
    const bytes = bytesOf(type, count, 3)
    const width = bytesPerStored(type)
    const many = decodePieces(cut(bytes, [1, 4097, 99999]), type, count, expect.fail)
    for (let i = 0; i < count; i += 1021)
      expect(many[i]).toEqual(
        decodePieces([bytes.subarray(i * width, (i + 1) * width)], type, 1, expect.fail)[0],
      )
  })

  test('ranges, slices and their joins', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
    const source = memorySource(bytes)
    for (const pieceLength of [1, 7, 64, 200]) {
      const pieces = () => rangePieces(source, 10, 80, pieceLength)
      expect(joinPieces(pieces(), 80)).toEqual(bytes.slice(10, 90))
      expect(joinPieces(slicePieces(pieces(), 5, 30), 30)).toEqual(bytes.slice(15, 45))
    }
  })

  test('a slice reads all pieces, so that what is checked at their end is checked', () => {
    function* checked() {
      yield Uint8Array.of(1, 2)
      throw new Error('damaged')
    }
    expect(() => [...slicePieces(checked(), 0, 1)]).toThrow('damaged')
  })
})

test('strided elements, with axes of one and none', () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => i)
  expect([...gatherStored(bytes, 2, { shape: [2, 1, 2], strides: [1, 99, 3], offset: 1 })]).toEqual([
    2, 3, 8, 9, 4, 5, 10, 11,
  ])
  expect(gatherStored(bytes, 2, { shape: [2, 0], strides: [1, 1], offset: 0 }).length).toBe(0)
  expect(isContiguous({ shape: [2, 1, 3], strides: [3, 7, 1] })).toBe(true)
  expect(isContiguous({ shape: [2, 3], strides: [1, 2] })).toBe(false)
  expect(isContiguous({ shape: [3], strides: [0] })).toBe(false)
  expect(sizeOf([2 ** 53, 2 ** 53, ...new Array<number>(60).fill(2 ** 53), 0])).toBe(0)
})

test('negated elements, however they are cut', () => {
  const negate = (type: ElementType, bytes: Uint8Array, cuts: readonly number[]) => [
    ...decodePieces(negated(cut(bytes, cuts), type), type, 4, expect.fail),
  ]
  for (const cuts of [[], [1], [3, 4, 5]]) {
    const integers = new Uint8Array(BigInt64Array.of(0n, 5n, -256n, 2n ** 40n).buffer)
    expect(negate('I64', integers, cuts).map((v) => v + 0)).toEqual([0, -5, 256, -(2 ** 40)])
    const floats = new Uint8Array(Float32Array.of(0, 1.5, -2, Number.POSITIVE_INFINITY).buffer)
    expect(negate('F32', floats, cuts)).toEqual([-0, -1.5, 2, Number.NEGATIVE_INFINITY])
  }
})
