import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import process from 'node:process'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of one tarball per package; undefined where they could not be made. */
    tarballs: string | undefined
    /** The copy of the project in which they were packed. */
    clone: string
    /** Why there are none. */
    notPacked: string
  }
}

const root = resolve(import.meta.dirname, '../..')

/**
 * Before the tests of the published packages: copies the project without what was built or installed, and packs every
 * package there as `pnpm pack` does, `prepack` and all. Nothing that was built in this working tree is used.
 */
export default function setup(project: TestProject): () => void {
  mkdirSync(join(root, 'out'), { recursive: true })
  const folder = mkdtempSync(join(root, 'out', 'packed-'))
  const [clone, tarballs] = [join(folder, 'clone'), join(folder, 'tarballs')]
  const ignored = new Set(['.git', 'coverage', 'dist', 'docs', 'node_modules', 'out', 'tests'])
  const filter = (path: string) => !ignored.has(basename(path))
  for (const name of readdirSync(root)) {
    if (!ignored.has(name)) cpSync(join(root, name), join(clone, name), { recursive: true, filter })
  }
  const argv = [
    'scripts/run.mjs',
    'pnpm',
    '-r',
    '--filter',
    './packages/*',
    'pack',
    '--pack-destination',
    tarballs,
  ]
  const packed = spawnSync(process.execPath, argv, { cwd: clone, encoding: 'utf8', timeout: 600_000 })
  const log = `${packed.stdout}\n${packed.stderr}`
  // Without the registry the install before the build fails. All else is a fault.
  const offline =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_PNPM_NO_OFFLINE|ERR_PNPM_META_FETCH/.test(log)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (packed.status !== 0 && !offline) {
    remove()
    throw new Error(`packing a clean clone failed with ${packed.status}:\n${log.slice(-4000)}`)
  }
  const complete = packed.status === 0 && readdirSync(tarballs).length > 0
  project.provide('tarballs', complete ? tarballs : undefined)
  project.provide('clone', clone)
  project.provide('notPacked', 'the registry cannot be reached')
  return remove
}
