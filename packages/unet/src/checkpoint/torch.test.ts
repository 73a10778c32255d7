import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { decodePieces, isElementType, sizeOf } from './arrays.ts'
import { hostileFiles } from './hostile.test.helper.ts'
import { parseTorch } from './torch.ts'
import { parseZip } from './zip.ts'

/** Files of torch.save, made by tests/fixtures/checkpoints/make_torch_fixtures.py. */
const archive = parseZip(
  readFileSync(join(import.meta.dirname, '../../../../tests/fixtures/checkpoints/torch-kinds.zip')),
  'torch-kinds.zip',
)
const files = (names: readonly string[]) =>
  names
    .flatMap((name) => [2, 4].map((protocol) => `${name}-${protocol}.pt`))
    .filter((name) => archive.names.includes(name))
const open = (file: string) => parseTorch(archive.read(file), file)
/** All tensors of a file, and the same by their stored bytes. */
const tensorsOf = (file: string) => {
  const source = open(file)
  const values = source.entries.map(({ name }) => [name, [...source.values(name)]])
  const stored = source.entries.map(({ name, dtype, shape }) => {
    if (!isElementType(dtype)) return expect.fail(dtype)
    return [name, [...decodePieces(source.stored(name), dtype, sizeOf(shape), expect.fail)]]
  })
  expect(stored).toEqual(values)
  return Object.fromEntries(values) as Record<string, number[]>
}

test('every file of the fixture is tried', () => {
  const tried = [
    ...files(plain),
    ...files(Object.keys(unread)),
    ...files(Object.keys(read)),
    ...files(refused),
  ]
  expect([...tried].sort()).toEqual(archive.names.filter((name) => !name.startsWith('root-')).sort())
})

const plain =
  'size dtype device layout memory_format version set frozenset bytes bytearray int negative_int complex range slice ellipsis type path namespace simple_namespace ordered default counter deque datetime date timedelta decimal fraction uuid np_scalar np_bool np_array np_text np_masked np_generator user_dict half_a_pair scheduler'.split(
    ' ',
  )

describe('plain data beside tensors is named and left alone', () => {
  test.each(files(plain))('%s', (file) => {
    expect(tensorsOf(file)).toEqual({ w: [1, 1] })
    expect(open(file).beside.map(({ name }) => name)).toEqual(['extra'])
  })

  test('says what it is', () => {
    const what = (name: string) => open(`${name}-2.pt`).beside[0]?.what
    expect(['path', 'np_array', 'int', 'device', 'dtype'].map(what)).toEqual([
      'Path',
      'a NumPy array',
      'int',
      'torch.device',
      'torch.float32',
    ])
  })
})

const unread: Record<string, string> = {
  sparse: 'a sparse tensor',
  csr: 'a sparse tensor',
  meta: 'a tensor without data',
  quantized: 'a quantized tensor',
  nested: 'a nested tensor',
  storage: 'a storage',
  typed_storage: 'a storage',
  complex_tensor: 'dtype C64 is not read',
  conjugate: 'dtype C64 with its conjugate bit set is not read',
}

describe('tensors of other kinds refuse no file', () => {
  test.each(files(Object.keys(unread)))('%s', (file) => {
    const source = open(file)
    expect(source.values('w')).toEqual(Float32Array.of(1, 1))
    const what = unread[file.slice(0, -5)]!
    if (source.beside.length > 0) return expect(source.beside).toEqual([{ name: 'extra', what }])
    expect(source.entries.map(({ name, dtype }) => [name, dtype])).toContainEqual(['extra', 'C64'])
    expect(() => source.values('extra')).toThrow(FileFormatError)
    expect(() => source.values('extra')).toThrow(what)
  })
})

const adam = {
  'state.0.step': [1],
  'state.0.exp_avg': [Math.fround(0.1), Math.fround(0.1)],
  'state.0.exp_avg_sq': [0.0010000000474974513, 0.0010000000474974513],
}
const under = (name: string, tensors: object) =>
  Object.fromEntries(Object.entries(tensors).map(([key, values]) => [`${name}.${key}`, values]))
