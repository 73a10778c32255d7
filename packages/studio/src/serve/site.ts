import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built page is not there: a clone builds it, a published package has it. */
export class SiteMissingError extends Error {
  override readonly name = 'SiteMissingError'
}

/**
 * The folder of the built page: plain files, for any static host.
 * @throws {SiteMissingError} where it was not built.
 */
export function siteFolder(): string {
  const folder = fileURLToPath(new URL('../../site', import.meta.url))
  if (existsSync(join(folder, 'index.html'))) return folder
  throw new SiteMissingError(`the page of the Studio is not built (${folder}): 'npm run studio' builds it`)
}
