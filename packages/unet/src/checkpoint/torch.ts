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
import { budgetOf } from './budget.ts'
import type { ByteSource, Pieces } from './bytes.ts'
import { asSource, joinPieces, slicePieces } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import { negated } from './negate.ts'
import { parsePickle } from './pickle.ts'
import { collectTensors } from './torch-names.ts'
import { type TorchStorage, type TorchTensor, torchWorld } from './torch-world.ts'
import type { Zip } from './zip.ts'
import { parseZip } from './zip.ts'

/**
 * Reads a checkpoint that `torch.save` wrote (`.pt`, `.pth`, `.bin`; the zip format of PyTorch ≥ 1.6): the
 * tensors in its dictionaries, lists and tuples, under names of their keys and indices joined by dots
 * (`ema.0`, `state.3.exp_avg`); a tensor that is all of the file is named 'tensor'. The pickle in it is
 * interpreted as data: it can build tensors, containers and plain data, of which `beside` tells, and runs
 * nothing; what else it asks for is refused. On which device a tensor was saved does not matter.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseTorch(bytes: Uint8Array | ByteSource, file: string): Checkpoint {
  const source = asSource(bytes)
  const budget = budgetOf(source.size, file)
  return torchOf(parseZip(source, file, budget), file, budget)
}

/** The pickle of an archive of torch, if it is one. */
export const torchPickles = (zip: Zip): readonly string[] =>
  zip.names.filter((name) => /^([^/]*\/)?data\.pkl$/.test(name))

/** {@link parseTorch} of an archive. */
export function torchOf(zip: Zip, file: string, budget: Budget): Checkpoint {
  const fail: Fail = failIn(file)
  const [pickle, ...more] = torchPickles(zip)
  if (pickle === undefined || more.length > 0)
    return fail(`not a file of torch.save: ${more.length + (pickle === undefined ? 0 : 1)} data.pkl in it`)
  const prefix = pickle.slice(0, -'data.pkl'.length)
  if (zip.names.includes(`${prefix}constants.pkl`))
    fail('is a TorchScript program; save its state_dict() with torch.save')
  checkByteOrder(zip, `${prefix}byteorder`, fail)
  const root = parsePickle(zip.read(pickle), file, torchWorld(fail), budget)
  const { tensors, beside } = collectTensors(root, budget, fail)
  const bytesOf = storageReader(zip, prefix, [...tensors.values()], budget, fail)
  const find = (name: string) => {
    const tensor = tensors.get(name) ?? fail(`holds no tensor ${show(name)}`)
    const { dtype, conjugate } = tensor
    const what = `tensor ${show(name)}`
    if (!isElementType(dtype))
      return fail(
        `${what}: dtype ${dtype}${conjugate ? ' with its conjugate bit set' : ''} is not read; ${elementTypes.join(', ')} are`,
      )
    const pieces = bytesOf(name, tensor, dtype)
    return {
      pieces: tensor.negative ? negated(pieces, dtype) : pieces,
      dtype,
      size: sizeOf(tensor.shape),
      what,
    }
  }
  const entries: ArrayEntry[] = [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype }))
  return {
    format: 'torch',
    entries,
    metadata: {},
    beside,
    stored: (name) => find(name).pieces,
    values: (name) => {
      const { pieces, dtype, size, what } = find(name)
      return decodePieces(pieces, dtype, size, (message) => fail(`${what} ${message}`))
    },
  }
}

function checkByteOrder(zip: Zip, name: string, fail: Fail): void {
  if (!zip.names.includes(name)) return
  const order = new TextDecoder().decode(zip.start(name, 20))
  if (order !== 'little') fail(`byte order ${show(order)}; little-endian files are read`)
}

/**
 * The elements of a tensor as they are stored. A storage is read once for all tensors that share it, kept
 * until the last of them was asked for.
 */
function storageReader(
  zip: Zip,
  prefix: string,
  tensors: readonly TorchTensor[],
  budget: Budget,
  fail: Fail,
) {
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
    const { storage, shape, offset } = tensor
    const { key } = storage
    const member = `${prefix}data/${key}`
    const width = bytesPerStored(dtype)
    const size = sizeOf(shape)
    const needed = storage.size * (isElementType(storage.dtype) ? bytesPerStored(storage.dtype) : 1)
    if (zip.size(member) < needed)
      return fail(`storage ${show(key)} has ${zip.size(member)} bytes, ${needed} are needed`)
    draw(name, storage, size, bytesPerRead(dtype))
    const others = waiting.get(key)
    others?.delete(tensor)
    const known = kept.get(key)
    const shared = (others?.size ?? 0) > 0
    if (!shared) kept.delete(key)
    if (known === undefined && !shared && isContiguous(tensor))
      return slicePieces(zip.pieces(member, size * bytesPerRead(dtype)), offset * width, size * width)
    const bytes = known ?? joinPieces(zip.pieces(member), zip.size(member))
    if (shared) kept.set(key, bytes)
    return isContiguous(tensor)
      ? [bytes.subarray(offset * width, (offset + size) * width)]
      : [gatherStored(bytes, width, tensor)]
  }
}
