import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from './open.ts'
import { zipOf } from './zip-writer.test.helper.ts'

// Old files that PyTorch of today does not write any more.

const latin = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
const u64 = (n: number) => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
/** A text of Python 2, where keys were bytes, and one of today. */
const old = (s: string) => latin('U', Uint8Array.of(s.length), s)
const text = (s: string) => latin('X', new Uint8Array(Uint32Array.of(s.length).buffer), s)

interface Described {
  readonly key?: string
  readonly type?: string
  readonly count?: number
  /** Of a storage within a storage: its key, start and length. */
  readonly view?: readonly [number, number]
  readonly shape?: number
  readonly offset?: number
}
const tensor = ({
  key = '7',
  type = 'FloatStorage',
  count = 4,
  view,
  shape = 2,
  offset = 0,
}: Described = {}) =>
  latin(
    'ctorch._utils\n_rebuild_tensor\n((',
    ...[old('storage'), `ctorch\n${type}\n`, old(key), old('cuda:1'), 'K', Uint8Array.of(count)],
    view === undefined
      ? 'N'
      : latin('(', old(`${key}v`), 'K', Uint8Array.of(view[0]), 'K', Uint8Array.of(view[1]), 't'),
    ...['tQK', Uint8Array.of(offset), 'K', Uint8Array.of(shape), '\x85K\x01\x85tR'],
  )
const magic = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'
const legacy = (
  items: readonly (string | Uint8Array)[],
  keys: readonly string[],
  ...storages: Uint8Array[]
) =>
  latin(
    ...[magic, '\x80\x02M\xe9\x03.', '\x80\x02}', old('little_endian'), '\x89s.', '\x80\x02}('],
    ...items,
    ...['u.', '\x80\x02](', ...keys.map(old), 'e.', ...storages],
  )
const four = latin(u64(4), floats(1, 2, 3, 4))
const values = (bytes: Uint8Array, name = 'w') => [...openCheckpoint(bytes, 'f').values(name)]

describe('read', () => {
  test('a file of Python 2, from a big-endian machine', () =>
    expect(values(legacy([old('w'), tensor()], ['7'], four))).toEqual([1, 2]))

  test('storages within storages', () => {
    const within = legacy(
      [old('w'), tensor({ view: [1, 3], offset: 1 }), old('all'), tensor({ shape: 4 })],
      ['7'],
      four,
    )
    expect([values(within), values(within, 'all'), values(within)]).toEqual([
      [3, 4],
      [1, 2, 3, 4],
      [3, 4],
    ])
  })

  test('a name longer than what is read at once', () => {
    const name = 'n'.repeat(200_000)
    expect(
      values(legacy([text(name), tensor(), old('z'), tensor({ offset: 2 })], ['7'], four), name),
    ).toEqual([1, 2])
  })

  test('protocol 4, whose numbers stand in frames', () => {
    const frame = (bytes: Uint8Array) => latin('\x80\x04\x95', u64(bytes.length), bytes)
    const file = latin(
      ...[frame(latin(magic.slice(2))), '\x80\x04M\xe9\x03.', '\x80\x04}.'],
      ...[frame(latin('}(', text('w'), tensor(), 'u.')), '\x80\x04](', old('7'), 'e.', four],
    )
    expect(values(file)).toEqual([1, 2])
  })
})

describe('refused by a typed error', () => {
  const one = [old('w'), tensor()]
  test.each<[string, Uint8Array, string]>([
    ['another version', latin(magic, '\x80\x02M\xea\x03.'), "torch's format 1002; 1001 is read"],
    ['cut in the pickle', legacy(one, ['7'], four).subarray(0, 120), 'truncated'],
    ['cut in a storage', legacy(one, ['7'], four.subarray(0, 20)), "storage '7' needs 16 bytes, 12 are left"],
    ['cut before a storage', legacy(one, ['7']), 'truncated'],
    ['a claim of 2⁶³ elements', legacy(one, ['7'], u64(2 ** 62)), 'needs'],
    ['more than is described', legacy(one, ['7'], four, four), '24 bytes at the end belong to no storage'],
    ['a storage that is not there', legacy(one, []), '28 bytes'],
    ['a key that nobody asks for', legacy(one, ['8'], four), "storage '8' is none of the object's"],
    ['a key twice', legacy(one, ['7', '7'], four, four), 'two storages have one key'],
    [
      'two types',
      legacy([...one, old('v'), tensor({ type: 'DoubleStorage' })], ['7'], four),
      "storage '7' is of F32 and of F64",
    ],
    [
      'a part beyond its storage',
      legacy([old('w'), tensor({ view: [3, 2] })], ['7'], four),
      'a part of a storage is not described',
    ],
    [
      'a tensor beyond its part',
      legacy([old('w'), tensor({ view: [3, 1] })], ['7'], four),
      'beyond its storage of 1 elements',
    ],
    ['a call', legacy([old('w'), latin('cos\nsystem\n(', old('ls'), 'tR')], []), "'os.system' is none"],
    [
      'a module',
      legacy([old('w'), latin('(', old('module'), 'ctorch.nn.modules.linear\nLinear\n', 'NNtQ')], []),
      "'torch.nn.modules.linear.Linear' is none",
    ],
  ])('%s', (_, bytes, message) => {
    const read = () => {
      const file = openCheckpoint(bytes, 'f')
      return file.entries.map(({ name }) => file.values(name))
    }
    expect(read).toThrow(FileFormatError)
    if (message !== '28 bytes') expect(read).toThrow(message)
  })
})

test('a shape that is changed after it was checked stays what it was', () => {
  const described = latin(
    ...[
      'ctorch._utils\n_rebuild_tensor\n((',
      old('storage'),
      'ctorch\nFloatStorage\n',
      old('7'),
      old('cpu'),
      'K\x04NtQK\0',
    ],
    ...[']q\x05K\x02aK\x01\x85tR'],
  )
  const file = legacy([old('w'), described, old('later'), 'h\x05}a'], ['7'], four)
  const { entries, values } = openCheckpoint(file, 'f')
  expect([entries, [...values('w')]]).toEqual([[{ name: 'w', shape: [2], dtype: 'F32' }], [1, 2]])
})

test('parts of a damaged storage are not read', () => {
  const pickle = latin(
    '\x80\x02}(',
    old('w'),
    tensor({ shape: 1 }),
    old('v'),
    tensor({ shape: 1, offset: 2 }),
    'u.',
  )
  const files = zipOf({ 'm/data.pkl': pickle, 'm/data/7': floats(1, 2, 3, 4) })
  expect([values(files), values(files, 'v')]).toEqual([[1], [3]])
  const at = Buffer.from(files).indexOf(Buffer.from(floats(4)))
  files[at] = files[at]! ^ 1
  for (const name of ['w', 'v']) expect(() => values(files, name)).toThrow("'m/data/7' is damaged")
})
