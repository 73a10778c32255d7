import { show } from '../fields.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { partOf, readRange } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import type { PickleValue, PickleWorld } from './pickle.ts'
import { readPickle } from './pickle.ts'
import { pickleCursor } from './pickle-cursor.ts'
import { readLegacy } from './torch-legacy.ts'
import type { TorchStores } from './torch-tensors.ts'
import { torchTensors } from './torch-tensors.ts'
import { opaque, TorchStorage, torchWorld } from './torch-world.ts'

/** Whether a file starts as a pickle of protocol 2 to 5 does. */
export function isPickle(source: ByteSource): boolean {
  if (source.size < 3) return false
  const [mark, protocol = 0] = readRange(source, 0, 2)
  return mark === 0x80 && protocol >= 2 && protocol <= 5
}

/** A storage within a file, and where its bytes lie. */
interface Place {
  readonly stores: TorchStores
  readonly key: string
}

/**
 * Reads a pickle that Python's `pickle.dump` wrote of tensors, such as EDM's `network-snapshot-….pkl` (arXiv 2206.00364): each
 * storage is a whole file of `torch.save` within it. The modules in it are read as their state dicts (`ema.model.…`), and the
 * arguments that the network was made with are its configuration; the source code in it is not looked at, and nothing
 * runs.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function edmPickleOf(source: ByteSource, file: string): Checkpoint {
  const refuse = failIn(file)
  const fail: Fail = (message) => refuse(`is a Python pickle: ${message}`)
  const budget = budgetOf(source.size, file)
  const places = new Map<string, Place>()
  const plain = torchWorld(fail, budget)
  const world: PickleWorld = {
    ...plain,
    calls: {
      ...plain.calls,
      'torch.storage._load_from_bytes': ([bytes]) => {
        const range = rangeOf(bytes) ?? fail('a storage is no bytes')
        const { root, stores } = readLegacy(partOf(source, range.offset, range.length), budget, fail)
        const inner = opaque(root)
        if (!(inner instanceof TorchStorage)) return fail('the bytes of a storage hold something else')
        const key = String(places.size)
        budget.values(256)
        places.set(key, { stores, key: inner.key })
        return { opaque: new TorchStorage(key, inner.dtype, inner.size, inner.start) }
      },
    },
    persistent: () => fail('refers to what is not in it'),
  }
  const cursor = pickleCursor(source, 0, fail)
  const root = readPickle(cursor, world, budget, fail)
  if (cursor.position() < source.size) fail(`${source.size - cursor.position()} bytes follow it`)
  const place = (key: string): Place => places.get(key) ?? fail(`storage ${show(key)} is missing`)
  const read = torchTensors(
    root,
    {
      size: (key) => place(key).stores.size(place(key).key),
      pieces: (key, held) => place(key).stores.pieces(place(key).key, held),
      part: (key, offset, length) => place(key).stores.part(place(key).key, offset, length),
    },
    budget,
    fail,
  )
  if (read.entries.length === 0) fail('it holds no tensor')
  return { format: 'torch', ...read }
}

const rangeOf = (value: PickleValue | undefined) =>
  typeof value === 'object' && value !== null && 'plain' in value ? value.range : undefined
