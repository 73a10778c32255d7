import { show } from '../fields.ts'
import { bytesPerStored, isElementType } from './arrays.ts'
import type { Budget } from './budget.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { rangePieces, readRange } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import type { PickleValue, PickleWorld } from './pickle.ts'
import { readPickle } from './pickle.ts'
import type { PickleCursor } from './pickle-cursor.ts'
import { pickleCursor } from './pickle-cursor.ts'
import type { TorchStores } from './torch-tensors.ts'
import { torchTensors } from './torch-tensors.ts'
import { opaque, TorchStorage, torchWorld } from './torch-world.ts'

/** A pickle of the number 0x1950a86a20f9469cfc6c; its protocol may be any. */
const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]

/** Whether a file starts as those of `torch.save` before PyTorch 1.6 do. */
export function isLegacyTorch(source: ByteSource): boolean {
  // Protocol 4 puts a frame before the number.
  const start = readRange(source, 0, Math.min(source.size, 2 + 9 + magic.length))
  if (start[0] !== 0x80) return false
  const at = start[2] === 0x95 ? 11 : 2
  return magic.every((byte, i) => start[at + i] === byte)
}

/** The only version there was. */
const version = 1001

/**
 * Reads what `torch.save` wrote before PyTorch 1.6, and still does by `_use_new_zipfile_serialization=False`: pickles of a
 * magic number, a version, facts on the machine, the object, and the keys of the storages; then, for each, its number of
 * elements and these. Numbers lie lowest byte first, whatever the machine was (torch/csrc/serialization.cpp).
 * @throws {FileFormatError} saying what is wrong.
 */
export function legacyTorchOf(source: ByteSource, file: string): Checkpoint {
  const refuse = failIn(file)
  const fail: Fail = (message) => refuse(`legacy torch pickle: ${message}`)
  const budget = budgetOf(source.size, file)
  const cursor = pickleCursor(source, 0, fail)
  const { world, storages } = storagesNoted(torchWorld(fail), fail)
  const next = () => readPickle(cursor, world, budget, fail)
  next()
  const found = next()
  if (found !== version)
    fail(`torch's format ${typeof found === 'number' ? found : 'of no number'}; ${version} is read`)
  next()
  const root = next()
  const stores = storesOf(source, cursor, keysOf(next(), fail), storages, budget, fail)
  return { format: 'torch', ...torchTensors(root, stores, budget, fail) }
}

/** A world that remembers the element types of the storages it was asked for. */
function storagesNoted(
  world: PickleWorld,
  fail: Fail,
): { world: PickleWorld; storages: ReadonlyMap<string, string> } {
  const storages = new Map<string, string>()
  const persistent = (id: PickleValue): PickleValue => {
    const value = world.persistent(id)
    const storage = opaque(value)
    if (storage instanceof TorchStorage) {
      const known = storages.get(storage.key)
      if (known !== undefined && known !== storage.dtype)
        fail(`storage ${show(storage.key)} is of ${known} and of ${storage.dtype}`)
      storages.set(storage.key, storage.dtype)
    }
    return value
  }
  return { world: { ...world, persistent }, storages }
}

function keysOf(value: PickleValue, fail: Fail): readonly string[] {
  const keys = typeof value === 'object' && value !== null && 'list' in value ? value.list : undefined
  if (keys?.every((key) => typeof key === 'string') !== true)
    return fail('the keys of its storages are no list of texts')
  if (new Set(keys).size < keys.length) fail('two storages have one key')
  return keys
}

/** Bytes of an element of a type whose values are not read. */
const unreadWidths: Readonly<Record<string, number>> = {
  C64: 8,
  C128: 16,
  C32: 4,
  QINT8: 1,
  QUINT8: 1,
  QINT32: 4,
  QUINT4X2: 1,
  QUINT2X4: 1,
}

const widthOf = (dtype: string): number =>
  isElementType(dtype) ? bytesPerStored(dtype) : (unreadWidths[dtype] ?? 1)

/** Where the storages lie that follow the pickles, in the order of their keys. */
function storesOf(
  source: ByteSource,
  cursor: PickleCursor,
  keys: readonly string[],
  types: ReadonlyMap<string, string>,
  budget: Budget,
  fail: Fail,
): TorchStores {
  const places = new Map<string, { readonly offset: number; readonly bytes: number }>()
  for (const key of keys) {
    budget.values(128)
    const dtype = types.get(key) ?? fail(`storage ${show(key)} is none of the object's`)
    const view = cursor.take(8)
    const count = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)
    const bytes = count * widthOf(dtype)
    const offset = cursor.position()
    if (!(offset + bytes <= source.size))
      fail(`truncated: storage ${show(key)} needs ${bytes} bytes, ${source.size - offset} are left`)
    cursor.skip(bytes)
    places.set(key, { offset, bytes })
  }
  const left = source.size - cursor.position()
  if (left > 0) fail(`${left} bytes at the end belong to no storage`)
  const place = (key: string) => places.get(key) ?? fail(`storage ${show(key)} is missing`)
  return {
    size: (key) => place(key).bytes,
    pieces: (key) => rangePieces(source, place(key).offset, place(key).bytes),
    part: (key, offset, length) => rangePieces(source, place(key).offset + offset, length),
  }
}
