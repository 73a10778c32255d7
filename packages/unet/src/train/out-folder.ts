import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { writeAtomically } from '../checkpoint/file.ts'
import { isAlive, takeLock } from './lock.ts'

/** Files of a training's folder. */
export const names = {
  state: 'state.safetensors',
  log: 'loss.jsonl',
  lock: 'train.lock',
  model: 'model.safetensors',
  config: 'config.json',
  record: 'record.json',
} as const

/** A temporary file of a training, by the process that made it. */
const temporary = new RegExp(
  `^(?:${Object.values(names)
    .map((name) => name.replace('.', '\\.'))
    .join('|')}|pictures-\\d+)(?:\\.part|\\.stale)?\\.(\\d+)\\.tmp$`,
)

/** Path of the file of decoded pictures of a part of the data, while a training runs. */
export const scratchPath = (folder: string, part: number): string =>
  join(folder, `pictures-${part}.${process.pid}.tmp`)

/** A folder that one training has for itself. */
export interface OutFolder {
  readonly path: (file: keyof typeof names) => string
  /** A folder in it, made where it is missing. */
  readonly part: (name: string) => string
  /** Gives the folder back; removes it if it was made for this and is empty. */
  close(): void
}

/**
 * Takes a folder for one training, making it where it is missing, and removes temporary files of runs that died.
 * @throws {OptionError} where it is a file, or another process trains there.
 */
export function openOutFolder(folder: string, onMessage: (message: string) => void): OutFolder {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new OptionError('out', `${folder} is a file; name a folder`)
  const made = mkdirSync(folder, { recursive: true })
  const path = (file: keyof typeof names) => join(folder, names[file])
  const removeMade = () => {
    if (made !== undefined) removeEmpty(folder, made)
  }
  let release: () => void
  try {
    release = takeLock(path('lock'), onMessage)
  } catch (error) {
    removeMade()
    throw error
  }
  removeTemporary(folder)
  return {
    path,
    part: (name) => {
      mkdirSync(join(folder, name), { recursive: true })
      return join(folder, name)
    },
    close: () => {
      release()
      removeMade()
    },
  }
}

/** Removes folders from `inner` up to `outer` as long as they are empty. */
function removeEmpty(inner: string, outer: string): void {
  for (let at = inner; at.length >= outer.length; at = dirname(at)) {
    try {
      rmdirSync(at)
    } catch {
      return
    }
  }
}

/** Whoever holds the lock may do this: no other training can be writing here. */
function removeTemporary(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(temporary.exec(name)?.[1])
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) rmSync(join(folder, name), { force: true })
  }
}

/**
 * Writes the three files of a model so that a folder with `config.json` has the other two as well, of the same
 * training: all are on disk under other names before the first takes its own, and the configuration comes last.
 */
export function writeModel(
  folder: OutFolder,
  files: Readonly<Record<'model' | 'record' | 'config', string | Uint8Array>>,
): void {
  const order = ['record', 'model', 'config'] as const
  const draft = (file: (typeof order)[number]) => `${folder.path(file)}.part.${process.pid}.tmp`
  try {
    for (const file of order) writeAtomically(draft(file), files[file])
    rmSync(folder.path('config'), { force: true })
    for (const file of order) renameSync(draft(file), folder.path(file))
  } catch (error) {
    for (const file of order) rmSync(draft(file), { force: true })
    throw error
  }
}
