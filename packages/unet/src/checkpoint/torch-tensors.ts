import { show } from '../fields.ts'
import type { ArrayEntry, ElementType } from './arrays.ts'
import {
  bytesPerRead,
  bytesPerStored,
  decodePieces,
  elementTypes,
  gatherStored,
  isContiguous,
  isElementType,
  sizeOf,
} from './arrays.ts'
import type { Budget } from './budget.ts'
import type { Pieces } from './bytes.ts'
import { joinPieces, slicePieces } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { negated } from './negate.ts'
import { configurationIn } from './persistent.ts'
import type { PickleValue } from './pickle.ts'
import { swapped } from './swap.ts'
import { collectTensors } from './torch-names.ts'
import type { TorchStorage, TorchTensor } from './torch-world.ts'

/** The storages of a file of torch, by key. */
export interface TorchStores {
  /** Length of a storage in bytes. @throws {FileFormatError} where there is none. */
  size(key: string): number
  /**
   * All bytes of a storage.
   * @param held - Bytes of memory that the caller makes of it.
   */
  pieces(key: string, held?: number): Pieces
  /** `length` bytes from `offset` on; undefined for a storage that has to be read from its start. */
  part(key: string, offset: number, length: number): Pieces | undefined
  /** Whether numbers lie highest byte first. */
  readonly bigEndian?: boolean
}

/** The tensors that a pickle of torch describes, read from their storages when they are asked for. */
export function torchTensors(
  root: PickleValue,
  stores: TorchStores,
  budget: Budget,
  fail: Fail,
): Omit<Checkpoint, 'format'> {
  const { tensors, beside } = collectTensors(root, budget, fail)
  const bytesOf = storageReader(stores, [...tensors.values()], budget, fail)
  const find = (name: string) => {
    const tensor = tensors.get(name) ?? fail(`holds no tensor ${show(name)}`)
    const { dtype, conjugate } = tensor
    const what = `tensor ${show(name)}`
    if (!isElementType(dtype))
      return fail(
        `${what}: dtype ${dtype}${conjugate ? ' with its conjugate bit set' : ''} is not read; ${elementTypes().join(', ')} are`,
      )
    const found = bytesOf(name, tensor, dtype)
    const pieces = stores.bigEndian === true ? swapped(found, bytesPerStored(dtype)) : found
    return {
      pieces: tensor.negative ? negated(pieces, dtype) : pieces,
      dtype,
      size: sizeOf(tensor.shape),
      what,
    }
  }
  const entries: ArrayEntry[] = [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype }))
  const configuration = configurationIn(root, budget)
  return {
    entries,
    ...(configuration === undefined ? {} : { configuration }),
    metadata: {},
    beside,
    stored: (name) => find(name).pieces,
    values: (name, into) => {
      const { pieces, dtype, size, what } = find(name)
      return decodePieces(pieces, dtype, size, (message) => fail(`${what} ${message}`), into)
    },
  }
}

/**
 * The elements of a tensor as they are stored. A storage that several share is read by parts; one that is compressed is
 * read once and kept until the last of them was asked for.
 */
function storageReader(stores: TorchStores, tensors: readonly TorchTensor[], budget: Budget, fail: Fail) {
  const waiting = new Map<string, Set<TorchTensor>>()
  for (const tensor of tensors) {
    const { key } = tensor.storage
    waiting.set(key, (waiting.get(key) ?? new Set()).add(tensor))
  }
  const kept = new Map<string, Uint8Array>()
  const taken = new Map<string, number>()
  const asked = new Set<string>()
  /** What tensors take of a storage beyond its length is drawn from the budget. */
  const draw = (name: string, storage: TorchStorage, size: number, bytes: number) => {
    if (asked.has(name)) return
    const total = (taken.get(storage.key) ?? 0) + size
    if (total > storage.size) budget.elements(name, Math.min(size, total - storage.size) * bytes)
    // What was refused is refused again.
    asked.add(name)
    taken.set(storage.key, total)
  }
  return (name: string, tensor: TorchTensor, dtype: ElementType): Pieces => {
    const { storage, shape, strides } = tensor
    const { key } = storage
    const width = bytesPerStored(dtype)
    const size = sizeOf(shape)
    const storedWidth = isElementType(storage.dtype) ? bytesPerStored(storage.dtype) : 1
    const needed = (storage.start + storage.size) * storedWidth
    if (stores.size(key) < needed)
      return fail(`storage ${show(key)} has ${stores.size(key)} bytes, ${needed} are needed`)
    draw(name, storage, size, bytesPerRead(dtype))
    if (size === 0) return []
    const inOrder = isContiguous(tensor)
    // From the first element to the last.
    const span = inOrder
      ? size
      : 1 + shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, 0)
    const [offset, length] = [storage.start * storedWidth + tensor.offset * width, span * width]
    const gathered = (bytes: Uint8Array): Pieces => [
      inOrder ? bytes : gatherStored(bytes, width, { shape, strides, offset: 0 }),
    ]
    const others = waiting.get(key)
    others?.delete(tensor)
    const shared = (others?.size ?? 0) > 0
    const known = kept.get(key)
    if (!shared) kept.delete(key)
    if (known !== undefined) return gathered(known.subarray(offset, offset + length))
    // All of it: its checksum is checked as it is read.
    if (offset === 0 && length === stores.size(key) && !shared) {
      const all = stores.pieces(key, size * bytesPerRead(dtype))
      return inOrder ? all : gathered(joinPieces(all, length))
    }
    const part = stores.part(key, offset, length)
    if (part !== undefined) return inOrder ? part : gathered(joinPieces(part, length))
    if (!shared && inOrder) return slicePieces(stores.pieces(key, size * bytesPerRead(dtype)), offset, length)
    const bytes = joinPieces(stores.pieces(key), stores.size(key))
    if (shared) kept.set(key, bytes)
    return gathered(bytes.subarray(offset, offset + length))
  }
}
