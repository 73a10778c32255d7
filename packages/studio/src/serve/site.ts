import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/**
 * The files of shipped priors that a built page asks for: where each lies, by its path beside the page, such as
 * `priors/unet/digits/config.json`.
 */
export function priorFiles(folder: string): ReadonlyMap<string, string> {
  const list = join(folder, 'priors.json')
  if (!existsSync(list)) return new Map()
  const names = JSON.parse(readFileSync(list, 'utf8')) as readonly string[]
  const { resolve } = createRequire(import.meta.url)
  return new Map(
    names.map((name) => {
      const [, owner = '', file = ''] = /^(\w+)\/(.*)$/.exec(name) ?? []
      return [`priors/${name}`, resolve(`${shipping.get(owner)}/priors/${file}`)]
    }),
  )
}

/**
 * All files of the page, for a static host: where each lies, by its path on the host.
 * @throws {SiteMissingError} where the page was not built.
 * @example
 * ```ts no-run
 * import { cpSync } from 'node:fs'
 * import { siteFiles } from '@tweedie/studio'
 * for (const [path, file] of siteFiles()) cpSync(file, `public/${path}`)
 * ```
 */
export function siteFiles(folder: string = siteFolder()): ReadonlyMap<string, string> {
  const built = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map([
    ...built.map((file) => [relative(folder, file).replaceAll(sep, '/'), file] as const),
    ...priorFiles(folder),
  ])
}
