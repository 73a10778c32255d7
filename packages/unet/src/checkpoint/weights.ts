import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import type { Fields } from '../fields.ts'
import { field, objectOf, show, text } from '../fields.ts'
import type { ArraySource } from './arrays.ts'
import { readJson, readParams } from './file.ts'
import { chooseWeights } from './weight-sets.ts'

/** Names of files of weights that a folder may have, those that are taken first coming first. */
const usual = ['safetensors', 'bin', 'pt', 'pth'].flatMap((ending) =>
  ['diffusion_pytorch_model', 'model', 'pytorch_model'].flatMap((base) => [
    `${base}.${ending}`,
    `${base}.${ending}.index.json`,
  ]),
)

const shard = /-\d{5}-of-\d{5}\.(?:safetensors|bin)$/
/** The list of shards, with the variant before `.json` where there is one. */
const index = /\.(?:safetensors|bin)\.index(?:\.\w+)?\.json$/
const single = /\.(?:safetensors|bin|pt|pth)$/
/** A training's own state, which is no model. */
const notModel = new Set(['state.safetensors'])

/** A file of weights, and what the user should know of the choice. */
export interface FoundWeights {
  readonly path: string
  readonly notes: readonly string[]
}

/**
 * The file of weights in a folder: one of the usual names (of diffusers, the Hugging Face hub and guided-diffusion), or
 * the only one there is, such as a variant `….fp16.safetensors`.
 * @throws {FileFormatError} where there is none, or several of which none has a usual name; says what is there.
 */
export function findWeights(directory: string): FoundWeights {
  const files = readdirSync(directory).sort()
  const name = usual.find((candidate) => files.includes(candidate))
  if (name !== undefined) return { path: join(directory, name), notes: [] }
  const candidates = files.filter(
    (file) => index.test(file) || (single.test(file) && !shard.test(file) && !notModel.has(file)),
  )
  const [only, another] = candidates
  if (only !== undefined && another === undefined) {
    const path = join(directory, only)
    return { path, notes: [`${path}: taken as the weights, the only ones in the folder`] }
  }
  const listed = (names: readonly string[]) =>
    names.slice(0, 8).map(show).join(', ') + (names.length > 8 ? ` and ${names.length - 8} more` : '')
  if (only !== undefined) {
    throw new FileFormatError(
      directory,
      `there are several files of weights: ${listed(candidates)}; name the one that is meant, or call it model.safetensors`,
    )
  }
  const shards = files.filter((file) => shard.test(file))
  const missing =
    shards.length > 0
      ? `there are ${shards.length} shards (${listed(shards)}), but not their index, such as model.safetensors.index.json`
      : `there are no weights: model.safetensors or diffusion_pytorch_model.safetensors would fit (.bin, .pt or .pth too, or shards with their index.json); there are ${listed(files) || 'no files'}`
  throw new FileFormatError(directory, missing)
}

/**
 * Parameters from a file of any format, or from the shards that an `….index.json` lists.
 * @throws {FileFormatError} for a file that is not there or not in order, or shards that disagree with their index.
 */
export const readWeights = (path: string): ArraySource =>
  index.test(path) ? readShards(path) : readParams(path)

const map = {
  wants: 'an object of tensor names and their files',
  fits: (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v),
}

function readShards(path: string): ArraySource {
  const where = field(path, objectOf(path, readJson(path)), 'weight_map', map)
  const home = new Map(Object.keys(where).map((name) => [name, field(path, where, name, text)]))
  const files = [...new Set(home.values())]
  const outside = files.find((file) => file === '' || file === '.' || file === '..' || /[/\\\0]/.test(file))
  if (outside !== undefined)
    throw new FileFormatError(path, `weight_map names ${show(outside)}, which is no file of its folder`)
  const gone = files.filter((file) => !existsSync(join(dirname(path), file)))
  if (gone.length > 0) {
    throw new FileFormatError(
      path,
      `${gone.length} of ${files.length} shards are missing: ${gone.slice(0, 5).map(show).join(', ')}`,
    )
  }
  const shards = new Map(files.map((file) => [file, readParams(join(dirname(path), file))]))
  for (const [file, { entries }] of shards) {
    const held = new Set(entries.map(({ name }) => name))
    const misplaced = entries.find(({ name }) => home.get(name) !== file)
    if (misplaced !== undefined) {
      const said = home.get(misplaced.name)
      throw new FileFormatError(
        path,
        `shard ${show(file)} holds ${show(misplaced.name)}, which by the index is ${said === undefined ? 'nowhere' : `in ${show(said)}`}`,
      )
    }
    const absent = [...home].find(([name, at]) => at === file && !held.has(name))
    if (absent !== undefined)
      throw new FileFormatError(
        path,
        `shard ${show(file)} does not hold ${show(absent[0])}, as the index says`,
      )
  }
  return {
    entries: [...shards.values()].flatMap(({ entries }) => entries),
    values: (name, into) => {
      const source = shards.get(home.get(name) ?? '')
      if (source === undefined) throw new FileFormatError(basename(path), `no tensor ${show(name)}`)
      return source.values(name, into)
    },
    choose: (source, wanted) => chooseWeights(source, wanted),
  }
}
