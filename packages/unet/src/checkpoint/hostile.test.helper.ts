import { writeNpy } from './npy-write.ts'
import { zipOf } from './zip-writer.test.helper.ts'

/** Small files that ask for much: each must end in a FileFormatError, soon and without much memory. */

/** Files by name, each made when its turn comes. */
type Files = Record<string, () => Uint8Array>

const bytes = (...parts: (string | number | Uint8Array)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : typeof part === 'number'
          ? Uint8Array.of(part)
          : part,
    ),
  )
const u32 = (n: number) => new Uint8Array(Uint32Array.of(n).buffer)
const u64 = (n: bigint) => new Uint8Array(BigUint64Array.of(n).buffer)

/** `count` times the same bytes. */
function repeated(count: number, ...parts: (string | number | Uint8Array)[]): Uint8Array {
  const unit = bytes(...parts)
  const out = new Uint8Array(unit.length * count)
  for (let at = 0; at < out.length; at += unit.length) out.set(unit, at)
  return out
}

const head = bytes(0x80, 4)
const text = (s: string) => bytes('X', u32(s.length), s)
const storage = bytes('(', text('storage'), 'ctorch\nFloatStorage\n', text('0'), text('cpu'), 'K\x04tQ')
const ints = (values: readonly number[]) => bytes('(', ...values.map((n) => bytes('J', u32(n))), 't')
const tensor = (shape: readonly number[], strides: readonly number[]) =>
  bytes(
    'ctorch._utils\n_rebuild_tensor_v2\n(',
    storage,
    'K\0',
    ints(shape),
    ints(strides),
    '\x89ccollections\nOrderedDict\n)RtR',
  )

/** A file of torch.save around a pickle, deflated as far as it goes or stored. */
const torch = (pickle: Uint8Array, deflate = true) =>
  zipOf({ 'm/data.pkl': pickle, 'm/data/0': new Uint8Array(16) }, { deflate })

/** Opcodes that cost a byte or a few in the file and more in memory. */
const opcodes: Readonly<Record<string, Uint8Array>> = {
  none: bytes('N'),
  'none-popped': bytes('N0'),
  marks: bytes('('),
  'marks-popped': bytes('(1'),
  dicts: bytes('}'),
  'dicts-by-mark': bytes('(d'),
  lists: bytes(']'),
  'lists-by-mark': bytes('(l'),
  sets: bytes(0x8f),
  frozensets: bytes('(', 0x91),
  'empty-tuples': bytes(')'),
  tuples: bytes('(NNNNt'),
  'tuples-of-one': bytes(0x85),
  memo: bytes(0x94),
  texts: bytes('X\0\0\0\0'),
  'short-texts': bytes(0x8c, 1, 'a'),
  bytes: bytes('C\0'),
  longs: bytes(0x8a, 9, '123456789'),
  'long-longs': bytes(0x8b, u32(20), 'x'.repeat(20)),
  floats: bytes('G12345678'),
  frames: bytes(0x95, u64(0n)),
  duplicates: bytes('2'),
  globals: bytes('ctorch\nfloat32\n'),
  calls: bytes('ccollections\nOrderedDict\n)R'),
  'new-objects': bytes('cargparse\nNamespace\n)', 0x81),
  'memo-gets': bytes('h\0'),
  storages: storage,
}

function pickleBombs(): Files {
  const out: Files = {}
  for (const [name, unit] of Object.entries(opcodes)) {
    // Less than what may be unpacked, so that the values are what is too much.
    const start = bytes(head, 'N', 0x94)
    out[`pickle-${name}.pt`] = () => torch(bytes(start, repeated(Math.floor(4e6 / unit.length), unit), '.'))
  }
  out['pickle-40MB.pt'] = () => torch(bytes(head, repeated(4e7, '}'), '.'))
  const many = () => repeated(3e6, 'N')
  out['pickle-big-tuple.pt'] = () => torch(bytes(head, '(', many(), 't.'))
  out['pickle-big-list.pt'] = () => torch(bytes(head, ']', '(', many(), 'e.'))
  out['pickle-big-dict.pt'] = () => torch(bytes(head, '}(', repeated(1e6, 'J\x01\0\0\0N'), 'u.'))
  out['pickle-long-text.pt'] = () => torch(bytes(head, 'X', u32(1e7), repeated(1e7, 'a'), '.'))
  out['pickle-claimed-text.pt'] = () => torch(bytes(head, 'X', u32(2 ** 32 - 1), '.'))
  out['pickle-claimed-bytes.pt'] = () => torch(bytes(head, 0x8e, u64(2n ** 63n), '.'))
  out['pickle-claimed-long.pt'] = () => torch(bytes(head, 0x8b, u32(2 ** 31), '.'))
  out['pickle-stored-dicts.pt'] = () => torch(bytes(head, repeated(3e6, '}'), '.'), false)
  return out
}

