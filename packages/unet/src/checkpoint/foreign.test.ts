import { FileFormatError } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32 } from './crc32.ts'
import { parseNpy } from './npy.ts'
import { parseNpz } from './npz.ts'
import { swapped } from './swap.ts'
import { parseTorch } from './torch.ts'
import { parseZip } from './zip.ts'
import { zipOf } from './zip-writer.test.helper.ts'

const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => (typeof p === 'number' ? [p] : [...p].map((c) => c.charCodeAt(0)))))
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const text = (s: string): (string | number)[] => ['X', s.length, 0, 0, 0, s]

/** How torch pickles a float32 tensor on a storage of four elements. */
const tensor = (size: number[], stride: number[], offset = 0, storage = 'torch\nFloatStorage\n') => [
  'ctorch._utils\n_rebuild_tensor_v2\n((',
  ...text('storage'),
  'c',
  storage,
  ...text('0'),
  ...text('cuda:0'),
  'K',
  4,
  'tQK',
  offset,
  '(',
  ...size.flatMap((n) => ['K', n]),
  't(',
  ...stride.flatMap((n) => ['K', n]),
  't\x89ccollections\nOrderedDict\n)RtR',
]
const stateDict = (...items: (string | number)[]) => [
  0x80,
  2,
  'ccollections\nOrderedDict\n)R(',
  ...items,
  'u.',
]
const torchFile = (pickle: (string | number)[], data = floats(1, 2, 3, 4), deflate = false) =>
  zipOf({ 'm/data.pkl': bytes(...pickle), 'm/byteorder': bytes('little'), 'm/data/0': data }, { deflate })
const good = torchFile(stateDict(...text('w'), ...tensor([2, 2], [1, 2])))

const header = (description: string) => {
  const line = `${description}\n`
  return [0x93, 'NUMPY', 1, 0, line.length, 0, line]
}
const npy = (descr: string, order: string, shape: string, data: Uint8Array) =>
  bytes(...header(`{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`), ...data)

