import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const src = 'packages/unet/src'
const of = editsOf(src)

const budget = of('checkpoint/budget.ts', 'checkpoint/hostile')
const bytes = of('checkpoint/bytes.ts', 'checkpoint/file', 'checkpoint/foreign')
const negate = of('checkpoint/negate.ts', 'checkpoint/torch', 'checkpoint/foreign')
const scan = of('checkpoint/json-scan.ts', 'checkpoint/safetensors')
const safetensors = of('checkpoint/safetensors.ts', 'checkpoint/safetensors')
const arrays = of(
  'checkpoint/arrays.ts',
  'checkpoint/arrays',
  'checkpoint/torch',
  'checkpoint/foreign',
  'checkpoint/safetensors',
)
const torch = of('checkpoint/torch.ts', 'checkpoint/torch', 'checkpoint/foreign')
const tensors = of(
  'checkpoint/torch-tensors.ts',
  'checkpoint/torch',
  'checkpoint/foreign',
  'checkpoint/remote',
)
const world = of('checkpoint/torch-world.ts', 'checkpoint/torch', 'checkpoint/foreign')
const names = of('checkpoint/torch-names.ts', 'checkpoint/torch', 'checkpoint/foreign')
const regular = of('checkpoint/regular-file.ts', 'checkpoint/file')
const prefix = of('models/prefix.ts', 'models/load', 'models/model')
const weights = of('checkpoint/weights.ts', 'checkpoint/weights', 'models/model')
const weightNames = of('checkpoint/weight-names.ts', 'checkpoint/weights', 'models/layouts')
const write = of('checkpoint/write.ts', 'checkpoint/safetensors', 'checkpoint/convert')
const body = of('checkpoint/body.ts', 'models/fetch-prior')
const fetchPrior = of('models/fetch-prior.ts', 'models/fetch-prior')

