import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { field, isRecord, objectOf, show, text } from '../fields.ts'
import type { ArraySource } from './arrays.ts'
import { readJson, readParams } from './file.ts'
import type { WeightFile } from './weight-names.ts'
import { isIndex, isShard, isUsual, weightFile } from './weight-names.ts'
import { chooseWeights } from './weight-sets.ts'

/** A file of weights, and what the user should know of the choice. */
export interface FoundWeights {
  readonly path: string
  readonly notes: readonly string[]
}

/**
 * The file of weights in a folder: one of the usual names (of diffusers, the Hugging Face hub and guided-diffusion), or
 * the only one there is, such as a variant `….fp16.safetensors`. Where there are several, a note names the others.
 * @param variant - The variant that is wanted, such as `fp16` or `non_ema`; left out, that without a name.
 * @throws {FileFormatError} where there is none, or several of which none has a usual name; says what is there.
 */
export function findWeights(
  directory: string,
  { variant }: { readonly variant?: string | undefined } = {},
): FoundWeights {
  const files = readdirSync(directory).sort()
  const all = files.flatMap((file) => weightFile(file) ?? []).sort((a, b) => a.rank - b.rank)
  if (all.length === 0) throw new FileFormatError(directory, noWeights(files))
  const [first] = variant === undefined ? plainOnes(all, directory) : ofVariant(all, variant, directory)
  const path = join(directory, first.file)
  if (!existsSync(path)) {
    const why = 'is a link to a file that is not there: fetch it, or copy it into the folder'
    throw new FileFormatError(path, why)
  }
  const others = all.filter(({ file }) => file !== first.file)
  if (others.length === 0) {
    const told = isUsual(first) && first.variant === undefined
    return { path, notes: told ? [] : [`${path}: taken as the weights, the only ones in the folder`] }
  }
  const choose = others.some((one) => one.variant !== first.variant) ? ', to be had by their variant' : ''
  return { path, notes: [`${path}: taken as the weights; there are ${listed(others)} too${choose}`] }
}

type Some = readonly [WeightFile, ...WeightFile[]]
const isSome = (files: readonly WeightFile[]): files is Some => files.length > 0

/** Those that are meant where no variant is named. @throws {FileFormatError} where that cannot be told. */
function plainOnes(all: readonly WeightFile[], directory: string): Some {
  const usual = all.filter((found) => isUsual(found) && found.variant === undefined)
  if (isSome(usual)) return usual
  // One thing in several formats is one choice: of other names and other variants none is the first.
  const [first] = all
  const alike = all.filter(({ variant }) => variant === first?.variant)
  if (isSome(alike) && alike.length === all.length && (alike.length === 1 || isUsual(alike[0]))) return alike
  const variants = all.flatMap(({ variant }) => variant ?? [])
  const say = variants.length > 0 ? ` (or its variant: ${[...new Set(variants)].map(show).join(', ')})` : ''
  throw new FileFormatError(
    directory,
    `there are several files of weights: ${listed(all)}; name the one that is meant${say}, or call it model.safetensors`,
  )
}

/** Those of a variant. @throws {FileFormatError} where there are none, listing the variants there are. */
function ofVariant(all: readonly WeightFile[], variant: string, directory: string): Some {
  const found = all.filter((one) => one.variant === variant)
  if (isSome(found)) return found
  throw new FileFormatError(
    directory,
    `there are no weights of the variant ${show(variant)}; there are ${listed(all)}`,
  )
}

const listed = (files: readonly (WeightFile | string)[]): string =>
  files
    .slice(0, 8)
    .map((file) => show(typeof file === 'string' ? file : file.file))
    .join(', ') + (files.length > 8 ? ` and ${files.length - 8} more` : '')

/** Why a folder has no weights. */
function noWeights(files: readonly string[]): string {
  const shards = files.filter(isShard)
  return shards.length > 0
    ? `there are ${shards.length} shards (${listed(shards)}), but not their index, such as model.safetensors.index.json`
    : `there are no weights: model.safetensors or diffusion_pytorch_model.safetensors would fit (.bin, .pt or .pth too, or shards with their index.json); there are ${listed(files) || 'no files'}`
}

/**
 * Parameters from a file of any format, or from the shards that an `….index.json` lists.
 * @throws {FileFormatError} for a file that is not there or not in order, or shards that disagree with their index.
 */
export const readWeights = (path: string): ArraySource =>
  isIndex(basename(path)) ? readShards(path) : readParams(path)

const map = {
  wants: 'an object of tensor names and their files',
  fits: isRecord,
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