describe('what is read', () => {
  test('a state dict, in the order of its strides', () => {
    const source = parseTorch(good, 'm.pt')
    expect(source.entries).toEqual([{ name: 'w', shape: [2, 2], dtype: 'F32' }])
    expect(source.values('w')).toEqual(Float32Array.of(1, 3, 2, 4))
  })

  test('a part of a storage, alone in it or beside another part', () => {
    const tail = [...text('tail'), ...tensor([3], [1], 1)]
    expect(parseTorch(torchFile(stateDict(...tail)), 'm.pt').values('tail')).toEqual(Float32Array.of(2, 3, 4))
    const both = parseTorch(torchFile(stateDict(...tail, ...text('last'), ...tensor([1], [1], 3))), 'm.pt')
    expect([both.values('tail'), both.values('last')]).toEqual([Float32Array.of(2, 3, 4), Float32Array.of(4)])
  })

  test('parts of one storage, deflated or not, in any order', () => {
    const parts = { a: [1, 2], b: [2, 3, 4], c: [3] }
    const tensors = Object.entries(parts).flatMap(([name, [first = 1, ...rest]]) => [
      ...text(name),
      ...tensor([1 + rest.length], [1], first - 1),
    ])
    for (const deflate of [false, true])
      for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
        const file = parseTorch(torchFile(stateDict(...tensors), floats(1, 2, 3, 4), deflate), 'm.pt')
        const read = Object.fromEntries([...order].map((name) => [name, [...file.values(name)]]))
        expect(read, `${order} of a ${deflate ? 'deflated' : 'stored'} file`).toEqual(parts)
      }
  })

  test('a state dict within a dictionary, and what is no tensor beside it', () => {
    const inner = ['}(', ...text('b'), ...tensor([2], [1], 1), 'u']
    const pickle = [0x80, 2, '}(', ...text('epoch'), 'K', 3, ...text('model'), ...inner, 'u.']
    const source = parseTorch(torchFile(pickle), 'm.pt')
    expect(source.entries.map(({ name }) => name)).toEqual(['model.b'])
    expect(source.values('model.b')).toEqual(Float32Array.of(2, 3))
  })

  test('half precision is widened', () => {
    const pickle = stateDict(...text('w'), ...tensor([1], [1], 1, 'torch\nBFloat16Storage\n'))
    const data = Uint8Array.from([0, 0, 0xc0, 0x3f, 0, 0, 0, 0])
    expect(parseTorch(torchFile(pickle, data), 'm.pt').values('w')).toEqual(Float32Array.of(1.5))
  })

  test.each([
    ['FloatStorage', 4, [1.5, -2, 3.25, 0]],
    ['DoubleStorage', 8, [1.5, -2, 3.25, 0]],
    ['HalfStorage', 2, [1.5, -2, 3.25, 0]],
    ['ByteStorage', 1, [1, 2, 3, 255]],
  ] as const)('%s, highest byte first', (storage, width, values) => {
    const data = new DataView(new ArrayBuffer(4 * width))
    const halves = [0x3e00, 0xc000, 0x4280, 0]
    values.forEach((value, i) => {
      if (width === 1) data.setUint8(i, value)
      else if (width === 2) data.setUint16(2 * i, halves[i]!)
      else if (width === 4) data.setFloat32(4 * i, value)
      else data.setFloat64(8 * i, value)
    })
    for (const [shape, strides, offset, wanted] of [
      [[4], [1], 0, values],
      [[2, 2], [1, 2], 0, [0, 2, 1, 3].map((i) => values[i])],
      [[2], [1], 1, values.slice(1, 3)],
    ] as [number[], number[], number, number[]][]) {
      const pickle = stateDict(...text('w'), ...tensor(shape, strides, offset, `torch\n${storage}\n`))
      const files = {
        'data.pkl': bytes(...pickle),
        byteorder: bytes('big'),
        'data/0': new Uint8Array(data.buffer),
      }
      for (const deflate of [false, true])
        expect([...parseTorch(zipOf(files, { deflate }), 'f').values('w')]).toEqual(wanted)
    }
  })

  test('numbers highest byte first, in pieces of any length', () => {
    const whole = bytes(1, 2, 3, 4, 5, 6, 7, 8)
    for (let cut = 0; cut <= 8; cut++)
      for (const width of [1, 2, 4, 8]) {
        const out = [...swapped([whole.subarray(0, cut), whole.subarray(cut)], width)].flatMap((p) => [...p])
        const wanted = Array.from({ length: 8 }, (_, i) => whole[i - (i % width) + width - 1 - (i % width)])
        expect(out).toEqual(wanted)
      }
  })

  test('npz, stored and deflated, in either order', () => {
    const files = {
      'a.npy': npy('<f4', 'False', '(2, 2)', floats(1, 2, 3, 4)),
      'b.npy': npy('<f4', 'True', '(2, 2)', floats(1, 2, 3, 4)),
      'c.npy': npy('<i8', 'False', '()', Uint8Array.from([254, 255, 255, 255, 255, 255, 255, 255])),
    }
    for (const deflate of [false, true]) {
      const source = parseNpz(zipOf(files, { deflate }), 'x.npz')
      expect(source.entries.map(({ name, shape }) => [name, shape])).toEqual([
        ['a', [2, 2]],
        ['b', [2, 2]],
        ['c', []],
      ])
      expect(source.values('a')).toEqual(Float32Array.of(1, 2, 3, 4))
      expect(source.values('b')).toEqual(Float32Array.of(1, 3, 2, 4))
      expect(source.values('c')).toEqual(Float64Array.of(-2))
    }
  })

  test('an archive whose entries have comments', () => {
    const files = {
      'a.npy': npy('<f4', 'False', '(1,)', floats(1)),
      'b.npy': npy('<f4', 'False', '(1,)', floats(2)),
    }
    const source = parseNpz(zipOf(files, { comment: 'by hand' }), 'x.npz')
    expect(source.entries.map(({ name }) => [name, ...source.values(name)])).toEqual([
      ['a', 1],
      ['b', 2],
    ])
  })

  test("CRC-32 gives the standard's check value", () => expect(crc32(bytes('123456789'))).toBe(0xcbf43926))
})

