import { readFile, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { checkNewFile, writeNewFile } from '../../files/new-file.ts'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import type { OwnKind } from '../../own/index.ts'

/** What `tweedie new` can begin. */
export type NewKind = OwnKind

/** The options of `tweedie new`. */
export interface NewOptions {
  readonly out: string
}

/** The names in the templates, and those that take their place. */
const renamed = (text: string, name: string): string => {
  const camel = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  return text
    .replaceAll(/template-(method|operator|prior)/g, name)
    .replaceAll(/template(Method|Operator|Prior)/g, camel)
}

/** A file of `src/templates`, which is in the package beside what was compiled. */
const template = (file: string) =>
  readFile(new URL(`../../../src/templates/${file}`, import.meta.url), 'utf8')

/**
 * Writes a module that works and its tests, under a name of the user's.
 * @throws {OptionError} where one of the files is there already; then nothing is written.
 */
export async function begin(io: Io, kind: NewKind, name: string, options: NewOptions): Promise<void> {
  const folder = absolute(io.cwd, options.out)
  const files = await Promise.all(
    [
      { file: `${name}.ts`, from: `template-${kind}.ts` },
      { file: `${name}.test.ts`, from: `template-${kind}-test.ts` },
    ].map(async ({ file, from }) => ({
      path: join(folder, file),
      text: renamed(await template(from), name),
    })),
  )
  const fresh = { replace: false, source: '' }
  for (const { path } of files)
    await checkNewFile(path, fresh, 'new').catch((error: unknown) => {
      throw error instanceof OptionError
        ? new OptionError('new', `${basename(path)} is there already in ${options.out}`)
        : error
    })
  for (const { path, text } of files)
    await writeNewFile(path, fresh, 'new', (draft) => writeFile(draft, text))
  const shown = files.map(({ path }) => relative(io.cwd, path))
  const [module = ''] = shown
  const tries = {
    method: `tweedie restore IMG.png --operator sr:2 --method ./${module}`,
    operator: `tweedie restore IMG.png --operator ./${module}`,
    prior: `tweedie restore IMG.png --operator sr:2 --prior ./${module}`,
  }
  io.out(`Wrote ${shown.join(' and ')}\n  tweedie check ./${module}\n  ${tries[kind]}\n`)
}
