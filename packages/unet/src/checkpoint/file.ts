import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { FileFormatError } from '@tweedie/tensor'
import type { ParamSource } from './load.ts'
import { parseNpz } from './npz.ts'
import type { Safetensors } from './safetensors.ts'
import { parseSafetensors } from './safetensors.ts'
import { parseTorch } from './torch.ts'
import type { WriteOptions } from './write.ts'
import { writeSafetensors } from './write.ts'

/**
 * Reads a safetensors file from disk. @throws {FileFormatError} for a file that is not there or not in
 * order.
 */
export function readSafetensors(path: string): Safetensors {
  return parseSafetensors(readBytes(path), path)
}

/**
 * Parameters from disk in whatever format the file is: safetensors, torch's zip (`.pt`, `.pth`, `.bin`) or
 * `.npz`, told by its first bytes and its name. @throws {FileFormatError} for a file that is not there or
 * not in order.
 */
export function readParams(path: string): ParamSource {
  const bytes = readBytes(path)
  const zip = bytes[0] === 0x50 && bytes[1] === 0x4b
  if (!zip) return parseSafetensors(bytes, path)
  return path.endsWith('.npz') ? parseNpz(bytes, path) : parseTorch(bytes, path)
}

/** The most bytes of a JSON file: configurations, records and indices have far fewer. */
const mostJson = 16 * 2 ** 20

/** Reads a JSON file. @throws {FileFormatError} for a file that is not there, not JSON or larger than any here. */
export function readJson(path: string): unknown {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > mostJson)
    throw new FileFormatError(path, `has ${size} bytes; no JSON file of a model has more than ${mostJson}`)
  const text = new TextDecoder().decode(readBytes(path))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileFormatError(path, `is not JSON: ${(error as Error).message}`)
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new FileFormatError(path, `cannot be read: ${(error as Error).message}`)
  }
}

/** Writes tensors (of a CPU device) to a safetensors file, whole or not at all. */
export function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: WriteOptions = {},
): void {
  writeAtomically(path, writeSafetensors(tensors, options))
}

/**
 * Writes a file under another name in the same folder, flushes it to disk and renames it: no reader sees
 * half of it.
 */
export function writeAtomically(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents
  try {
    const file = openSync(temporary, 'w')
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
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