const integers = 'int8 int16 int32 int64 uint8 uint16 uint32 uint64'.split(' ')

/** What `extra` is, by torch. */
const read: Record<string, Record<string, number[]>> = {
  parameter: { extra: [0.9990000128746033, 1.9989999532699585] },
  noted_parameter: { extra: [1, 2] },
  buffer: { extra: [1, 2] },
  negated: { extra: [-1, 2, -3] },
  negated_half: { extra: [-1.5, 2] },
  negated_int: { extra: [-3, 200] },
  expanded: { extra: [7, 7, 7] },
  transposed: { extra: [0, 3, 1, 4, 2, 5] },
  sliced: { extra: [2, 3, 4] },
  stepped: { extra: [1, 3, 5] },
  scalar: { extra: [3] },
  empty: { extra: [] },
  float64: { extra: [-1.5, 2.5] },
  float16: { extra: [-1.5, 2.5] },
  bfloat16: { extra: [-1.5, 2.5] },
  float8_e4m3: { extra: [-1.5, 448] },
  float8_e5m2: { extra: [-1.5, 57344] },
  bool: { extra: [1, 0] },
  ...Object.fromEntries(integers.map((name) => [name, { extra: [3, 100] }])),
  ema: { 'extra.0': [1], 'extra.1': [2] },
  pair: { 'extra.0': [1], 'extra.1.b': [2] },
  tied: { 'extra.0': [0, 1, 2, 3, 4, 5], 'extra.1': [0, 1] },
  optimizer: under('extra', adam),
  by_number: { 'extra.0': [1], 'extra.(1,a)': [2] },
  namespace_of_tensors: { 'extra.a': [1] },
}

describe('tensors', () => {
  test.each(files(Object.keys(read)))('%s', (file) =>
    expect(tensorsOf(file)).toEqual({ w: [1, 1], ...read[file.slice(0, -5)] }),
  )

  test('may be asked for in any order, and again', () => {
    const source = open('tied-2.pt')
    for (const name of ['extra.1', 'extra.0', 'extra.0', 'extra.1', 'w'])
      expect([...source.values(name)]).toEqual(tensorsOf('tied-2.pt')[name])
    for (let time = 0; time < 3; time++) expect([...source.values('w')]).toEqual([1, 1])
  })

  test('nine million times one stored element is more than a small file may unpack to', () => {
    const source = parseTorch(hostileFiles()['repeated-32-MB.pt']?.() ?? expect.fail('no such file'), 'f')
    expect(source.entries.map(({ shape }) => shape)).toEqual([[9e6]])
    expect(() => source.values('w')).toThrow(FileFormatError)
    expect(() => source.values('w')).toThrow(/'w' unpacks to \d+ bytes, more than a file of \d+ bytes may/)
  })
})

const refused = ['module', 'function', 'activation']

describe('what would have to run is refused', () => {
  test.each(files(refused))('%s', (file) => {
    expect(() => open(file)).toThrow(FileFormatError)
    expect(() => open(file)).toThrow(/'(__main__\.Net|torch\.nn\.\S+)' is none of .*save the state_dict\(\)/)
  })
})

describe('files that are not one dictionary', () => {
  test.each<[string, Record<string, number[]>]>([
    ['tensor', { tensor: [1, 2] }],
    ['list', { 0: [1], 1: [2] }],
    ['empty', {}],
    ['adam', adam],
    ['same_twice', { 'model.w': [1, 1], 'ema.w': [1, 1] }],
  ])('%s', (name, tensors) => {
    for (const file of files([`root-${name}`])) expect(tensorsOf(file)).toEqual(tensors)
  })

  test('none at all', () => {
    for (const file of files(['root-nothing']))
      expect(() => open(file)).toThrow("holds no tensor, only 'epoch' (int)")
  })
})
