import { glob, readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path'
import { OptionError } from '@tweedie/tensor'

/** A file that is to be restored, and what will be written for it. */
export interface Target {
  /** As it is read, relative to the folder that the command was given in, or absolute. */
  readonly file: string
  readonly bytes: number
  /** Paths within the output folder, with forward slashes: of the restoration, or of each sample, their mean and spread. */
  readonly outputs: readonly string[]
}

/** The files of `--input`, and those that were left aside as no pictures. */
export interface Targets {
  readonly targets: readonly Target[]
  readonly leftOut: readonly string[]
}

/** Endings of files that are taken from a folder. Those of kinds that are not read are taken, to be named as such. */
const endings = new Set(
  'png apng jpg jpeg jpe jfif webp tif tiff bmp dib gif avif heic heif jp2 jxl npy npz'.split(' '),
)

const isPattern = (text: string) => /[*?[{]/.test(text)
const slashes = (path: string) => path.split(sep).join('/')
const ordered = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** A file, and its name within the input: with its folders where it lies in some. */
interface Found {
  readonly path: string
  readonly name: string
  readonly bytes: number
}

/** The regular file at a path, links followed. */
async function found(path: string, name: string): Promise<Found[]> {
  const at = await stat(path).catch(() => undefined)
  return at?.isFile() === true ? [{ path, name: slashes(name), bytes: at.size }] : []
}

/** Files of a folder, not of those in it; hidden ones are not looked at. */
async function inFolder(folder: string): Promise<{ files: Found[]; leftOut: string[] }> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort(ordered)
  const all = (await Promise.all(names.map((name) => found(join(folder, name), name)))).flat()
  const isKnown = ({ name }: Found) => endings.has(extname(name).slice(1).toLowerCase())
  return {
    files: all.filter(isKnown),
    leftOut: all.filter((file) => !isKnown(file)).map(({ name }) => name),
  }
}

/** Files that a pattern is for, named from the last folder that it names without a star. */
async function ofPattern(cwd: string, pattern: string): Promise<Found[]> {
  const parts = slashes(pattern).split('/')
  const fixed = parts.slice(0, parts.findIndex(isPattern)).join('/')
  const base = resolve(cwd, fixed === '' && pattern.startsWith('/') ? '/' : fixed)
  const paths: string[] = []
  for await (const path of glob(pattern, { cwd })) paths.push(resolve(cwd, path))
  const all = await Promise.all(paths.sort(ordered).map((path) => found(path, relative(base, path))))
  return all.flat()
}

/** The last folder that all paths lie in. */
function commonFolder(paths: readonly string[]): string {
  const folders = paths.map((path) => dirname(path).split(sep))
  const [first = []] = folders
  const length = first.findIndex((part, i) => folders.some((folder) => folder[i] !== part))
  return (length < 0 ? first : first.slice(0, length)).join(sep) || sep
}

/**
 * The files of folders, patterns and names, in the order of their names, each once, and how what is made of them is
 * called: as they are, with the ending .png. Two that would be called alike keep their endings before it.
 * @throws {OptionError} naming `--input`, for one that is not there, or where there is no picture.
 */
export async function listTargets(cwd: string, given: readonly string[], samples: number): Promise<Targets> {
  const named: string[] = []
  const files: Found[] = []
  const leftOut: string[] = []
  for (const text of given) {
    const path = resolve(cwd, text)
    const at = await stat(path).catch(() => undefined)
    if (at?.isDirectory() === true) {
      const inside = await inFolder(path)
      files.push(...inside.files)
      leftOut.push(...inside.leftOut)
    } else if (at !== undefined) named.push(path)
    else if (isPattern(text)) files.push(...(await ofPattern(cwd, text)))
    else throw new OptionError('--input', `'${text}': no such file or folder`)
  }
  const base = commonFolder(named)
  for (const path of named) files.push(...(await found(path, relative(base, path))))
  const once = [...new Map(files.map((file) => [file.path, file])).values()]
  if (once.length === 0)
    throw new OptionError(
      '--input',
      `there are no pictures in ${given.map((text) => `'${text}'`).join(', ')}`,
    )
  const stems = distinct(
    once.map(({ name }) => name),
    samples,
  )
  const targets = once.map(({ path, bytes }, i): Target => {
    const near = relative(cwd, path)
    return {
      file: near.startsWith('..') ? path : near,
      bytes,
      outputs: outputsOf(stems[i] ?? basename(path), samples),
    }
  })
  return { targets, leftOut }
}

/** The PNGs of a name: of one restoration, or of each sample, their mean and their deviation. */
function outputsOf(stem: string, samples: number): string[] {
  if (samples === 1) return [`${stem}.png`]
  const numbers = Array.from({ length: samples }, (_, n) => `${n + 1}`)
  return [...numbers, 'mean', 'std'].map((which) => `${stem}-${which}.png`)
}

/** Names without their endings, with those where two outputs would be one, whatever the case; then with numbers. */
function distinct(names: readonly string[], samples: number): string[] {
  const short = names.map((name) => name.slice(0, name.length - extname(name).length))
  const keys = (stem: string) => outputsOf(stem, samples).map((output) => output.toLowerCase())
  const counts = new Map<string, number>()
  for (const key of short.flatMap(keys)) counts.set(key, (counts.get(key) ?? 0) + 1)
  const taken = new Set<string>()
  return names.map((name, i) => {
    const stem = short[i] ?? name
    const wanted = keys(stem).some((key) => (counts.get(key) ?? 0) > 1) ? name : stem
    let free = wanted
    for (let n = 2; keys(free).some((key) => taken.has(key)); n++) free = `${wanted}-${n}`
    for (const key of keys(free)) taken.add(key)
    return free
  })
}
