import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError } from '@tweedie/tensor'
import type { Pieces } from './bytes.ts'
import type { Checkpoint } from './checkpoint.ts'
import { configurationKey } from './checkpoint.ts'
import { openCheckpoint } from './open.ts'
import { fileSource, readRegularFile } from './regular-file.ts'
import type { Safetensors } from './safetensors.ts'
import { parseSafetensors } from './safetensors.ts'
import type { WriteOptions } from './write.ts'
import { hostTensors, safetensorsPieces, storedTensor } from './write.ts'

/**
 * Opens a safetensors file on disk, of any size: the header is read now, a tensor when its values are asked
 * for. @throws {FileFormatError} for a file that is not there or not in order.
 */
export function readSafetensors(path: string): Safetensors {
  return parseSafetensors(fileSource(path), path)
}

/**
 * Opens a file of arrays on disk, of any size, in whatever format it is ({@link openCheckpoint}).
 * @throws {FileFormatError} for a file that is not there or not in order.
 */
export function readCheckpoint(path: string): Checkpoint {
  return openCheckpoint(fileSource(path), path)
}

/**
 * Parameters from disk in whatever format the file is: safetensors, torch's zip (`.pt`, `.pth`, `.bin`) or
 * `.npz`, told by its content; a parameter is read when its values are asked for.
 * @throws {FileFormatError} for a file that is not there or not in order.
 */
export function readParams(path: string): Checkpoint {
  const file = readCheckpoint(path)
  if (file.format === 'npy')
    throw new FileFormatError(path, 'is a .npy file: one array without a name, no parameters')
  const said = Object.hasOwn(file.metadata, configurationKey) ? file.metadata[configurationKey] : undefined
  return said === undefined ? file : { ...file, configuration: configurationOf(said, path) }
}

/** The configuration that `convertCheckpoint` keeps. @throws {FileFormatError} where it is not JSON. */
function configurationOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileFormatError(path, `${configurationKey} is not JSON: ${(error as Error).message}`)
  }
}

/** Configurations and records are at most this long. */
const mostJson = 2 ** 24

/** Reads a JSON file of at most 16 MiB. @throws {FileFormatError} for a file that is not there or not JSON. */
export function readJson(path: string): unknown {
  const text = new TextDecoder().decode(jsonBytes(path))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileFormatError(path, `is not JSON: ${(error as Error).message}`)
  }
}

function jsonBytes(path: string): Uint8Array {
  try {
    return readRegularFile(path, mostJson, 'it')
  } catch (error) {
    throw new FileFormatError(path, `cannot be read: ${(error as Error).message.replace(/^it: /, '')}`)
  }
}

/** Writes tensors (of a CPU device) to a safetensors file, piece by piece, whole or not at all. */
export function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: WriteOptions = {},
): void {
  const stored = hostTensors(tensors).map(([name, tensor]) => storedTensor(name, tensor, options.dtype))
  writeAtomically(path, safetensorsPieces(stored, options.metadata))
}

/**
 * Writes a file of any length under another name in the same folder, flushes it to disk and renames it: no
 * reader sees half of it.
 */
export function writeAtomically(path: string, contents: string | Uint8Array | Pieces): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  const pieces =
    typeof contents === 'string'
      ? [new TextEncoder().encode(contents)]
      : contents instanceof Uint8Array
        ? [contents]
        : contents
  try {
    const file = openSync(temporary, 'w')
    try {
      for (const piece of pieces) writeAll(file, piece)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** The most that one call of the system writes. */
const mostAtOnce = 2 ** 26

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(file, bytes, at, Math.min(mostAtOnce, bytes.length - at))
}
