import { realpathSync } from 'node:fs'
import { OptionError } from '@tweedie/tensor'
import { bytesPerStored, isElementType, sizeOf } from './arrays.ts'
import { configurationKey } from './checkpoint.ts'
import { readParams, writeAtomically } from './file.ts'
import { underKey } from './under-key.ts'
import type { StoredTensor } from './write.ts'
import { safetensorsPieces } from './write.ts'

/** What a conversion did. */
export interface ConvertedCheckpoint {
  /** What the file was. */
  readonly format: 'safetensors' | 'torch' | 'npz' | 'npy'
  /** Number of tensors written. */
  readonly tensors: number
  /** Bytes of their elements. */
  readonly bytes: number
  /** What was in the file and is not in the new one, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
}

/** The note on the framework that other readers of safetensors look for. */
const frameworks: Readonly<Record<string, string>> = { torch: 'pt', npz: 'np' }

/**
 * Writes the tensors of a checkpoint of any format that is read (and of any size: tensor by tensor) as a
 * safetensors file, whole or not at all. Names, shapes, element types and bits stay as they are; the
 * metadata of a safetensors file as well, that of others says what they were (`converted_from`), and the configuration that
 * a pickle of EDM's has in itself, where it is read again.
 * @param overwrite - Whether a file at `output` may be replaced.
 * @param key - Of all that the file holds, what lies under this key alone, its names without it.
 * @throws {FileFormatError} where the checkpoint is not there or not in order.
 * @throws {OptionError} where `output` is there already, or is the checkpoint itself.
 */
export function convertCheckpoint(
  input: string,
  output: string,
  { overwrite = false, key }: { readonly overwrite?: boolean; readonly key?: string | undefined } = {},
): ConvertedCheckpoint {
  const whole = readParams(input)
  const file = key === undefined ? whole : underKey(whole, key, input)
  const there = realPath(output)
  if (there !== undefined && there === realPath(input))
    throw new OptionError('output', `${output} is the checkpoint itself; name another file`)
  if (there !== undefined && !overwrite)
    throw new OptionError('output', `${output} is there already; name another file`)
  const skipped = file.beside.map(({ name, what }) => ({ name, why: `${what}, no tensor` }))
  const stored: StoredTensor[] = []
  for (const { name, shape, dtype } of file.entries) {
    if (!isElementType(dtype)) skipped.push({ name, why: `elements of type ${dtype}` })
    else if (name === '__metadata__') skipped.push({ name, why: 'a name that safetensors reserves' })
    else {
      const bytes = sizeOf(shape) * bytesPerStored(dtype)
      stored.push({ name, shape, dtype, bytes, pieces: () => file.stored(name) })
    }
  }
  const framework = frameworks[file.format]
  const metadata = {
    ...(framework === undefined ? file.metadata : { format: framework, converted_from: file.format }),
    ...(file.configuration === undefined ? {} : { [configurationKey]: JSON.stringify(file.configuration) }),
  }
  writeAtomically(output, safetensorsPieces(stored, metadata))
  const { format } = file
  return { format, tensors: stored.length, bytes: stored.reduce((sum, { bytes }) => sum + bytes, 0), skipped }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}
