import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/unet/src')
const legacy = of('checkpoint/torch-legacy.ts', 'checkpoint/legacy-crafted', 'checkpoint/torch-legacy')
const tensors = of(
  'checkpoint/torch-tensors.ts',
  'checkpoint/legacy-crafted',
  'checkpoint/torch-legacy',
  'checkpoint/torch',
  'checkpoint/foreign',
)
const world = of('checkpoint/torch-world.ts', 'checkpoint/legacy-crafted', 'checkpoint/torch-legacy')
const swap = of('checkpoint/swap.ts', 'checkpoint/foreign')
const half = of('checkpoint/rare-elements.ts', 'checkpoint/codes')
const small = of('checkpoint/half.ts', 'checkpoint/safetensors')
const sets = of('checkpoint/weight-sets.ts', 'checkpoint/weight-sets')
const lists = of('checkpoint/parameter-lists.ts', 'checkpoint/weight-sets')
const cursor = of('checkpoint/pickle-cursor.ts', 'checkpoint/legacy-crafted', 'checkpoint/torch-legacy')
const zip = of('checkpoint/zip.ts', 'checkpoint/zip', 'checkpoint/legacy-crafted')
const remote = of('checkpoint/remote.ts', 'checkpoint/remote')
const url = of('checkpoint/url-source.ts', 'checkpoint/remote')
const body = of('checkpoint/body.ts', 'checkpoint/remote')
const under = of(
  'checkpoint/under-key.ts',
  '../../cli/src/commands/convert',
  '../../cli/src/commands/inspect',
)
const arrays = of('checkpoint/arrays.ts', 'checkpoint/into', 'checkpoint/arrays')
const safetensors = of('checkpoint/safetensors.ts', 'checkpoint/into')
const run = of('models/run-network.ts', 'models/run-network')
const unet = editsOf('packages/cli/src')('commands/unet/unet.ts', 'commands/unet')

