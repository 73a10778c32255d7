import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { readJson } from '../checkpoint/file.ts'
import { readRegularFile } from '../checkpoint/regular-file.ts'
import { objectOf, show } from '../fields.ts'

/** Pipelines of diffusers that show their network noisy pictures and nothing else. */
const plain = [
  ...['DDPMPipeline', 'DDIMPipeline', 'PNDMPipeline', 'RePaintPipeline'],
  ...['ScoreSdeVePipeline', 'ScoreSdeVpPipeline', 'KarrasVePipeline'],
]

/** Pipelines that have no other parts, whose networks are asked otherwise. */
const other: Readonly<Record<string, string>> = {
  ConsistencyModelPipeline: 'its network predicts no E[x₀ | x_t]',
  DanceDiffusionPipeline: 'it is for sound',
}

/**
 * What `model_index.json` says of the pipeline of a network, in notes for the user: it lies in the folder of the network, or
 * in the one above.
 * @returns Notes, and the class of the scheduler where the file says one.
 * @throws {FileFormatError} for a pipeline with other parts than a network and a scheduler: with an autoencoder, say, its
 * network works on codes of pictures and not on pictures.
 */
export function pipelineOf(directory: string): { notes: readonly string[]; scheduler?: string } {
  const path = [directory, dirname(directory)].map((d) => join(d, 'model_index.json')).find(existsSync)
  if (path === undefined) return { notes: [] }
  const { _class_name: name, ...parts } = objectOf(path, readJson(path))
  const known = typeof name === 'string' ? name : 'pipeline'
  if (Object.hasOwn(other, known))
    throw new FileFormatError(path, `_class_name: a ${known} is not supported: ${other[known]}`)
  for (const [key, part] of Object.entries(parts)) {
    const absent = part === null || (Array.isArray(part) && part.every((entry) => entry === null))
    if (key.startsWith('_') || key === 'unet' || key === 'scheduler' || absent) continue
    throw new FileFormatError(
      path,
      `${key}: pipelines with other parts than unet and scheduler are not supported, got ${show(part)} in a ${show(known)}`,
    )
  }
  const notes =
    name === undefined || plain.includes(known)
      ? []
      : [
          `${path}: is of a ${show(name)}, which may do more than its network and its scheduler, all that is taken`,
        ]
  const { scheduler: part } = parts
  const scheduler: unknown = Array.isArray(part) ? part[1] : undefined
  return { notes, ...(typeof scheduler === 'string' ? { scheduler } : {}) }
}

/**
 * The snapshot of a repository in the cache of the Hugging Face hub, `models--OWNER--NAME`: that of `main`, or the only one.
 * Any other folder is returned as it is.
 * @throws {FileFormatError} where there are several and none is `main`.
 */
export function snapshotOf(directory: string): string {
  const snapshots = join(directory, 'snapshots')
  if (!existsSync(snapshots) || existsSync(join(directory, 'config.json'))) return directory
  const names = readdirSync(snapshots)
  const main = join(directory, 'refs', 'main')
  const meant = existsSync(main) ? new TextDecoder().decode(readRegularFile(main, 4096)).trim() : undefined
  const found = names.find((name) => name === meant) ?? (names.length === 1 ? names[0] : undefined)
  if (found !== undefined) return join(snapshots, found)
  const there = names.slice(0, 8).map(show).join(', ')
  throw new FileFormatError(
    directory,
    `is a cache of the Hugging Face hub with ${names.length} snapshots, none of them main: name one of ${basename(snapshots)}/ (${there})`,
  )
}
