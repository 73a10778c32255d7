import { rename, stat } from 'node:fs/promises'
import { OptionError } from '@tweedie/tensor'
import { destination, drafted, statOrNothing } from './write.ts'

/**
 * Makes sure, before any work, that a file may be written: nothing is there, or a regular file that is to be
 * replaced, and not the one that is read.
 * @param argument - What the path is called, for messages.
 * @returns Where it will be, links followed.
 * @throws {OptionError} naming what stands in the way.
 */
export async function checkNewFile(
  path: string,
  { replace, source }: { replace: boolean; source: string },
  argument: string,
): Promise<string> {
  const target = await destination(path, argument)
  const there = await statOrNothing(target)
  if (there === undefined) return target
  if (there.isDirectory()) throw new OptionError(argument, `${path} is a folder; name a file`)
  if (!there.isFile()) throw new OptionError(argument, `${path} is no regular file; name another`)
  const from = await stat(source).catch(() => undefined)
  if (from?.dev === there.dev && from.ino === there.ino)
    throw new OptionError(argument, `${path} is the file that is read; name another`)
  if (!replace) throw new OptionError(argument, `${path} is there already; --force replaces it`)
  return target
}

/** Has `fill` write a hidden file beside `path`, which takes that name once it is whole, unless one came to be there. */
export async function writeNewFile<T>(
  path: string,
  options: { replace: boolean; source: string },
  argument: string,
  fill: (draft: string) => Promise<T>,
): Promise<T> {
  const target = await checkNewFile(path, options, argument)
  return drafted(target, async (draft) => {
    const result = await fill(draft)
    await checkNewFile(path, options, argument)
    await rename(draft, target)
    return result
  })
}
