import type { Shape } from '@tweedie/tensor'
import { show } from '../fields.ts'
import { bytesPerStored, isElementType, maxRank, sizeOf, tooManyAxes } from './arrays.ts'
import type { ValueBudget } from './budget.ts'
import type { Fail } from './fail.ts'
import { moduleContainers, persistentObject } from './persistent.ts'
import type { PickleValue, PickleWorld } from './pickle.ts'
import {
  attributeLike,
  dictLike,
  dtypes,
  listLike,
  memoryFormat,
  mentioned,
  plain,
  storages,
  tensorType,
} from './torch-types.ts'

/** The bytes that tensors lie in. */
export class TorchStorage {
  readonly key: string
  readonly dtype: string
  /** Number of elements. */
  readonly size: number
  /** Elements of the storage `key` before it: old files have storages within storages. */
  readonly start: number
  constructor(key: string, dtype: string, size: number, start = 0) {
    this.key = key
    this.dtype = dtype
    this.size = size
    this.start = start
  }
}

/** A tensor: where its elements lie in their storage, counted in elements, and what is to be done to them. */
export class TorchTensor {
  readonly storage: TorchStorage
  readonly dtype: string
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]
  /** The elements are to be negated (torch's lazy negative bit). */
  readonly negative: boolean
  /** The elements are to be conjugated. */
  readonly conjugate: boolean
  constructor(
    storage: TorchStorage,
    dtype: string,
    layout: { offset: number; shape: Shape; strides: readonly number[] },
    flags: { negative: boolean; conjugate: boolean },
  ) {
    this.storage = storage
    this.dtype = dtype
    this.offset = layout.offset
    this.shape = layout.shape
    this.strides = layout.strides
    this.negative = flags.negative
    this.conjugate = flags.conjugate
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const areCounts = (values: readonly PickleValue[] | undefined): values is readonly number[] =>
  values?.every(isCount) === true

const items = (value: PickleValue | undefined): readonly PickleValue[] | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  return 'tuple' in value ? value.tuple : 'list' in value ? value.list : undefined
}
const globalName = (value: PickleValue | undefined): string =>
  typeof value === 'object' && value !== null && 'global' in value ? value.global : ''

/** The value of the outside within a pickle's value. */
export const opaque = (value: PickleValue | undefined): unknown =>
  typeof value === 'object' && value !== null && 'opaque' in value ? value.opaque : undefined

