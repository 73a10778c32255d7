import { execFileSync } from 'node:child_process'
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const built = new Set(['node_modules', 'dist', 'out', 'coverage', '.git', '.vitest', '.doc-examples'])

/**
 * The project's files from its root: those that git knows or does not ignore, or, where it is no checkout, all but
 * what is installed or built.
 * @param under - Only those in this folder.
 */
export function projectFiles(root: string, under = '.'): string[] {
  if (!existsSync(join(root, '.git'))) {
    return readdirSync(join(root, under), { withFileTypes: true })
      .filter(({ name }) => !built.has(name))
      .flatMap((entry) => {
        const path = join(under, entry.name)
        return entry.isDirectory() ? projectFiles(root, path) : entry.isFile() ? [path] : []
      })
      .sort()
  }
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', under]
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 })
  return [...new Set(listed.split('\0'))].filter((file) => file !== '' && existsSync(join(root, file))).sort()
}

/**
 * Copies the project's files into the empty folder `into/project`, with links to its installed dependencies
 * and, where there is one, to the folder `shared` beside it. The workspace's own packages resolve to the copy.
 * @returns The copy's root.
 */
export function copyProject(root: string, into: string): string {
  const copy = join(into, 'project')
  for (const file of projectFiles(root)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    copyFileSync(join(root, file), join(copy, file), constants.COPYFILE_FICLONE)
  }
  const packages = readdirSync(join(copy, 'packages'))
  for (const folder of ['.', ...packages.map((name) => join('packages', name))]) {
    linkModules(
      join(root, folder, 'node_modules'),
      join(copy, folder, 'node_modules'),
      join(copy, 'packages'),
    )
  }
  const shared = join(root, '..', 'shared')
  if (existsSync(shared)) symlinkSync(realpathSync(shared), join(into, 'shared'))
  return copy
}

/** A node_modules of links: to `packages` for this workspace's own, to the original for all else. */
function linkModules(from: string, to: string, packages: string): void {
  if (!existsSync(from)) return
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from)) {
    if (entry.startsWith('.')) continue
    if (entry.startsWith('@')) {
      mkdirSync(join(to, entry))
      for (const name of readdirSync(join(from, entry))) {
        const target = entry === '@tweedie' ? join(packages, name) : realpathSync(join(from, entry, name))
        symlinkSync(target, join(to, entry, name))
      }
    } else symlinkSync(realpathSync(join(from, entry)), join(to, entry))
  }
}
