import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNpy } from './npy.ts'
import type { NpyInput } from './npy-write.ts'
import { writeNpy, writeNpz } from './npy-write.ts'
import { parseNpz } from './npz.ts'
import { parseZip } from './zip.ts'

const folder = join(import.meta.dirname, '../../../../tests/fixtures/checkpoints')
const fixture = (name: string) => readFileSync(join(folder, name))

describe('what NumPy wrote', () => {
  const zip = parseZip(fixture('kinds.npz'), 'kinds.npz')
  const kinds = zip.names.filter((name) => name.includes('-'))
  test('covers eight types in two byte orders and four of one byte', () => expect(kinds.length).toBe(42))

  test.each(kinds)('%s', (name) => {
    const [, code] = /-(\w+)-/.exec(name) ?? []
    const { shape, dtype, values } = parseNpy(zip.read(name), name)
    expect(shape).toEqual([2, 3])
    const types = { f8: 'F64', f4: 'F32', f2: 'F16', b1: 'BOOL' } as Record<string, string>
    expect(dtype).toBe(types[code!] ?? `${code![0]!.toUpperCase()}${8 * Number(code!.slice(1))}`)
    const expected = [0, 1, 2, 3, 4, 5].map((i) => (code === 'b1' ? i % 2 : code![0] === 'u' ? i : i - 3))
    expect(values()).toEqual(
      dtype === 'F32' || dtype === 'F16' ? Float32Array.from(expected) : Float64Array.from(expected),
    )
  })

  test.each([
    ['complex', 'complex numbers'],
    ['text', 'text or raw bytes'],
    ['structured', 'a structured type'],
  ])('%s is refused by name', (name, message) => {
    const read = () => parseNpy(zip.read(`${name}.npy`), `${name}.npy`)
    expect(read).toThrow(FileFormatError)
    expect(read).toThrow(message)
  })
})

describe('what is written', () => {
  const arrays: Readonly<Record<string, NpyInput>> = {
    float32: { shape: [2, 3], values: Float32Array.from({ length: 6 }, (_, i) => i / 4) },
    float64: { shape: [2], values: Float64Array.of(0, 1 / 3) },
    int32: { shape: [], values: [-7], dtype: 'int32' },
    bool: { shape: [2, 1], values: [5, 0], dtype: 'bool' },
    empty: { shape: [0, 3], values: [] },
  }

  test.each(Object.keys(arrays))("%s has the bytes of numpy.save's", (name) => {
    const expected = parseZip(fixture('saved.npz'), 'saved.npz').read(`${name}.npy`)
    expect(Buffer.from(writeNpy(arrays[name]!)).equals(expected)).toBe(true)
  })

  test('toward bool all but 0 is true', () => {
    const bytes = writeNpy({ shape: [4], values: [-1, Number.NaN, 0, 0.5], dtype: 'bool' })
    expect([...bytes.subarray(-4)]).toEqual([1, 1, 0, 1])
  })

  test('an npz comes back', () => {
    const source = parseNpz(writeNpz({ ...arrays, ünï: { shape: [1], values: [2] } }), 'x.npz')
    expect(source.entries.map(({ name, shape, dtype }) => [name, shape, dtype])).toEqual([
      ['float32', [2, 3], 'F32'],
      ['float64', [2], 'F64'],
      ['int32', [], 'I32'],
      ['bool', [2, 1], 'BOOL'],
      ['empty', [0, 3], 'F32'],
      ['ünï', [1], 'F32'],
    ])
    expect(source.values('float64')).toEqual(arrays['float64']!.values)
    expect(source.values('bool')).toEqual(Float64Array.of(1, 0))
  })

  test('any float array comes back, its data at a multiple of 64 bytes', () => {
    const shapes = fc.array(fc.nat(3), { maxLength: 5 })
    fc.assert(
      fc.property(shapes, fc.nat(), fc.boolean(), (shape, seed, wide) => {
        const size = shape.reduce((product, extent) => product * extent, 1)
        const list = Array.from({ length: size }, (_, i) => Math.sin(seed + i))
        const values = wide ? Float64Array.from(list) : Float32Array.from(list)
        const bytes = writeNpy({ shape, values })
        expect((bytes.length - values.byteLength) % 64).toBe(0)
        const back = parseNpy(bytes, 'x')
        expect(back.shape).toEqual(shape)
        expect(back.values()).toEqual(values)
      }),
    )
  })

  test('a header beyond 64 kB is of format 2.0', () => {
    // No array has so many axes; what is tried is the field of the length.
    const bytes = writeNpy({ shape: new Array(30000).fill(1), values: [3] })
    expect([...bytes.subarray(6, 8)]).toEqual([2, 0])
    expect(() => parseNpy(bytes, 'x')).toThrow('30000 axes; at most 64')
  })

  test.each([[[2]], [[-1]], [[0.5, 2]]])('values that do not fit %j are refused', (shape) => {
    expect(() => writeNpy({ shape, values: [1] })).toThrow(OptionError)
  })
})

test('the shape that Python 2 wrote', () => {
  const bytes = writeNpy({ shape: [2, 1], values: [1, 2] })
  const text = Buffer.from(bytes.buffer).toString('latin1').replace('(2, 1), }', '(2L, 1L)}')
  expect(parseNpy(Buffer.from(text, 'latin1'), 'x').shape).toEqual([2, 1])
})

test('64-bit integers that float64 cannot hold are an error, others are exact', () => {
  const file = (value: bigint) => {
    const bytes = writeNpy({ shape: [1], values: Float64Array.of(0) })
    const view = new DataView(bytes.buffer, bytes.length - 8)
    view.setBigInt64(0, value, true)
    bytes.set(new TextEncoder().encode('<i8'), 21)
    return parseNpy(bytes, 'x.npy')
  }
  for (const value of [2n ** 53n, -(2n ** 63n), 2n ** 53n + 2n])
    expect(file(value).values()).toEqual(Float64Array.of(Number(value)))
  expect(() => file(2n ** 53n + 1n).values()).toThrow('9007199254740993, which float64 cannot hold')
})
