import { FileFormatError } from '@tweedie/tensor'
import { show } from '../fields.ts'
import { bytesPerStored, sizeOf } from './arrays.ts'
import { budgetOf } from './budget.ts'
import type { ByteSource } from './bytes.ts'
import { asSource, rangePieces, readRange } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { edmPickleOf, isPickle } from './edm-pickle.ts'
import type { Fail } from './fail.ts'
import { failIn } from './fail.ts'
import { npyElementType, npyHeaderBytes, npyStored, npyValues, parseNpyHeader } from './npy.ts'
import { npzOf } from './npz.ts'
import { readRareElements } from './rare-elements.ts'
import { parseSafetensors } from './safetensors.ts'
import { startsAsSafetensors, stranger } from './strangers.ts'
import { torchOf, torchPickles } from './torch.ts'
import { isLegacyTorch, legacyTorchOf } from './torch-legacy.ts'
import { choosing } from './weight-sets.ts'
import { parseZip } from './zip.ts'

/**
 * Opens a file of arrays in whatever format it is, told by its content and not by its name: safetensors,
 * torch (`.pt`, `.pth`, `.bin`, of any version), `.npz`, or `.npy`, whose one array is named 'array'. Only what lists
 * the arrays is read now.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} saying what is wrong, or what else the file is (a git-lfs pointer, an HTML page …).
 */
export function openCheckpoint(bytes: Uint8Array | ByteSource, file: string): Checkpoint {
  readRareElements()
  return choosing(openFormat(asSource(bytes), file))
}

function openFormat(source: ByteSource, file: string): Checkpoint {
  if (startsAsSafetensors(source)) return parseSafetensors(source, file)
  const start = String.fromCharCode(...readRange(source, 0, Math.min(6, source.size)))
  if (start.startsWith('PK\x03\x04')) return openZip(source, file)
  if (start === '\x93NUMPY') return openNpy(source, file)
  if (isLegacyTorch(source)) return legacyTorchOf(source, file)
  if (isPickle(source)) return edmPickleOf(source, file)
  const what = stranger(source)
  if (what === undefined) return parseSafetensors(source, file)
  throw new FileFormatError(file, `${what}, not a safetensors file, nor one of torch, npz or npy`)
}

function openZip(source: ByteSource, file: string): Checkpoint {
  const budget = budgetOf(source.size, file)
  const zip = parseZip(source, file, budget)
  if (torchPickles(zip).length > 0) return torchOf(zip, file, budget)
  if (zip.names.some((name) => name.endsWith('.npy'))) return npzOf(zip, file)
  const [first] = zip.names
  throw new FileFormatError(
    file,
    `is a zip archive of neither torch (no data.pkl) nor NumPy (no .npy)${first === undefined ? '' : `, of ${show(first)} and the like; unpack it first`}`,
  )
}

function openNpy(source: ByteSource, file: string): Checkpoint {
  const fail: Fail = failIn(file)
  const { size } = source
  const header = parseNpyHeader(readRange(source, 0, Math.min(npyHeaderBytes, size)), size, fail)
  const { shape, dtype, start } = header
  const pieces = (name: string) => {
    if (name !== 'array') fail(`holds no array ${show(name)}`)
    const width = bytesPerStored(npyElementType(header, fail))
    return rangePieces(source, start, sizeOf(shape) * width)
  }
  return {
    format: 'npy',
    entries: [{ name: 'array', shape, dtype: typeof dtype === 'string' ? dtype : dtype.unread }],
    metadata: {},
    beside: [],
    stored: (name) => npyStored(pieces(name), header, fail),
    values: (name, into) => npyValues(pieces(name), header, fail, into),
  }
}