/** What the pickle of a checkpoint may use: tensors, containers and plain data, none of which runs anything. */
export function torchWorld(fail: Fail, budget: ValueBudget): PickleWorld {
  const tensor =
    (dtypeAt: number | undefined, metadataAt: number) =>
    (args: readonly PickleValue[]): PickleValue => {
      const [stored, offset, size, stride] = args
      const storage = opaque(stored)
      const [given, steps] = [items(size), items(stride)]
      if (given === undefined || steps === undefined) return fail('a tensor is not described as torch does')
      if (given.length > maxRank) fail(`a tensor has ${tooManyAxes(given.length)}`)
      // Copies: a list may be changed after it was checked.
      const [shape, strides] = [given, steps].map((list) => list.slice(0, maxRank + 1))
      if (!(storage instanceof TorchStorage) || !isCount(offset) || !areCounts(shape) || !areCounts(strides))
        return fail('a tensor is not described as torch does')
      if (shape.length !== strides.length) return fail('a tensor is not described as torch does')
      const dtype = dtypeAt === undefined ? storage.dtype : dtypes.get(globalName(args[dtypeAt]))
      if (dtype === undefined) return fail('a tensor is not described as torch does')
      const metadata = flagsOf(args[metadataAt])
      const layout = { shape, strides, offset }
      return { opaque: checked(new TorchTensor(storage, dtype, layout, metadata), fail) }
    }
  const parameter = ([value]: readonly PickleValue[]): PickleValue =>
    opaque(value) instanceof TorchTensor
      ? value!
      : isPlain(value)
        ? value
        : fail('a parameter holds no tensor')
  const calls: Record<string, (args: readonly PickleValue[]) => PickleValue> = {
    ...makers(plain, (what) => () => ({ plain: what })),
    ...named(listLike, ([first]) => ({ list: [...(items(first) ?? [])] })),
    ...named(dictLike, (args) => ({ dict: pairsOf(args) })),
    ...named([...attributeLike, ...moduleContainers], () => ({ dict: new Map(), attributes: true })),
    'torch_utils.persistence._reconstruct_persistent_obj': persistentObject(budget, fail),
    'torch.Size': ([size]) => ({ tuple: items(size) ?? [] }),
    'torch._utils._rebuild_tensor': tensor(undefined, 4),
    'torch._utils._rebuild_tensor_v2': tensor(undefined, 6),
    'torch._utils._rebuild_tensor_v3': tensor(6, 7),
    // A tensor that was moved to the memory of the machine: tensor, dtype, device, requires_grad.
    'torch._utils._rebuild_device_tensor_from_cpu_tensor': parameter,
    'torch._utils._rebuild_parameter': parameter,
    'torch._utils._rebuild_parameter_with_state': parameter,
    // A tensor of another class or with attributes: func, type, args, state.
    'torch._tensor._rebuild_from_type_v2': ([func, , args]) => {
      const name = globalName(func)
      const inner = name.startsWith('torch._utils._rebuild_') ? calls[name] : undefined
      return inner === undefined ? fail('a tensor is not described as torch does') : inner(items(args) ?? [])
    },
  }
  return {
    mentions: (name) =>
      storages.has(name) ||
      dtypes.has(name) ||
      mentioned.has(name) ||
      memoryFormat.test(name) ||
      tensorType.test(name),
    calls,
    persistent: (id) => {
      const [tag, type, key, , size, view = null] = items(id) ?? []
      const dtype = storages.get(globalName(type))
      if (tag === 'module')
        return fail(`holds a whole module, ${show(globalName(type))}; save its state_dict() alone`)
      if (tag !== 'storage' || dtype === undefined || typeof key !== 'string' || !isCount(size))
        return fail('a storage is not described as torch does')
      if (view === null) return { opaque: new TorchStorage(key, dtype, size) }
      const [, start, length] = items(view) ?? []
      if (!isCount(start) || !isCount(length) || !(start + length <= size))
        return fail('a part of a storage is not described as torch does')
      return { opaque: new TorchStorage(key, dtype, length, start) }
    },
  }
}

const isPlain = (value: PickleValue | undefined): value is { plain: string } =>
  typeof value === 'object' && value !== null && 'plain' in value

type Call = (args: readonly PickleValue[]) => PickleValue
const makers = (table: Readonly<Record<string, string>>, make: (what: string) => Call) =>
  Object.fromEntries(Object.entries(table).map(([name, what]) => [name, make(what)]))
const named = (names: readonly string[], make: Call) => Object.fromEntries(names.map((name) => [name, make]))

/** The items that a dictionary is made with: of another, or of a list of pairs. */
function pairsOf(args: readonly PickleValue[]): Map<PickleValue, PickleValue> {
  const out = new Map<PickleValue, PickleValue>()
  for (const arg of args) {
    if (typeof arg !== 'object' || arg === null) continue
    if ('dict' in arg) for (const [key, value] of arg.dict) out.set(key, value)
    for (const pair of items(arg) ?? []) {
      const [key, value] = items(pair) ?? []
      if (key !== undefined && value !== undefined) out.set(key, value)
    }
  }
  return out
}

/** torch's bits of a tensor: `{'neg': True}`, `{'conj': True}`. */
function flagsOf(metadata: PickleValue | undefined): { negative: boolean; conjugate: boolean } {
  const bits =
    typeof metadata === 'object' && metadata !== null && 'dict' in metadata ? metadata.dict : new Map()
  return { negative: bits.get('neg') === true, conjugate: bits.get('conj') === true }
}

/** A tensor whose elements all lie in its storage. */
function checked(tensor: TorchTensor, fail: Fail): TorchTensor {
  const { storage, dtype, shape, strides, offset } = tensor
  if (shape.length > maxRank) fail(`a tensor has ${tooManyAxes(shape.length)}`)
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset)
  const bytes = isElementType(storage.dtype) ? storage.size * bytesPerStored(storage.dtype) : undefined
  const room =
    bytes === undefined || !isElementType(dtype) ? storage.size : Math.floor(bytes / bytesPerStored(dtype))
  const unknown = bytes !== undefined && !isElementType(dtype)
  if (!unknown && sizeOf(shape) > 0 && !(last < room))
    fail(`a tensor [${shape.join(', ')}] reaches beyond its storage of ${room} elements`)
  return tensor
}
