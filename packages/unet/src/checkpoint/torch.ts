import type { Shape } from '@tweedie/tensor'
import { FileFormatError } from '@tweedie/tensor'
import type { ArrayEntry, ArraySource, ElementType } from './arrays.ts'
import { bytesPerStored, readStrided } from './arrays.ts'
import type { PickleValue, PickleWorld } from './pickle.ts'
import { parsePickle } from './pickle.ts'
import type { Zip } from './zip.ts'
import { parseZip } from './zip.ts'

/** torch's storage classes and what they hold. */
const storages: Readonly<Record<string, ElementType>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
}

class TorchStorage {
  readonly key: string
  readonly dtype: ElementType
  /** Number of elements. */
  readonly size: number
  constructor(key: string, dtype: ElementType, size: number) {
    this.key = key
    this.dtype = dtype
    this.size = size
  }
}

class TorchTensor {
  readonly storage: TorchStorage
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]
  constructor(storage: TorchStorage, offset: number, shape: Shape, strides: readonly number[]) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}

/**
 * Reads a state dict that `torch.save` wrote (`.pt`, `.pth`, `.bin`; the zip format of PyTorch ≥ 1.6): a
 * dictionary of tensors, or one that holds such a dictionary under a name. Nested dictionaries give names
 * joined by dots. The pickle in it is interpreted as data and can build nothing but tensors and containers;
 * what else it asks for is refused. On which device a tensor was saved does not matter.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseTorch(bytes: Uint8Array, file: string): ArraySource {
  const fail = (message: string): never => {
    throw new FileFormatError(file, message)
  }
  const zip = parseZip(bytes, file)
  const pickles = zip.names.filter((name) => /^[^/]*\/data\.pkl$|^data\.pkl$/.test(name))
  if (pickles.length !== 1) fail(`not a file of torch.save: ${pickles.length} data.pkl in it`)
  const prefix = pickles[0]!.slice(0, -'data.pkl'.length)
  checkByteOrder(zip, `${prefix}byteorder`, fail)
  const root = parsePickle(zip.read(pickles[0]!), file, world(fail))
  const tensors = new Map<string, TorchTensor>()
  collect(root, '', tensors, 0, fail)
  const cache = new Map<string, Uint8Array>()
  const bytesOf = ({ key, dtype, size }: TorchStorage): Uint8Array => {
    const known = cache.get(key)
    const data = known ?? zip.read(`${prefix}data/${key}`)
    cache.set(key, data)
    const needed = size * bytesPerStored(dtype)
    return data.length < needed ? fail(`storage ${key} has ${data.length} bytes, ${needed} are needed`) : data
  }
  const entries: ArrayEntry[] = [...tensors].map(([name, { shape, storage }]) => ({
    name,
    shape,
    dtype: storage.dtype,
  }))
  return {
    entries,
    values: (name) => {
      const { storage, shape, strides, offset } = tensors.get(name) ?? fail(`holds no tensor '${name}'`)
      return readStrided(bytesOf(storage), storage.dtype, { shape, strides, offset }, true, fail)
    },
  }
}

type Fail = (message: string) => never

function checkByteOrder(zip: Zip, name: string, fail: Fail): void {
  if (!zip.names.includes(name)) return
  const order = new TextDecoder().decode(zip.read(name))
  if (order !== 'little') fail(`byte order '${order.slice(0, 20)}'; little-endian files are read`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const items = (value: PickleValue | undefined): readonly PickleValue[] | undefined =>
  typeof value === 'object' && value !== null && 'tuple' in value ? value.tuple : undefined
const opaque = (value: PickleValue | undefined): unknown =>
  typeof value === 'object' && value !== null && 'opaque' in value ? value.opaque : undefined

/** What a state dict's pickle may use. */
function world(fail: Fail): PickleWorld {
  const tensor = ([stored, offset, size, stride]: readonly PickleValue[]): PickleValue => {
    const storage = opaque(stored)
    const [shape, strides] = [items(size), items(stride)]
    const counts = shape?.every(isCount) && strides?.every(isCount)
    if (
      !(storage instanceof TorchStorage) ||
      !isCount(offset) ||
      !counts ||
      shape!.length !== strides!.length
    )
      return fail('a tensor is not described as torch does')
    return { opaque: checked(storage, offset, shape as number[], strides as number[], fail) }
  }
  return {
    names: new Set(Object.keys(storages)),
    calls: {
      'collections.OrderedDict': (args) =>
        args.length === 0 ? { dict: new Map() } : fail('an OrderedDict with arguments is not read'),
      'torch._utils._rebuild_tensor_v2': tensor,
      'torch._utils._rebuild_parameter': ([value]) =>
        opaque(value) instanceof TorchTensor ? value! : fail('a parameter holds no tensor'),
    },
    persistent: (id) => {
      const [tag, type, key, , size] = items(id) ?? []
      const name = typeof type === 'object' && type !== null && 'global' in type ? type.global : ''
      if (tag !== 'storage' || !Object.hasOwn(storages, name) || typeof key !== 'string' || !isCount(size))
        return fail('a storage is not described as torch does')
      return { opaque: new TorchStorage(key, storages[name]!, size) }
    },
  }
}

/** A tensor whose elements all lie in its storage and of which no two share a place. */
function checked(
  storage: TorchStorage,
  offset: number,
  shape: number[],
  strides: number[],
  fail: Fail,
): TorchTensor {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset)
  if (size > 0 && !(last < storage.size))
    fail(`a tensor [${shape.join(', ')}] reaches beyond its storage of ${storage.size} elements`)
  // Overlapping strides would let a small file ask for any amount of memory.
  if (size > storage.size)
    fail(`a tensor [${shape.join(', ')}] repeats elements of its storage, which is not read`)
  return new TorchTensor(storage, offset, shape, strides)
}

const deepest = 32

function collect(
  value: PickleValue,
  prefix: string,
  into: Map<string, TorchTensor>,
  depth: number,
  fail: Fail,
): void {
  if (depth > deepest) fail('dictionaries are nested too deep')
  if (typeof value !== 'object' || value === null || !('dict' in value)) {
    if (depth === 0) fail('does not hold a dictionary of tensors')
    return
  }
  for (const [key, item] of value.dict) {
    if (typeof key !== 'string') continue
    const name = prefix === '' ? key : `${prefix}.${key}`
    const found = opaque(item)
    if (!(found instanceof TorchTensor)) collect(item, name, into, depth + 1, fail)
    else if (into.has(name)) fail(`two tensors are named '${name}'`)
    else into.set(name, found)
  }
}