/** Readers and writers of checkpoints: their bounds, ranges, bits and names. */
export const checkpointEdits: readonly Edit[] = [
  budget(
    'budget-least',
    'Math.min(16 * mebibyte',
    'Math.max(16 * mebibyte',
    'the larger limit of values holds',
  ),
  budget(
    'budget-values-check',
    'used += bytes\n      if (used > limit)',
    'used = bytes\n      if (used > limit)',
    'each draw of values stands alone',
  ),
  budget(
    'budget-elements-sum',
    'used += bytes\n      if (!(used <= limit))',
    'used = bytes\n      if (!(used <= limit))',
    'each array has the whole budget of elements',
  ),
  budget('budget-drawn', 'if (drawn.has(name)) return', '', 'an array that is read twice is drawn twice'),
  bytes(
    'range-offset',
    'source.readInto(piece, offset + at)',
    'source.readInto(piece, offset)',
    'all pieces of a range are its first',
  ),
  bytes(
    'slice-pieces-start',
    'Math.max(0, offset - at), Math.max(0, offset + length - at)',
    'Math.max(0, offset), Math.max(0, offset + length - at)',
    'a slice skips the start of every piece',
  ),
  bytes(
    'slice-pieces-end',
    'Math.max(0, offset + length - at))',
    'Math.max(0, length - at))',
    'a slice ends too early',
  ),
  bytes(
    'memory-source',
    'bytes.subarray(offset, offset + target.length)',
    'bytes.subarray(offset, offset + target.length - 1)',
    'a range in memory lacks its last byte',
  ),
  negate(
    'negate-float-byte',
    'last ? 0x80 : 0',
    'place === 0 ? 0x80 : 0',
    "the sign bit of a float's first byte is flipped",
  ),
  negate(
    'negate-carry',
    'carry = last ? 1 : sum >> 8',
    'carry = sum >> 8',
    "the carry of an integer's complement runs into the next element",
  ),
  negate(
    'negate-carry-within',
    'carry = last ? 1 : sum >> 8',
    'carry = last ? 1 : 0',
    "an integer's complement has no carry",
  ),
  tensors(
    'torch-negative',
    'tensor.negative ? negated(pieces, dtype) : pieces',
    'pieces',
    "torch's negative bit is dropped",
  ),
  tensors(
    'torch-shared-offset',
    'gathered(known.subarray(offset, offset + length))',
    'gathered(known.subarray(0, length))',
    'the offset within a shared storage is dropped',
  ),
  tensors(
    'torch-single-offset',
    'slicePieces(stores.pieces(key, size * bytesPerRead(dtype)), offset, length)',
    'slicePieces(stores.pieces(key, size * bytesPerRead(dtype)), offset / width, length)',
    'an offset of elements is taken as bytes',
  ),
  tensors(
    'torch-storage-budget',
    'Math.min(size, total - storage.size) * bytes',
    '0',
    'repeated elements of a storage cost nothing',
  ),
  torch(
    'torch-byte-order',
    "order === 'big' ||",
    "order !== 'little' ||",
    'any byte order that is not little is taken as big',
  ),
  world(
    'torch-last-element',
    '(extent - 1) * strides[axis]!, offset)',
    '(extent - 1) * strides[axis]!, 0)',
    "a tensor's offset is left out where its end is checked",
  ),
  world(
    'torch-reach',
    '!(last < room)',
    '!(last <= room)',
    'a tensor may reach one element beyond its storage',
  ),
  world(
    'torch-flags-conjugate',
    "bits.get('conj') === true",
    "bits.get('neg') === true",
    'the conjugate bit is that of the negative',
  ),
  names(
    'torch-list-names',
    'yield [() => String(i), item]',
    'yield [() => String(i + 1), item]',
    'lists of tensors count from 1',
  ),
  names(
    'torch-depth',
    'visit(item, inner, depth + 1)',
    'visit(item, inner, depth)',
    'the depth of containers is not counted',
  ),
  scan('json-depth', 'keys.length > deepest', 'keys.length > 100 * deepest', 'headers may nest deeply'),
  scan(
    'json-twice',
    'if (seen.has(key)) twice =',
    'if (seen.has(key) && keys.length > 1) twice =',
    'tensors of one name are taken',
  ),
  scan('json-escape', 'bytes[at] === backslash ? 2 : 1', '1', 'an escaped quote ends a string'),
  scan(
    'json-escaped-key',
    'if (!bytes.includes(backslash!)) return text.slice(1, -1)',
    'if (bytes.length > 0) return text.slice(1, -1)',
    'names that are one name once unescaped are two',
  ),
  safetensors(
    'safetensors-gap',
    'if (begin > covered)',
    'if (begin > covered + 1)',
    'a byte between tensors is passed over',
  ),
  safetensors(
    'safetensors-overlap',
    'if (begin < covered)',
    'if (begin < 0)',
    'overlapping tensors are read',
  ),
  safetensors(
    'safetensors-tail',
    'if (covered !== size)',
    'if (covered > size)',
    'bytes at the end are passed over',
  ),
  safetensors(
    'safetensors-header',
    'length > maxHeader',
    'length > 2 ** 52',
    'absurd header lengths are believed',
  ),
  safetensors(
    'safetensors-high-word',
    'view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)',
    'view.getUint32(0, true)',
    'the high word of the header length is dropped',
  ),
  arrays(
    'arrays-exact',
    '!Number.isSafeInteger(number) && BigInt(number) !== value',
    'false',
    'integers are rounded in silence',
  ),
  arrays(
    'arrays-rank',
    'export const maxRank = 64',
    'export const maxRank = 2 ** 20',
    'arrays may have a million axes',
  ),
  arrays(
    'arrays-carry',
    'from = Math.min(width - carried, piece.length)',
    'from = Math.min(width, piece.length)',
    'elements across pieces take bytes of the next',
  ),
  arrays(
    'arrays-gather-step',
    'at -= strides[axis]! * shape[axis]!',
    'at -= strides[axis]! * (shape[axis]! - 1)',
    'strided elements drift after each row',
  ),
  arrays('arrays-bool', 'byte === 0 ? 0 : 1', 'byte', 'a bool is any byte'),
  arrays('arrays-u32', "wide(4, 'Uint32')", "wide(4, 'Int32')", 'unsigned integers of 32 bits are signed'),
  write('write-offsets', 'offset += bytes\n', 'offset += bytes - (bytes % 2)\n', 'offsets after odd lengths'),
  write('write-padding', '/ 8) * 8', '/ 4) * 4', 'the data start at a multiple of 4'),
  write(
    'write-length',
    'if (length !== bytes) throw',
    'if (length > bytes) throw',
    'tensors shorter than they say are written',
  ),
  regular(
    'file-changed',
    'if (identity(file).id !== first.id)',
    'if (identity(file).size < first.size)',
    'a file that changes while it is read is mixed',
  ),
  regular('file-kind', 'if (!seen.isFile())', 'if (seen.isSocket())', 'devices and pipes are read'),
  regular('file-most', 'if (size > most)', 'if (size > 2 ** 50)', 'files of any size are read'),
  prefix(
    'prefix-several',
    'if (prefix === undefined || other !== undefined) {',
    'if (prefix === undefined || other === prefix) {',
    'of several sets of weights the first is taken in silence',
  ),
  prefix('prefix-plain', '|| names.includes(first)', '', 'plain names are passed over for prefixed ones'),
  weights(
    'weights-shards',
    'const gone = files.filter((file) => !existsSync',
    'const gone = files.slice(1).filter((file) => !existsSync',
    'the first shard may be missing',
  ),
  weights(
    'weights-outside',
    '/[/\\\\\\0]/.test(file)',
    '/[\\0]/.test(file)',
    'an index may name files outside of its folder',
  ),
  weightNames(
    'weights-order',
    "['safetensors', 'bin', 'pt', 'pth']",
    "['bin', 'safetensors', 'pt', 'pth']",
    'pickles are taken before safetensors',
  ),
  body('fetch-total', 'const total = plain &&', 'const total =', 'compressed downloads have a wrong total'),
  fetchPrior(
    'fetch-abort',
    'if (signal?.aborted === true) throw signal.reason',
    '',
    "an ended download is not rejected with the signal's reason",
  ),
]
