import { FileFormatError, OptionError, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBFloat16, fromFloat16, toFloat16 } from './half.ts'
import { parseSafetensors, safetensorsToTensors } from './safetensors.ts'
import type { StoredTensor } from './write.ts'
import { encodeSafetensors, safetensorsPieces, writeSafetensors } from './write.ts'

/** A file of a given header (JSON text) and data. */
function fileOf(header: string, data: readonly number[] = []): Uint8Array {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  `{"a":{"dtype":${JSON.stringify(dtype)},"shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}}`

describe('half precision', () => {
  test('every float16 survives the way to float32 and back', () => {
    for (let half = 0; half < 65536; half++) {
      const value = fromFloat16(half)
      if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16(toFloat16(value)))).toBe(true)
      else if (toFloat16(value) !== half) expect.fail(`${half} came back as ${toFloat16(value)}`)
    }
  })

  test('rounds to the nearest, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const half = toFloat16(x)
        const error = Math.abs(fromFloat16(half) - x)
        const magnitude = half & 0x7fff
        if (magnitude === 0x7c00) return Math.abs(x) >= 65520
        // No neighbour is nearer; at equal distance the even one is taken.
        return [magnitude - 1, magnitude + 1].every((other) => {
          if (other < 0 || other >= 0x7c00) return true
          const distance = Math.abs(fromFloat16(other | (half & 0x8000)) - x)
          return distance > error || (distance === error && magnitude % 2 === 0)
        })
      }),
    )
    // Halfway between neighbours: between the first and second above 1, and so on; of subnormals as well.
    const ties = [1, 3, 5, 7].map((odd) => 1 + odd / 2048)
    expect(ties.map(toFloat16)).toEqual([0x3c00, 0x3c02, 0x3c02, 0x3c04])
    expect([1, 3, 5, 7].map((odd) => toFloat16(odd * 2 ** -25))).toEqual([0, 2, 2, 4])
    expect(toFloat16(65520)).toBe(0x7c00)
    expect(toFloat16(-0)).toBe(0x8000)
  })

  test('bfloat16 is the upper half of a float32', () => {
    expect(fromBFloat16(0x3fc0)).toBe(1.5)
    expect(fromBFloat16(0xff80)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('reading and writing', () => {
  test('what is written is read back', () => {
    const arrays = fc.array(
      fc.tuple(fc.string({ maxLength: 12 }), fc.float32Array({ maxLength: 9, noNaN: true })),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(arrays, (list) => {
        const entries = list.filter(([name]) => name !== '__metadata__')
        const host = Object.fromEntries(
          entries.map(([name, values]) => [name, { shape: [values.length], values }]),
        )
        const file = parseSafetensors(encodeSafetensors(host, { metadata: { a: 'ü' } }), 'x')
        expect(file.metadata).toEqual({ a: 'ü' })
        for (const [name, { values }] of Object.entries(host)) expect(file.values(name)).toEqual(values)
        expect(file.entries.length).toBe(Object.keys(host).length)
      }),
    )
  })

  test('float16 keeps 11 bits', () => {
    const file = parseSafetensors(
      writeSafetensors({ w: tensor([1 / 3, -2, 70000]) }, { dtype: 'float16' }),
      'x',
    )
    expect(file.entries[0]?.dtype).toBe('F16')
    expect(Array.from(file.values('w'))).toEqual([0.333251953125, -2, Number.POSITIVE_INFINITY])
  })

  test('F64 and BF16 are widened, and a Buffer works like an array', () => {
    const wide = parseSafetensors(
      Buffer.from(fileOf(entry('F64', [1], [0, 8]), [0, 0, 0, 0, 0, 0, 0xf8, 0x3f])),
      'x',
    )
    expect(wide.values('a')).toEqual(Float64Array.of(1.5))
    const brain = parseSafetensors(Buffer.from(fileOf(entry('BF16', [1, 1], [0, 2]), [0xc0, 0x3f])), 'x')
    const { a } = safetensorsToTensors(brain, { device: 'reference' })
    expect([a?.shape, a?.dtype, a?.dataSync()]).toEqual([[1, 1], 'float32', Float32Array.of(1.5)])
  })

  test('a tensor named __proto__ is a tensor like any other', () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    const tensors = safetensorsToTensors(parseSafetensors(fileOf(header, [0, 0, 0, 0]), 'x'), {
      device: 'reference',
    })
    expect(Object.keys(tensors)).toEqual(['__proto__'])
    const written = encodeSafetensors(Object.fromEntries([['__proto__', { shape: [1], values: [5] }]]))
    expect(parseSafetensors(written, 'x').values('__proto__')).toEqual(Float32Array.of(5))
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype)
  })
})

describe('what is written piece by piece', () => {
  const stored = (name: string, bytes: number, held = bytes): StoredTensor => ({
    name,
    dtype: 'U8',
    shape: [bytes],
    bytes,
    pieces: () => [new Uint8Array(held).fill(bytes)],
  })
  const joined = (...tensors: readonly StoredTensor[]) =>
    Uint8Array.from([...safetensorsPieces(tensors)].flatMap((piece) => [...piece]))

  test('tensors of odd lengths follow each other', () => {
    const file = parseSafetensors(joined(stored('a', 3), stored('b', 1), stored('c', 2)), 'x')
    expect(['a', 'b', 'c'].map((name) => [...file.values(name)])).toEqual([[3, 3, 3], [1], [2, 2]])
  })

  test('the data start at a multiple of 8 bytes', () => {
    for (let length = 1; length <= 9; length++) {
      const bytes = joined(stored('a'.repeat(length), 1))
      expect((bytes.length - 1) % 8).toBe(0)
    }
  })

  test.each([2, 4])('a tensor of three bytes that makes %d is an error', (held) => {
    expect(() => joined(stored('a', 3, held))).toThrow(OptionError)
    expect(() => joined(stored('a', 3, held))).toThrow(`'a' has ${held} bytes, not 3`)
  })
})

describe('element types', () => {
  const bytes = (array: ArrayBufferView) => [...new Uint8Array(array.buffer)]
  test.each<[string, number[], Float32Array | Float64Array]>([
    ['F64', bytes(Float64Array.of(0.1, -2)), Float64Array.of(0.1, -2)],
    ['F32', bytes(Float32Array.of(0.1, -2)), Float32Array.of(0.1, -2)],
    ['F16', [0, 0x3c, 1, 0x80], Float32Array.of(1, -(2 ** -24))],
    ['BF16', [0x80, 0x3f, 0x80, 0xff], Float32Array.of(1, Number.NEGATIVE_INFINITY)],
    ['F8_E4M3', [0x7e, 0x81], Float32Array.of(448, -(2 ** -9))],
    ['F8_E5M2', [0x7b, 0x81], Float32Array.of(57344, -(2 ** -16))],
    ['I64', bytes(BigInt64Array.of(-1n, 2n ** 53n)), Float64Array.of(-1, 2 ** 53)],
    ['I32', bytes(Int32Array.of(-1, 2 ** 31 - 1)), Float64Array.of(-1, 2 ** 31 - 1)],
    ['I16', bytes(Int16Array.of(-1, 32767)), Float64Array.of(-1, 32767)],
    ['I8', [255, 127], Float64Array.of(-1, 127)],
    ['U64', bytes(BigUint64Array.of(3n, 2n ** 63n)), Float64Array.of(3, 2 ** 63)],
    ['U32', bytes(Uint32Array.of(3, 2 ** 32 - 1)), Float64Array.of(3, 2 ** 32 - 1)],
    ['U16', bytes(Uint16Array.of(3, 65535)), Float64Array.of(3, 65535)],
    ['U8', [3, 255], Float64Array.of(3, 255)],
    ['BOOL', [1, 0], Float64Array.of(1, 0)],
    ['BOOL', [2, 255], Float64Array.of(1, 1)],
  ])('%s', (dtype, data, expected) => {
    const file = parseSafetensors(fileOf(entry(dtype, [2], [0, data.length]), data), 'x')
    expect(file.entries[0]?.dtype).toBe(dtype)
    expect(file.values('a')).toEqual(expected)
    expect([...file.stored('a')].flatMap((piece) => [...piece])).toEqual(data)
  })

  test('NaN of the 8-bit floats', () => {
    for (const [dtype, byte] of [
      ['F8_E4M3', 0x7f],
      ['F8_E4M3', 0xff],
      ['F8_E5M2', 0x7d],
    ] as const)
      expect(parseSafetensors(fileOf(entry(dtype, [1], [0, 1]), [byte]), 'x').values('a')).toEqual(
        Float32Array.of(Number.NaN),
      )
  })

  test('an integer tensor, or one of a type that is not read, refuses no other', () => {
    const header =
      '{"n":{"dtype":"I64","shape":[],"data_offsets":[4,12]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
      '"c":{"dtype":"C64","shape":[1],"data_offsets":[12,20]},"q":{"dtype":"Q4","shape":[3],"data_offsets":[20,22]}}'
    const data = [
      ...bytes(Float32Array.of(1)),
      ...bytes(BigInt64Array.of(5n)),
      ...new Array<number>(10).fill(0),
    ]
    const file = parseSafetensors(fileOf(header, data), 'x')
    expect(file.entries.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['n', 'I64'],
      ['a', 'F32'],
      ['c', 'C64'],
      ['q', 'Q4'],
    ])
    expect([file.values('a'), file.values('n')]).toEqual([Float32Array.of(1), Float64Array.of(5)])
    for (const name of ['c', 'q']) {
      expect(() => file.values(name)).toThrow(FileFormatError)
      expect(() => file.values(name)).toThrow(`tensor '${name}': dtype`)
    }
  })

  test('64-bit integers that float64 cannot hold are an error', () => {
    for (const [dtype, value] of [
      ['I64', 2n ** 53n + 1n],
      ['I64', -(2n ** 53n) - 1n],
      ['U64', 2n ** 64n - 1n],
    ] as const) {
      const data = bytes(BigUint64Array.of(BigInt.asUintN(64, value)))
      const file = parseSafetensors(fileOf(entry(dtype, [1], [0, 8]), data), 'x')
      expect(() => file.values('a')).toThrow(
        `tensor 'a' holds the integer ${value}, which float64 cannot hold`,
      )
    }
  })
})

