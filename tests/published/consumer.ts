import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { TestContext } from 'vitest'
import { inject } from 'vitest'

export const root = resolve(import.meta.dirname, '../..')

/** The part of a package.json that these tests look at. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export const manifestIn = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Names of the folders in packages/. */
export const packageFolders: readonly string[] = readdirSync(join(root, 'packages')).sort()

/** The tarballs of a clean clone, by the folder of their package; or skips the running test. */
export function tarballs(context: Pick<TestContext, 'skip'>): ReadonlyMap<string, string> {
  const folder = inject('tarballs') ?? context.skip(inject('notPacked'))
  return new Map(
    packageFolders.map((name) => {
      const file = readdirSync(folder).find((entry) => entry.startsWith(`tweedie-${name}-`))
      if (file === undefined) throw new Error(`no tarball of ${name}`)
      return [name, join(folder, file)]
    }),
  )
}

/** An empty folder inside the repository's `out`, for what is removed when the test is over. */
export function emptyFolder(name: string): string {
  mkdirSync(join(root, 'out'), { recursive: true })
  return mkdtempSync(join(root, 'out', `${name}-`))
}

/**
 * Lays the packed packages out as an install would, without a registry: their other dependencies are links to those
 * installed here. Optional peers are absent.
 */
export function unpackInto(folder: string, packed: ReadonlyMap<string, string>): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@tweedie'), { recursive: true })
  for (const [name, file] of packed) {
    run('tar', ['-xzf', file, '-C', join(modules, '@tweedie')], folder)
    renameSync(join(modules, '@tweedie', 'package'), join(modules, '@tweedie', name))
    for (const dependency of Object.keys(manifestIn(join(modules, '@tweedie', name)).dependencies ?? {})) {
      const link = join(modules, dependency)
      if (dependency.startsWith('@tweedie/') || existsSync(link)) continue
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(realpathSync(join(root, 'packages', name, 'node_modules', dependency)), link, 'junction')
    }
  }
}

/** Milliseconds after which a program hangs: no test runner can end what it waits for like this. */
const timeout = 280_000

/** Runs a program to its end; its exit code and all that it printed. */
export function tryRun(
  program: string,
  args: readonly string[],
  cwd: string,
): { status: number; text: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout,
  })
  return { status: status ?? 1, text: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` }
}

/** Runs a program to its end; what it printed. @throws where it fails, with all of that. */
export function run(program: string, args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: 'utf8', maxBuffer: 2 ** 26, timeout } as const
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status === 0) return stdout
  const why = error?.message ?? `exit code ${status}`
  throw new Error(`${program} ${args.join(' ')}: ${why}\n${stdout}\n${stderr}`)
}

/** Bytes of all files under a folder; links are not followed. */
export function folderBytes(folder: string): number {
  let sum = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sum += lstatSync(join(entry.parentPath, entry.name)).size
  }
  return sum
}