/** Readers of untrusted files, and what takes weights from them. */
export const readersEdits: readonly Edit[] = [
  legacy(
    'readers-legacy-start',
    'const offset = cursor.position()\n',
    'const offset = cursor.position() - 8\n',
    'storages start with their lengths',
  ),
  legacy(
    'readers-legacy-width',
    'const bytes = count * widthOf(dtype)',
    'const bytes = count * 4',
    'all elements of old files have four bytes',
  ),
  legacy(
    'readers-legacy-order',
    'for (const key of keys) {',
    'for (const key of keys.toReversed()) {',
    'storages lie in another order',
  ),
  legacy(
    'readers-legacy-end',
    'if (left > 0) fail',
    'if (left > 2 ** 40) fail',
    'bytes behind the last storage are passed over',
  ),
  legacy(
    'readers-legacy-frame',
    'const at = start[2] === 0x95 ? 11 : 2',
    'const at = 2',
    'old files of protocol 4 are not known',
  ),
  legacy('readers-legacy-version', 'if (found !== version)', 'if (found === null)', 'any version is read'),
  legacy(
    'readers-legacy-types',
    'if (known !== undefined && known !== storage.dtype)',
    'if (known === null)',
    'a storage may be of two types',
  ),
  world(
    'readers-storage-view',
    'new TorchStorage(key, dtype, length, start)',
    'new TorchStorage(key, dtype, length)',
    'storages within storages start where those do',
  ),
  world(
    'readers-storage-view-end',
    '!(start + length <= size)',
    '!(length <= size)',
    'storages within storages may reach beyond those',
  ),
  world(
    'readers-shape-copy',
    'list.slice(0, maxRank + 1)',
    'list',
    'a shape may be changed after it was checked',
  ),
  tensors(
    'readers-span',
    'const [offset, length] = [storage.start * storedWidth + tensor.offset * width, span * width]',
    'const [offset, length] = [tensor.offset * width, span * width]',
    'storages within storages start at 0',
  ),
  tensors(
    'readers-span-last',
    ': 1 + shape.reduce',
    ': shape.reduce',
    'the last element of a strided tensor is left out',
  ),
  tensors(
    'readers-swap',
    'stores.bigEndian === true ?',
    'stores.bigEndian === null ?',
    'archives of big-endian machines are read as of others',
  ),
  swap(
    'readers-swap-carry',
    'piece.length + place - ((piece.length + place) % width)',
    'piece.length',
    'elements across pieces leave zeros',
  ),
  half(
    'readers-fnuz-bias',
    '2 ** (6 - fractionBits)',
    '2 ** (6 - fractionBits) - 1',
    'the FNUZ floats have the bias of the others',
  ),
  half('readers-fnuz-nan', 'if (byte === 0x80) return Number.NaN', '', 'the FNUZ floats have a −0'),
  small('readers-e4m3-scale', '256 * fromFloat16', '128 * fromFloat16', 'E4M3 is half of what it says'),
  half('readers-e8m0', '2 ** (byte - 127)', '2 ** (byte - 128)', 'the bias of E8M0'),
  half(
    'readers-subnormal',
    'fraction * 2 ** (1 - bias)',
    'fraction * 2 ** -bias',
    'subnormal 8-bit floats are half as large',
  ),
  sets(
    'readers-ema',
    'const only = averages[0] ?? plain',
    'const only = plain ?? averages[0]',
    'what is averaged is taken before the average',
  ),
  sets('readers-online', '&& !online.test(prefix)', '', 'the online model counts as an average'),
  sets(
    'readers-optimiser',
    'names.every((name) => moment.test(name))',
    'names.length === 0',
    'moments are taken for weights',
  ),
  sets(
    'readers-list-shape',
    'if (found.join() !== shape.join())',
    'if (found.length !== shape.length)',
    'a list is taken whose shapes are others',
  ),
  sets(
    'readers-list-buffers',
    'order.filter(([name]) => !buffer.test(name))',
    'order.filter(() => true)',
    'buffers count as parameters',
  ),
  sets(
    'readers-list-order',
    'first === undefined || !inOrder',
    'first === undefined',
    'the order of the alphabet is taken for that of the parameters',
  ),
  lists('readers-torch-order', 'rank - other', 'other - rank', 'lists of parameters in another order'),
  lists('readers-gap', 'most === count - 1', 'most >= count - 1', 'lists with gaps are lists'),
  cursor(
    'readers-cursor-window',
    'Math.max(n, windowBytes)',
    'windowBytes',
    'what is longer than a window is cut',
  ),
  zip(
    'readers-part-checksum',
    'if (!whole.has(name)) for (const _ of pieces(name));',
    '',
    'parts of a damaged storage are read',
  ),
  remote(
    'readers-remote-once',
    'arrays.delete(name)',
    '',
    'arrays stay in memory after they were handed out',
  ),
  remote(
    'readers-remote-tidy',
    'if (kept + length > keptBytes)',
    'if (kept + length > 2 ** 50)',
    'all that was fetched is kept',
  ),
  url(
    'readers-url-changed',
    'range.size !== total || versionOf(response) !== version',
    'range.size !== total',
    'parts of two versions of a file are put together',
  ),
  url(
    'readers-url-start',
    'range.start !== offset',
    'range.start === null',
    'another range than was asked for is taken',
  ),
  url(
    'readers-url-cut',
    'if (bytes.length === length) return bytes',
    'if (bytes.length <= length) return bytes',
    'ranges may be shorter than they were asked for',
  ),
  body('readers-body-cut', 'loaded !== total) fail', 'loaded > total) fail', 'bodies may end early'),
  under(
    'readers-under-stored',
    'file.stored(prefix + name)',
    'file.stored(name)',
    'what lies under a key is read without it',
  ),
  arrays(
    'readers-into',
    'const out = into ?? allocate(type, size)',
    'const out = allocate(type, size)',
    'values are not written where they are wanted',
  ),
  safetensors(
    'readers-into-direct',
    'const out = into ?? new Float32Array(size)',
    'const out = new Float32Array(size)',
    'float32 is not written where it is wanted',
  ),
  run(
    'readers-run-labels',
    'new Array<number>(count).fill(values[0] ?? 0)',
    'new Array<number>(count).fill(0)',
    'one label for all is label 0',
  ),
  run(
    'readers-run-times',
    't.length === 1 ? (t[0] ?? 0) : fromData',
    't.length > 0 ? (t[0] ?? 0) : fromData',
    'all images have the first time',
  ),
  run('readers-run-divisor', 'side % factor !== 0', 'side < factor', 'sides that cannot be halved'),
  unet(
    'readers-unet-vjp',
    'cotangent !== undefined && vjp === undefined ? { vjp: product(results) }',
    'cotangent === undefined && vjp === undefined ? { vjp: product(results) }',
    'the product is left out of the npz',
  ),
  unet(
    'readers-unet-key',
    'loadPrior({ config: json, weights }, { key,',
    'loadPrior({ config: json, weights }, {',
    'the key is not heeded beside a configuration',
  ),
]
