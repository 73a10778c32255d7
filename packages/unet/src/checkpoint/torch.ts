import { show } from '../fields.ts'
import type { Budget } from './budget.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { asSource } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import { parsePickle } from './pickle.ts'
import { readRareElements } from './rare-elements.ts'
import { isLegacyTorch, legacyTorchOf } from './torch-legacy.ts'
import { torchTensors } from './torch-tensors.ts'
import { torchWorld } from './torch-world.ts'
import { choosing } from './weight-sets.ts'
import type { Zip } from './zip.ts'
import { parseZip } from './zip.ts'

/**
 * Reads a checkpoint that `torch.save` wrote (`.pt`, `.pth`, `.bin`; the zip format, or that of before PyTorch 1.6): the
 * tensors in its dictionaries, lists and tuples, under names of their keys and indices joined by dots
 * (`ema.0`, `state.3.exp_avg`); a tensor that is all of the file is named 'tensor'. The pickle in it is
 * interpreted as data: it can build tensors, containers and plain data, of which `beside` tells, and runs
 * nothing; what else it asks for is refused. On which device a tensor was saved does not matter.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong.
 */
export function parseTorch(bytes: Uint8Array | ByteSource, file: string): Checkpoint {
  readRareElements()
  const source = asSource(bytes)
  if (isLegacyTorch(source)) return choosing(legacyTorchOf(source, file))
  const budget = budgetOf(source.size, file)
  return choosing(torchOf(parseZip(source, file, budget), file, budget))
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
  const bigEndian = isBigEndian(zip, `${prefix}byteorder`, fail)
  const root = parsePickle(zip.read(pickle), file, torchWorld(fail, budget), budget)
  const member = (key: string) => `${prefix}data/${key}`
  const stores = {
    size: (key: string) => zip.size(member(key)),
    pieces: (key: string, held?: number) => zip.pieces(member(key), held),
    part: (key: string, offset: number, length: number) => zip.part(member(key), offset, length),
    bigEndian,
  }
  return { format: 'torch', ...torchTensors(root, stores, budget, fail) }
}

function isBigEndian(zip: Zip, name: string, fail: Fail): boolean {
  if (!zip.names.includes(name)) return false
  const order = new TextDecoder().decode(zip.start(name, 20))
  return order === 'big' || (order !== 'little' && fail(`byte order ${show(order)}; little and big are read`))
}