describe('hostile files are refused', () => {
  const one = { a: bytes('abc') }
  const damaged = zipOf(one)
  damaged[31]! ^= 1
  const zipRead = (file: Uint8Array) => () => parseZip(file, 'f').read('a')
  const torch =
    (...pickle: (string | number)[]) =>
    () =>
      parseTorch(torchFile(pickle), 'f')
  const torchValues =
    (...pickle: (string | number)[]) =>
    () =>
      parseTorch(torchFile(pickle), 'f').values('w')
  const w = (...args: Parameters<typeof tensor>) => stateDict(...text('w'), ...tensor(...args))

  /** An archive of two files, the second of which is said to start where the first does, or within it. */
  const shared = (by: number) => () => {
    const file = zipOf({ a: bytes('abc'), b: bytes('abc') })
    const view = new DataView(file.buffer)
    const second = view.getUint32(file.length - 6, true) + 47
    view.setUint32(second + 42, by, true)
    return parseZip(file, 'f')
  }

  test.each<[string, () => unknown, string]>([
    ['files that share a header', shared(0), "'a' and 'b' overlap"],
    ['a file within another', shared(10), "'a' and 'b' overlap"],
    ['a file within the directory', shared(80), "'b' reaches beyond the end of the files"],
    ['no zip', zipRead(bytes('hello')), 'not a zip archive'],
    ['checksum', zipRead(damaged), 'is damaged'],
    ['encrypted', zipRead(zipOf(one, { flags: 1 })), 'is encrypted'],
    ['other compression', zipRead(zipOf(one, { method: 12 })), 'method 12'],
    ['stored size that differs', zipRead(zipOf(one, { size: 4 })), 'has 3 bytes, not 4'],
    ['absurd inflated size', zipRead(zipOf(one, { deflate: true, size: 2 ** 31 })), 'absurd'],
    ['deflate that is none', zipRead(zipOf({ a: bytes(7, 7, 7) }, { method: 8 })), "'a'"],
    ['no pickle', () => parseTorch(zipOf(one), 'f'), 'not a file of torch.save'],
    ['a call of the system', torch(0x80, 2, 'cos\nsystem\n(', ...text('ls'), 'tR.'), "'os.system' is none"],
    ['a builtin', torch(0x80, 2, 'cbuiltins\neval\n(', ...text('1'), 'tR.'), "'builtins.eval' is none"],
    ['STACK_GLOBAL', torch(0x80, 4, ...text('os'), ...text('system'), 0x93, '.'), "'os.system' is none"],
    ["a prototype's name", torch(0x80, 2, 'cconstructor\nconstructor\n.'), 'refused'],
    ['a call of a storage class', torch(0x80, 2, 'ctorch\nFloatStorage\n)R.'), 'no known function'],
    ['an opcode that makes objects', torch(0x80, 2, '(ios\nsystem\n.'), 'opcode 0x69'],
    ['protocol 0', torch('(dp0\n.'), 'no protocol'],
    ['a cut pickle', torch(0x80, 2, 'X', 255, 255, 255, 255), 'truncated'],
    ['an empty stack', torch(0x80, 2, '.'), 'not there'],
    ['popping below a mark', torch(0x80, 2, 'N(.'), 'mark'],
    ['no dictionary', torch(0x80, 2, 'N.'), 'does not hold a dictionary'],
    ['attributes of a list', torch(0x80, 2, ']}b.'), 'no dictionary'],
    ['items of a list', torch(0x80, 2, ']NNs.'), 'no dictionary'],
    ['an unknown memo', torch(0x80, 2, 'h', 9, '.'), 'nothing was kept as 9'],
    ['an integer for a dictionary', torch(0x80, 2, 0x8a, 9, '123456789.'), 'but int'],
    ['a tensor beyond its storage', torchValues(...w([2, 2], [2, 1], 1)), 'beyond its storage'],
    [
      'a tensor that repeats elements for ever',
      torchValues(...w([255, 255, 255, 255], [0, 0, 0, 0])),
      "'w' unpacks to 16913002484 bytes",
    ],
    ['shape without strides', torchValues(...w([2, 2], [1])), 'not described as torch does'],
    [
      'a storage of an unknown type',
      torchValues(...w([1], [1], 0, 'torch\nQInt8Storage\n')),
      'QINT8 is not read',
    ],
    [
      'a storage that is too short',
      () => parseTorch(torchFile(w([4], [1]), floats(1)), 'f').values('w'),
      "storage '0' has 4 bytes, 16 are needed",
    ],
    [
      'another byte order',
      () => parseTorch(zipOf({ 'data.pkl': bytes(...w([1], [1])), byteorder: bytes('middle') }), 'f'),
      "byte order 'middle'; little and big are read",
    ],
    [
      'npy: pickled objects',
      () => parseNpy(npy('|O', 'False', '(1,)', floats(1)), 'f'),
      "'|O' (Python objects) is not read",
    ],
    ['npy: long doubles', () => parseNpy(npy('<f16', 'False', '(1,)', floats(1)), 'f'), "'<f16' is not read"],
    ['npy: too short', () => parseNpy(npy('<f4', 'False', '(2,)', floats(1)), 'f'), 'does not fit 4 bytes'],
    ['npy: too long', () => parseNpy(npy('<f4', 'False', '(1,)', floats(1, 2)), 'f'), 'does not fit 8 bytes'],
    ['npy: huge', () => parseNpy(npy('<f4', 'False', '(99999999999, 99999999999)', floats(1)), 'f'), 'fit'],
    ['npy: no magic', () => parseNpy(bytes('0123456789'), 'f'), 'not a .npy file'],
    ['npy: no shape', () => parseNpy(bytes(...header("{'descr': '<f4'}")), 'f'), 'shape and order'],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(FileFormatError)
    expect(run).toThrow(message)
  })

  test('flipped bytes and cuts never do worse than FileFormatError', () => {
    const npz = zipOf({ 'a.npy': npy('<f4', 'False', '(2, 2)', floats(1, 2, 3, 4)) }, { deflate: true })
    const readers = [
      [good, parseTorch],
      [npz, parseNpz],
    ] as const
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 })
    fc.assert(
      fc.property(flips, fc.nat(), fc.constantFrom(...readers), (changes, cut, [file, parse]) => {
        const changed = file.slice()
        for (const [at, by] of changes) changed[at % file.length]! ^= by
        for (const candidate of [changed, changed.subarray(0, cut % (file.length + 1))]) {
          try {
            const source = parse(candidate, 'f')
            for (const { name } of source.entries) source.values(name)
          } catch (error) {
            expect(error).toBeInstanceOf(FileFormatError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
