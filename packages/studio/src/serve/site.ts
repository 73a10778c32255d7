import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packPlanes } from './planes.ts'

/** The built page is not there: a clone builds it, a published package has it. */
export class SiteMissingError extends Error {
  override readonly name = 'SiteMissingError'
}

/**
 * The folder of the built page: plain files, without those of priors, which are in the packages that ship them.
 * @throws {SiteMissingError} where it was not built.
 */
export function siteFolder(): string {
  const folder = fileURLToPath(new URL('../../site', import.meta.url))
  if (existsSync(join(folder, 'index.html'))) return folder
  throw new SiteMissingError(`the page of the Studio is not built (${folder}): 'npm run studio' builds it`)
}

/** The packages that ship priors, by the name of their folder on the host. */
export const shipping: ReadonlyMap<string, string> = new Map([
  ['calibration', '@tweedie/calibration'],
  ['unet', '@tweedie/unet'],
])

/** The end of the name of a file that the page fetches packed (`packPlanes`). */
export const packedEnd = '.planes'

/** Reads a file of the page. */
export type ReadFile = () => Promise<Uint8Array>

/** Reads a file of a shipped prior, by its name among those that the page asks for: `unet/digits/config.json`. */
function shippedFile(name: string): ReadFile {
  const [, owner = '', file = ''] = /^(\w+)\/(.*)$/.exec(name) ?? []
  const packed = file.endsWith(packedEnd)
  const path = packed ? file.slice(0, -packedEnd.length) : file
  const { resolve } = createRequire(import.meta.url)
  const source = resolve(`${shipping.get(owner)}/priors/${path}`)
  if (!packed) return () => readFile(source)
  let kept: Promise<Uint8Array> | undefined
  return () => (kept ??= readFile(source).then(packPlanes))
}

/** The files of shipped priors that a built page asks for, by their path beside it. */
function priorFiles(folder: string): (readonly [path: string, read: ReadFile])[] {
  const list = join(folder, 'priors.json')
  if (!existsSync(list)) return []
  const names = JSON.parse(readFileSync(list, 'utf8')) as readonly string[]
  return names.map((name) => [`priors/${name}`, shippedFile(name)])
}

/**
 * All files of the page, as any host serves them, by their path on the host. Those of priors are read from the packages that
 * ship them: `priors/unet/photos/…` is fetched where somebody chooses photographs, and a host can leave it out.
 * @throws {SiteMissingError} where the page was not built.
 * @example
 * ```ts no-run
 * import { mkdirSync, writeFileSync } from 'node:fs'
 * import { dirname } from 'node:path'
 * import { siteFiles } from '@tweedie/studio'
 * for (const [path, read] of siteFiles()) {
 *   mkdirSync(dirname(`public/${path}`), { recursive: true })
 *   writeFileSync(`public/${path}`, await read())
 * }
 * ```
 */
export function siteFiles(folder: string = siteFolder()): ReadonlyMap<string, ReadFile> {
  const built = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map<string, ReadFile>([
    ...built.map((file) => [relative(folder, file).replaceAll(sep, '/'), () => readFile(file)] as const),
    ...priorFiles(folder),
  ])
}
