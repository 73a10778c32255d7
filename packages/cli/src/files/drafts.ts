import { createHash, randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'

/**
 * Hidden neighbours of a target: `part` is being filled and takes the target's name when it is whole, `old` is
 * what stood there, for the moment between two renames. Their names tell whose they are,
 * `.TARGET.part-HOST-PID-RANDOM`, so that those of a process that was killed can be told from those of one
 * that is at work.
 */
export type DraftKind = 'part' | 'old'

/** Drafts of this process that have not been renamed yet. */
const drafts = new Set<string>()

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const host = digest(hostname()).slice(0, 6)

/** Names of files end at 255 bytes: a long target is cut, and told apart by its digest. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= 160) return name
  return `${[...name].slice(0, 30).join('')}~${digest(name).slice(0, 12)}`
}

/** A new hidden name beside `target`, which is forgotten by {@link dropDraft} or removed by {@link removeDrafts}. */
export function newDraft(target: string, kind: DraftKind): string {
  const key = `${host}-${process.pid}-${randomBytes(4).toString('hex')}`
  const path = join(dirname(target), `.${shortened(basename(target))}.${kind}-${key}`)
  if (kind === 'part') drafts.add(path)
  return path
}

/** Forgets a draft that was renamed or removed. */
export const dropDraft = (path: string): void => void drafts.delete(path)

/** Removes every unfinished draft at once; the last act of a process that is made to stop. */
export function removeDrafts(): void {
  for (const path of drafts) rmSync(path, { recursive: true, force: true })
  drafts.clear()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // EPERM: somebody else's, alive
  }
}

/**
 * Clears away what killed processes of this host left beside `target`: their drafts are removed, and a former
 * target that one of them had moved aside is put back where nothing took its place.
 */
export async function tidyDrafts(target: string): Promise<void> {
  const folder = dirname(target)
  if (!existsSync(folder)) return
  const stem = `.${shortened(basename(target))}.`
  for (const name of await readdir(folder)) {
    if (!name.startsWith(stem)) continue
    const [, kind, where, pid] =
      /^(part|old)-([0-9a-f]{6})-(\d+)-[0-9a-f]{8}$/.exec(name.slice(stem.length)) ?? []
    if (kind === undefined || where !== host || isAlive(Number(pid))) continue
    const left = join(folder, name)
    if (kind === 'old' && !existsSync(target)) await rename(left, target)
    else await rm(left, { recursive: true, force: true })
  }
}
