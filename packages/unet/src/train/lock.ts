import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { OptionError } from '@tweedie/tensor'

/** Who works in a folder. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** When the lock was taken, ISO 8601. */
  readonly started: string
  /** When the process began, in the kernel's own count: tells it from a later one of the same id. Empty where unknown. */
  readonly birth: string
}

/** When a process of this host began: field 22 of /proc/PID/stat, where there is such a file. */
function birthOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the name in parentheses, which may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

/** Whether a process of this host lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the owner of a lock is known to be gone; a process of another host cannot be asked. */
function isDead({ pid, host, birth }: LockOwner): boolean {
  if (host !== hostname()) return false
  if (!isAlive(pid)) return true
  const now = birthOf(pid)
  return birth !== '' && now !== '' && birth !== now
}

function readOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, started, birth } = JSON.parse(text) as Readonly<Record<keyof LockOwner, unknown>>
    const isPid = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0
    if (!isPid || typeof host !== 'string' || typeof started !== 'string' || typeof birth !== 'string')
      return undefined
    return { pid, host, started, birth }
  } catch {
    return undefined
  }
}

/** Puts a whole file under a name that nothing has. @returns false where something has it. */
function claim(path: string, text: string): boolean {
  const draft = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(draft, text)
    linkSync(draft, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS') return claimWithoutLinks(path, text)
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function claimWithoutLinks(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EISDIR') return ''
    throw error
  }
}

/** Moves a dead owner's lock away, unless another process has just done so and taken its place. */
function removeStale(path: string, text: string): void {
  const aside = `${path}.stale.${process.pid}.tmp`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  // What was moved may be the lock of a living process that was quicker: then it goes back.
  if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path)
  rmSync(aside, { force: true })
}

/**
 * Takes a lock that only one process has at a time, by making the file `path`. The lock of a process that has ended
 * without giving it back is taken over.
 * @param onMessage - Told when that happens.
 * @returns how to give it back; it is given back as well when the process exits by itself.
 * @throws {OptionError} where another process has it: the message names it.
 */
export function takeLock(path: string, onMessage: (message: string) => void = () => undefined): () => void {
  const owner: LockOwner = {
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    birth: birthOf(process.pid),
  }
  const text = `${JSON.stringify(owner)}\n`
  for (let tries = 1; !claim(path, text); tries++) {
    const found = readLock(path)
    const other = readOwner(found ?? '')
    if (found !== undefined && other !== undefined) {
      if (!isDead(other)) throw new OptionError('out', inUse(path, other))
      removeStale(path, found)
      onMessage(`took over from process ${other.pid}, which had ended without giving the folder back`)
    } else if (found !== undefined || tries > 100) {
      throw new OptionError('out', `${path} is no lock of a training; remove it if none runs in this folder`)
    }
  }
  const release = () => {
    process.off('exit', release)
    if (readLock(path) === text) rmSync(path, { force: true })
  }
  process.on('exit', release)
  return release
}

/** Makes sure that no other process has a lock, and leaves it as it is. @throws {OptionError} that names the process. */
export function requireUnlocked(path: string): void {
  const other = readOwner(readLock(path) ?? '')
  if (other !== undefined && !isDead(other)) throw new OptionError('out', inUse(path, other))
}

function inUse(path: string, { pid, host, started }: LockOwner): string {
  const elsewhere = host === hostname() ? '' : `; if that process has ended, remove ${path}`
  return `process ${pid} on ${host} has been training in this folder since ${started}; choose another folder${elsewhere}`
}
