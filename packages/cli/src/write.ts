import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import { z } from 'zod'

/**
 * Writing without halves: a run fills a hidden folder beside its target, which takes the target's name
 * only when all is there. A target that exists is replaced if every file in it is one that an earlier run
 * of tweedie lists as its own in run.json; anything else is refused before any work.
 */

/** Drafts of this process that have not been renamed yet. */
const drafts = new Set<string>()

/** Removes every unfinished draft at once; the last act of a process that is made to stop. */
export function removeDrafts(): void {
  for (const path of drafts) rmSync(path, { recursive: true, force: true })
  drafts.clear()
}

/** The part of a run.json that shows whose folder it is. */
const Ownership = z.object({ tool: z.literal('tweedie'), files: z.array(z.string()) })

const siblingOf = (path: string, word: string) =>
  join(dirname(path), `.${basename(path)}.${word}-${randomBytes(4).toString('hex')}`)

async function statOrNothing(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Every file under a folder, as paths relative to it with forward slashes. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

/**
 * Makes sure that a run may put its results at `folder`: there is nothing, an empty folder, or an earlier
 * run's folder with nothing of anybody else's in it.
 * @throws {OptionError} otherwise, naming what stands in the way.
 */
export async function checkFolder(folder: string, option = '--out'): Promise<void> {
  const seen = await statOrNothing(folder)
  if (seen === undefined) return
  if (!seen.isDirectory()) throw new OptionError(option, `${folder} is a file; name a folder`)
  const files = await filesUnder(folder)
  if (files.length === 0) return
  const text = await readFile(join(folder, 'run.json'), 'utf8').catch(() => '')
  let owned: ReadonlySet<string>
  try {
    owned = new Set(Ownership.parse(JSON.parse(text)).files)
  } catch {
    throw new OptionError(
      option,
      `${folder} is not empty and not an earlier run of tweedie; name another folder`,
    )
  }
  const foreign = files.find((file) => !owned.has(file))
  if (foreign !== undefined) {
    throw new OptionError(
      option,
      `${folder} holds ${foreign}, which no run of tweedie wrote; move it or name another folder`,
    )
  }
}

/** A folder in the making. */
export interface Draft {
  /** Files written so far, relative to the folder. */
  readonly files: readonly string[]
  write(file: string, content: string | Uint8Array): Promise<void>
}

/** Makes the parents of a path; returns how to take back those it made, as long as they are empty. */
async function makeParents(path: string): Promise<() => Promise<void>> {
  const parent = dirname(path)
  const first = await mkdir(parent, { recursive: true })
  return async () => {
    if (first === undefined) return
    for (let at = parent; at.length >= first.length; at = dirname(at)) {
      try {
        await rmdir(at)
      } catch {
        return
      }
    }
  }
}

/**
 * Runs `fill` on a hidden draft beside `folder` and gives it that name at the end. If `fill` throws, the
 * draft is removed and what was there before stays as it was.
 * @param folder - Absolute path.
 */
export async function writeFolder<T>(folder: string, fill: (draft: Draft) => Promise<T>): Promise<T> {
  await checkFolder(folder)
  const takeBack = await makeParents(folder)
  const draft = siblingOf(folder, 'part')
  drafts.add(draft)
  try {
    await mkdir(draft)
    const files: string[] = []
    const result = await fill({
      files,
      write: async (file, content) => {
        const path = join(draft, file)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, content)
        files.push(file)
      },
    })
    await checkFolder(folder)
    await replaceFolder(draft, folder)
    return result
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    await takeBack()
    throw error
  } finally {
    drafts.delete(draft)
  }
}

async function replaceFolder(draft: string, folder: string): Promise<void> {
  if (!existsSync(folder)) return rename(draft, folder)
  const former = siblingOf(folder, 'old')
  await rename(folder, former)
  try {
    await rename(draft, folder)
  } catch (error) {
    await rename(former, folder)
    throw error
  }
  await rm(former, { recursive: true, force: true })
}

/**
 * Writes one file by way of a hidden one beside it.
 * @param isOurs - Whether a file that is already there may be replaced, judged by its bytes.
 * @throws {OptionError} where it may not.
 */
export async function writeOneFile(
  path: string,
  content: Uint8Array,
  isOurs: (bytes: Uint8Array) => boolean,
): Promise<void> {
  await checkFile(path, isOurs)
  const takeBack = await makeParents(path)
  const draft = siblingOf(path, 'part')
  drafts.add(draft)
  try {
    await writeFile(draft, content)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    await takeBack()
    throw error
  } finally {
    drafts.delete(draft)
  }
}

/** Makes sure, before any work, that {@link writeOneFile} will accept `path`. */
export async function checkFile(
  path: string,
  isOurs: (bytes: Uint8Array) => boolean,
  option = '--out',
): Promise<void> {
  const seen = await statOrNothing(path)
  if (seen === undefined) return
  if (seen.isDirectory()) throw new OptionError(option, `${path} is a folder; name a file`)
  if (!isOurs(await readFile(path))) {
    throw new OptionError(option, `${path} is there already and not written by tweedie; name another file`)
  }
}

/** A path given on the command line, made absolute. */
export const absolute = (cwd: string, path: string): string => resolve(cwd, path)