/** Levels of ten references to the one container below: 10³⁰ paths. */
function laughs(open: string, close: string, item: (i: number) => Uint8Array, leaf: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [head, leaf, bytes('q\0')]
  for (let level = 1; level <= 30; level++) {
    const items = Array.from({ length: 10 }, (_, i) => bytes(item(i), 'h', level - 1))
    parts.push(bytes('0', open, ...items, close, 'q', level))
  }
  return torch(bytes(...parts, '.'))
}

function sharedContainers(): Files {
  const nothing = () => bytes()
  const key = (i: number) => text(`key${i}`)
  const w = tensor([2], [1])
  return {
    'laughs-dicts.pt': () => laughs('}(', 'u', key, bytes('}')),
    'laughs-tensors.pt': () => laughs('}(', 'u', key, bytes('}', text('w'), w, 's')),
    'laughs-lists.pt': () => laughs('](', 'e', nothing, w),
    'laughs-tuples.pt': () => laughs('(', 't', nothing, w),
    'laughs-empty-tuples.pt': () => laughs('(', 't', nothing, bytes(')')),
    'laughs-sets.pt': () => laughs('\x8f(', '\x90', nothing, w),
    'itself.pt': () => torch(bytes(head, '}q\0', text('a'), 'h\0s', text('w'), w, 's.')),
    'deep.pt': () => torch(bytes(head, repeated(1e5, ']'), repeated(1e5 - 1, 'a'), '.')),
  }
}

const dict = (w: Uint8Array) => torch(bytes(head, '}', text('w'), w, 's.'))

function tensors(): Files {
  const ones = (rank: number) => new Array<number>(rank).fill(1)
  return {
    'rank-65.pt': () => dict(tensor(ones(65), ones(65))),
    'rank-100000.pt': () => dict(tensor(ones(1e5), ones(1e5))),
    'repeated.pt': () => dict(tensor([2 ** 31 - 1, 2 ** 31 - 1], [0, 0])),
    'repeated-32-MB.pt': () => dict(tensor([9e6], [0])),
    'beyond.pt': () => dict(tensor([2], [2 ** 31 - 1])),
  }
}

/** Files in torch's format of before 1.6: nothing in them is compressed, so that each byte of an object is one of the file. */
function legacy(): Files {
  const start = bytes('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', '\x80\x02M\xe9\x03.', '\x80\x02}.')
  const file = (object: Uint8Array, ...rest: Uint8Array[]) => bytes(start, object, ...rest)
  const w = bytes(head, '}', text('w'), tensor([2], [1]), 's.')
  const keys = (unit: Uint8Array) => bytes(head, '](', unit, 'e.')
  return {
    'legacy-itself.pt': () => file(bytes(head, '}q\0', text('a'), 'h\0s.'), keys(bytes())),
    'legacy-deep.pt': () => file(bytes(head, repeated(1e5, ']'), repeated(1e5 - 1, 'a'), '.'), keys(bytes())),
    'legacy-dicts.pt': () => file(bytes(head, repeated(3e6, '}'), '.')),
    'legacy-memo.pt': () => file(bytes(head, 'N', repeated(3e6, 0x94), '.')),
    'legacy-text.pt': () => file(bytes(head, 'X', u32(2 ** 32 - 1), repeated(3e7, 'a'))),
    'legacy-bytes.pt': () => file(bytes(head, 0x8e, u64(2n ** 63n), repeated(3e7, 'a'))),
    'legacy-claims.pt': () => file(w, keys(text('0')), u64(2n ** 62n)),
    'legacy-negative.pt': () => file(w, keys(text('0')), u64(2n ** 64n - 1n)),
    'legacy-keys.pt': () => file(w, keys(repeated(1e6, text('0')))),
    'legacy-keys-itself.pt': () => file(w, bytes(head, ']q\0h\0a.')),
    'legacy-no-end.pt': () => file(bytes(w, repeated(3e6, 'N'))),
  }
}

const npyOf = (count: number) => writeNpy({ shape: [count], values: new Float32Array(count) })

/** An archive whose directory tells of one file many times, under other names. */
function overlapping(contents: Uint8Array, times: number, deflate: boolean): Uint8Array {
  const archive = zipOf({ 'a.npy': contents }, { deflate })
  const view = new DataView(archive.buffer)
  const start = view.getUint32(archive.length - 6, true)
  const entry = archive.subarray(start, archive.length - 22)
  const entries = Array.from({ length: times }, (_, i) => {
    const copy = entry.slice()
    copy[46] = 0x41 + i
    return copy
  })
  const end = archive.slice(archive.length - 22)
  const fields = new DataView(end.buffer)
  fields.setUint16(8, times, true)
  fields.setUint16(10, times, true)
  fields.setUint32(12, entry.length * times, true)
  return bytes(archive.subarray(0, start), ...entries, end)
}