describe('names that are there twice', () => {
  const one = (begin: number) => `{"dtype":"F32","shape":[1],"data_offsets":[${begin},${begin + 4}]}`
  test.each([
    ['the same place', `{"a":${one(0)},"a":${one(0)}}`, "two tensors are named 'a'"],
    ['two places', `{"a":${one(0)},"a":${one(4)}}`, "two tensors are named 'a'"],
    ['escaped', `{"a":${one(0)},"\\u0061":${one(4)}}`, "two tensors are named 'a'"],
    ['escaped quotes', `{"a\\"b":${one(0)},"a\\u0022b":${one(4)}}`, `two tensors are named 'a"b'`],
    ['empty', `{"":${one(0)},"":${one(4)}}`, "two tensors are named ''"],
    ['the metadata', '{"__metadata__":{},"__metadata__":{}}', "two tensors are named '__metadata__'"],
    ['within the metadata', '{"__metadata__":{"k":"1","k":"2"}}', "the header names 'k' twice"],
    [
      'within an entry',
      '{"a":{"dtype":"F64","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      "the header names 'dtype' twice",
    ],
    ['deeper', '{"a":{"x":[{"y":1,"\\u0079":2}]}}', "the header names 'y' twice"],
  ])('%s', (_, header, message) => {
    const data = new Array<number>(8).fill(0)
    expect(() => parseSafetensors(fileOf(header, data), 'x')).toThrow(FileFormatError)
    expect(() => parseSafetensors(fileOf(header, data), 'x')).toThrow(message)
  })

  test('in different objects, as values or within texts are none', () => {
    const header = `{"a":${one(0)},"dtype":${one(4)},"__metadata__":{"a":"a","b":"a","c":"{\\"a\\":1,\\"a\\":2}"}}`
    expect(parseSafetensors(fileOf(header, new Array<number>(8).fill(0)), 'x').entries.length).toBe(2)
  })
})

