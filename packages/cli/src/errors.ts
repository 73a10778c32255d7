import { printable, TweedieError } from '@tweedie/tensor'
import { isOwnError } from './own/module.ts'

/** The codes that the command exits with. */
export const exitCodes = { done: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const

/** Cases that became slower than an earlier report allows. */
export class RegressionError extends TweedieError {
  override readonly name = 'RegressionError'
  readonly cases: number
  constructor(cases: number, threshold: number) {
    super(`${cases} case${cases > 1 ? 's' : ''} took more than ${threshold} times the earlier time`)
    this.cases = cases
  }
}

/** Laws that something of the user's does not hold to. */
export class LawsBrokenError extends TweedieError {
  override readonly name = 'LawsBrokenError'
  constructor(broken: number, all: number) {
    super(`${broken} of ${all} laws do not hold`)
  }
}

/** Pictures of a folder that could not be restored; the others were. */
export class PicturesFailedError extends TweedieError {
  override readonly name = 'PicturesFailedError'
  constructor(files: readonly string[], all: number) {
    const shown = files.slice(0, 5).join(', ')
    const more = files.length > 5 ? ` and ${files.length - 5} more` : ''
    super(`${files.length} of ${all} pictures could not be restored: ${shown}${more}`)
  }
}

/** Samples that are not as draws of the posteriors they should be of. */
export class NotCalibratedError extends TweedieError {
  override readonly name = 'NotCalibratedError'
  constructor(method: string, broken: number, all: number) {
    super(`${method} does not sample the posterior${all === 1 ? '' : ` of ${broken} of ${all} problems`}`)
  }
}

/** Samples of a run that are not those that its file tells of. */
export class OtherSamplesError extends TweedieError {
  override readonly name = 'OtherSamplesError'
  constructor(file: string, device: string) {
    super(
      `the samples are not those that ${file} tells of: it was made by another version of tweedie, or on another device than ${device}`,
    )
  }
}

/** Classes of error that say: the caller can mend this by calling otherwise. */
const wrongUse = new Set([
  'OptionError',
  'FileFormatError',
  'DeviceError',
  'OutOfMemoryError',
  'UnfitError',
  'MissingPackageError',
  'SiteMissingError',
])

/** Classes of error that say: it was asked for rightly, and failed. */
const failures = new Set([
  'NonFiniteError',
  'RegressionError',
  'LawsBrokenError',
  'NotCalibratedError',
  'OtherSamplesError',
  'PicturesFailedError',
])

/** What Node reports for a path that the user should look at, in words. */
const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EISDIR: 'this is a folder; name a file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the quota of the disk is used up',
  EIO: 'the device failed to read or write',
  EEXIST: 'already exists',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  EADDRINUSE: 'the port is taken; --port takes another, 0 one that is free',
}

/** Those that no other call would mend: the machine failed, not the user. */
const machineProblems = new Set(['ENOSPC', 'EDQUOT', 'EIO'])

const one = (message: string) => printable(message.replace(/\s*\n\s*/g, ' ').trim())

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => printable(line))
    .join('\n')

/** What to print on stderr for an error, and the exit code: 2 where the caller can mend it. */
export function explain(error: unknown): { code: number; message: string } {
  if (!(error instanceof Error)) return { code: exitCodes.failed, message: `unexpected: ${String(error)}` }
  if (error.name === 'InterruptedError' || error.name === 'AbortError')
    return {
      code: exitCodes.interrupted,
      message: error.name === 'AbortError' ? 'interrupted' : error.message,
    }
  if (wrongUse.has(error.name)) return { code: exitCodes.wrongUse, message: one(error.message) }
  const { code, path, syscall } = error as NodeJS.ErrnoException
  const problem = code === undefined ? undefined : fileProblems[code]
  if (code !== undefined && problem !== undefined && syscall !== undefined) {
    return {
      code: machineProblems.has(code) ? exitCodes.failed : exitCodes.wrongUse,
      message: path === undefined ? problem : `${printable(path)}: ${problem}`,
    }
  }
  if (failures.has(error.name)) return { code: exitCodes.failed, message: one(error.message) }
  return {
    code: exitCodes.failed,
    message: `${isOwnError(error) ? 'an error in a module of yours' : 'unexpected error (please report it)'}\n${lines(error.stack ?? error.message)}`,
  }
}