/** A ZIP64 directory record that claims as many files as it likes. */
const zip64 = (count: bigint, length: bigint) =>
  bytes(
    'PK\x03\x04',
    'PK\x06\x06',
    u64(44n),
    new Uint8Array(12),
    u64(count),
    u64(count),
    u64(length),
    u64(0n),
    'PK\x06\x07',
    u32(0),
    u64(4n),
    u32(1),
    'PK\x05\x06',
    u32(0),
    u32(0xffffffff),
    u32(0xffffffff),
    u32(0xffffffff),
    0,
    0,
  )

function archives(): Files {
  const small = npyOf(10)
  return {
    'npz-bomb-40MB.npz': () => zipOf({ 'a.npy': npyOf(1e7) }, { deflate: true }),
    'npz-two-of-20MB.npz': () => zipOf({ 'a.npy': npyOf(5e6), 'b.npy': npyOf(5e6) }, { deflate: true }),
    'npz-booleans.npz': () =>
      zipOf({ 'a.npy': writeNpy({ shape: [5e6], values: new Uint8Array(5e6) }) }, { deflate: true }),
    'npz-overlap-deflated.npz': () => overlapping(npyOf(1e6), 20, true),
    'npz-overlap-stored.npz': () => overlapping(npyOf(1000), 20, false),
    'npz-overlap-empty.npz': () => overlapping(new Uint8Array(0), 20, false),
    'npz-of-npz.npz': () => zipOf({ 'a.npy': zipOf({ 'b.npy': small }) }),
    'npz-claims.npz': () => zipOf({ 'a.npy': small }, { deflate: true, size: 2 ** 31 }),
    'zip64-count.npz': () => zip64(2n ** 63n, 0n),
    'zip64-length.npz': () => zip64(1n, 2n ** 62n),
    'zip64-many.npz': () => zip64(10n ** 6n, 100n),
  }
}

const safetensors = (header: Uint8Array, claimed = header.length) =>
  bytes(u64(BigInt(claimed)), header, new Uint8Array(4))

function headers(): Files {
  const nested = (open: string, close: string, depth: number) =>
    safetensors(bytes('{"a":', repeated(depth, open), '0', repeated(depth, close), '}'))
  const entry = (dtype: string, shape: string) =>
    safetensors(bytes(`{"a":{"data_offsets":[0,4],"dtype":${dtype},"shape":${shape}}}`))
  return {
    'header-lists.safetensors': () => nested('[', ']', 4e4),
    'header-objects.safetensors': () => nested('{"a":', '}', 2e4),
    'header-65-levels.safetensors': () => nested('[', ']', 65),
    'header-dtype-deep.safetensors': () => entry('['.repeat(30) + ']'.repeat(30), '[1]'),
    'header-dtype-object.safetensors': () => entry('{"toString":1}', '[1]'),
    'header-dtype-list.safetensors': () => entry('[["F32"]]', '[1]'),
    'header-shape-object.safetensors': () => entry('"F32"', '{"length":1}'),
    'header-shape-65.safetensors': () => entry('"F32"', `[${new Array(65).fill(1)}]`),
    'header-spaces-100MB.safetensors': () => safetensors(repeated(1e8, ' ')),
    'header-zeros-100MB.safetensors': () => safetensors(new Uint8Array(1e8)),
    'header-open-100MB.safetensors': () => safetensors(bytes('{"a":', repeated(1e8 - 5, '['))),
    'header-numbers-40MB.safetensors': () => safetensors(bytes('{"a":[', repeated(20e6, '0,'), '0]}')),
    'header-empty-lists-40MB.safetensors': () => safetensors(bytes('{"a":[', repeated(13e6, '[],'), '0]}')),
    'header-names-10MB.safetensors': () =>
      safetensors(bytes(`{${Array.from({ length: 1e6 }, (_, i) => `"${i}":0`)}}`)),
    'header-one-name-40MB.safetensors': () => safetensors(bytes('{"', repeated(4e7, 'a'), '":0}')),
    'header-quote-40MB.safetensors': () => safetensors(bytes('{"', repeated(4e7, '\\'))),
  }
}

/** All files by name. */
export const hostileFiles = (): Files => ({
  ...pickleBombs(),
  ...sharedContainers(),
  ...tensors(),
  ...legacy(),
  ...archives(),
  ...headers(),
})

/** Files of more tensors than any network has, each of one element, which are in order. */
export function honestFiles(count: number): Files {
  const names = Array.from({ length: count }, (_, i) => `blocks.${i}.norm.weight`)
  const w = tensor([1], [1])
  const entry = (name: string, i: number) =>
    `"${name}":{"dtype":"F32","shape":[1],"data_offsets":[${4 * i},${4 * i + 4}]}`
  return {
    'many.pt': () =>
      torch(bytes(head, '}(', bytes(...names.flatMap((name) => [text(name), w])), 'u.'), false),
    'many.safetensors': () => {
      const header = bytes(`{${names.map(entry)}}`)
      return bytes(u64(BigInt(header.length)), header, new Uint8Array(4 * count))
    },
    'many.npz': () => zipOf(Object.fromEntries(names.map((name) => [`${name}.npy`, npyOf(1)]))),
  }
}