describe('files that are not in order', () => {
  const absurd = new Uint8Array(16).fill(0xff)
  /** An empty object, of which the file says that it is so long. */
  const headerOf = (length: number) => {
    const bytes = fileOf('{}')
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
    return bytes
  }
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'truncated: 0 bytes, the file is empty'],
    ['seven bytes', new Uint8Array(7), 'truncated: 7 bytes'],
    ['absurd header length', absurd, 'is absurd'],
    ['header of 100 MB and a byte', headerOf(100_000_001), 'header length 100000001 is absurd'],
    ['header of 4 GiB and two bytes', headerOf(2 ** 32 + 2), 'header length 4294967298 is absurd'],
    ['no header', fileOf(''), 'no room for JSON'],
    ['cut header', fileOf(entry('F32', [1], [0, 4])).subarray(0, 20), 'truncated: the header needs'],
    ['not JSON', fileOf('{"a":'), 'not JSON'],
    ['not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), 'not JSON'],
    ['a list', fileOf('[]'), 'must be a JSON object'],
    ['no entry', fileOf('{"a":3}'), "tensor 'a': expected an object"],
    ['negative extent', fileOf(entry('F32', [-1], [0, 4])), 'non-negative integers'],
    ['fractional extent', fileOf(entry('F32', [1.5], [0, 6])), 'non-negative integers'],
    ['overflowing shape', fileOf(entry('F32', [2 ** 52, 2 ** 52], [0, 4])), 'needs'],
    ['backward offsets', fileOf(entry('F32', [1], [4, 0])), 'begin ≤ end'],
    [
      'offset and shape disagree',
      fileOf(entry('F32', [2], [0, 4]), [0, 0, 0, 0]),
      'needs 8 bytes, data_offsets give 4',
    ],
    ['data cut', fileOf(entry('F32', [1], [0, 4]), [0, 0]), "truncated: tensor 'a' ends"],
    ['data left over', fileOf(entry('F32', [1], [0, 4]), [0, 0, 0, 0, 0]), '1 bytes at the end'],
    ['gap', fileOf(entry('F32', [1], [1, 5]), [0, 0, 0, 0, 0]), "1 bytes before tensor 'a'"],
    ['metadata', fileOf('{"__metadata__":{"a":1}}'), "__metadata__ must map names to strings, but 'a' is 1"],
    ['metadata of objects', fileOf('{"__metadata__":{"a":{}}}'), "'a' is an object"],
    ['metadata that is a list', fileOf('{"__metadata__":[]}'), 'got []'],
    ['dtype that is an object', fileOf('{"a":{"dtype":{"toString":1}}}'), 'the dtype must be a string'],
    ['65 levels', fileOf(`${'{"a":'.repeat(65)}0${'}'.repeat(65)}`), 'nests deeper than 64 levels'],
    ['64 levels', fileOf(`${'{"a":'.repeat(64)}0${'}'.repeat(64)}`), 'the dtype must be a string'],
    ['65 axes', fileOf(entry('F32', new Array(65).fill(1), [0, 4]), [0, 0, 0, 0]), '65 axes; at most 64'],
    [
      'overlap',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}',
        [0, 0, 0, 0, 0, 0],
      ),
      "'a' and 'b' overlap",
    ],
  ])('%s', (_, bytes, message) => {
    const error = catchError(() => parseSafetensors(bytes, 'bad.safetensors'))
    expect(error).toBeInstanceOf(FileFormatError)
    expect((error as FileFormatError).file).toBe('bad.safetensors')
    expect((error as FileFormatError).message).toContain(message)
  })

  test('flipped bytes and cuts never do worse than FileFormatError', () => {
    const good = writeSafetensors(
      {
        'conv.weight': tensor([
          [1, 2],
          [3, 4],
        ]),
        'conv.bias': tensor([5, 6]),
      },
      { metadata: { k: 'v' } },
    )
    const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(flips, fc.nat(good.length), (changes, length) => {
        const bytes = good.slice()
        for (const [at, by] of changes) bytes[at]! ^= by
        for (const candidate of [bytes, bytes.subarray(0, length)]) {
          const error = catchError(() =>
            safetensorsToTensors(parseSafetensors(candidate, 'x'), { device: 'reference' }),
          )
          if (error !== undefined) expect(error).toBeInstanceOf(FileFormatError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}
