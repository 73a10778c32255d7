import { existsSync } from 'node:fs'
import {
  mkdir,
  open,
  opendir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import * as v from 'valibot'
import { dropDraft, newDraft, tidyDrafts } from './drafts.ts'

/**
 * Results appear whole or not at all: a run fills a hidden folder beside its target, which takes the target's name
 * only when all is there. A target that exists is replaced if every file in it is one that an earlier run
 * of tweedie lists as its own in run.json; anything else is refused before any work.
 */

/** No run.json of ours is longer, in bytes. */
const longestRecord = 2 ** 28

/** The part of a run.json that shows whose folder it is. */
const Ownership = v.object({ tool: v.literal('tweedie'), files: v.array(v.string()) })

const errno = (error: unknown) => (error as NodeJS.ErrnoException).code

export async function statOrNothing(path: string) {
  return stat(path).catch((error: unknown) => {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  })
}

/**
 * The file that a path leads to, links followed: a result is written there, and the link stays.
 * @throws {OptionError} for a link that leads nowhere.
 */
export async function destination(path: string, option: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (!['ENOENT', 'ELOOP'].includes(errno(error) ?? '')) throw error
    const link = await readlink(path).catch(() => undefined)
    if (link === undefined) return path
    throw new OptionError(
      option,
      `${path} is a symbolic link to ${link}, which leads nowhere; remove it, or name another place`,
    )
  }
}

/** Every file under a folder, as paths relative to it with forward slashes, one at a time. */
async function* filesUnder(folder: string, under = ''): AsyncGenerator<string> {
  for await (const entry of await opendir(join(folder, under))) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    if (entry.isDirectory()) yield* filesUnder(folder, path)
    else yield path
  }
}

/** The files that an earlier run says it wrote, or nothing where no run did. */
async function filesOfEarlierRun(folder: string): Promise<ReadonlySet<string> | undefined> {
  const path = join(folder, 'run.json')
  try {
    const { size } = await stat(path)
    return size > longestRecord
      ? undefined
      : new Set(v.parse(Ownership, JSON.parse(await readFile(path, 'utf8'))).files)
  } catch {
    return undefined
  }
}

/**
 * Makes sure that a run may put its results at `folder`: there is nothing, an empty folder, or an earlier
 * run's folder with nothing of anybody else's in it. The first file that is in the way ends the search.
 * @returns Where `folder` is, links followed.
 * @throws {OptionError} otherwise, naming what stands in the way.
 */
export async function checkFolder(folder: string, option = '--out'): Promise<string> {
  const target = await destination(folder, option)
  const seen = await statOrNothing(target)
  if (seen === undefined) return target
  if (!seen.isDirectory()) throw new OptionError(option, `${folder} is a file; name a folder`)
  const owned = await filesOfEarlierRun(target)
  for await (const file of filesUnder(target)) {
    if (owned === undefined)
      throw new OptionError(
        option,
        `${folder} is not empty and not an earlier run of tweedie; name another folder`,
      )
    if (!owned.has(file))
      throw new OptionError(
        option,
        `${folder} holds ${file}, which no run of tweedie wrote; move it or name another folder`,
      )
  }
  return target
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

/** Has `make` fill a hidden draft beside `target`; removes it, and parents that were made for it, if that fails. */
export async function drafted<T>(target: string, make: (draft: string) => Promise<T>): Promise<T> {
  await tidyDrafts(target)
  const takeBack = await makeParents(target)
  const draft = newDraft(target, 'part')
  try {
    return await make(draft)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    await takeBack()
    throw error
  } finally {
    dropDraft(draft)
  }
}

/**
 * Runs `fill` on a hidden draft beside `folder` and gives it that name at the end. If `fill` throws, the
 * draft is removed and what was there before stays as it was.
 * @param folder - Absolute path; a link to a folder stays, and the folder it leads to is replaced.
 */
export async function writeFolder<T>(folder: string, fill: (draft: Draft) => Promise<T>): Promise<T> {
  const target = await checkFolder(folder)
  return drafted(target, async (draft) => {
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
    await replaceFolder(draft, target)
    return result
  })
}

async function replaceFolder(draft: string, folder: string): Promise<void> {
  if (!existsSync(folder)) return rename(draft, folder)
  const former = newDraft(folder, 'old')
  await rename(folder, former)
  try {
    await rename(draft, folder)
  } catch (error) {
    await rename(former, folder)
    throw error
  }
  await rm(former, { recursive: true, force: true })
}

/** Tells by the bytes of a file whether tweedie wrote it. */
export type IsOurs = (bytes: Uint8Array) => boolean

/**
 * Writes one file by way of a hidden one beside it.
 * @param path - Absolute; a link to a file stays, and the file it leads to is replaced.
 * @param isOurs - Whether a file that is already there may be replaced.
 * @throws {OptionError} where it may not.
 */
export async function writeOneFile(path: string, content: Uint8Array, isOurs: IsOurs): Promise<void> {
  const target = await checkFile(path, isOurs)
  await drafted(target, async (draft) => {
    await writeFile(draft, content)
    await rename(draft, target)
  })
}

/** Bytes of an earlier file that are looked at to tell whose it is. */
const lookedAt = 2 ** 24

/** The first bytes of a file, all of it where it is short. */
async function startOf(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, lookedAt)), 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * Makes sure, before any work, that {@link writeOneFile} will accept `path`.
 * @returns Where `path` is, links followed.
 * @throws {OptionError} naming what stands in the way.
 */
export async function checkFile(path: string, isOurs: IsOurs, option = '--out'): Promise<string> {
  const target = await destination(path, option)
  const seen = await statOrNothing(target)
  if (seen === undefined) return target
  if (seen.isDirectory()) throw new OptionError(option, `${path} is a folder; name a file`)
  if (!seen.isFile()) throw new OptionError(option, `${path} is no regular file; name another`)
  if (!isOurs(await startOf(target)))
    throw new OptionError(option, `${path} is there already and not written by tweedie; name another file`)
  return target
}

/** A path given on the command line, made absolute. */
export const absolute = (cwd: string, path: string): string => resolve(cwd, path)
