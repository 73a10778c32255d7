import { dirname, resolve } from 'node:path'
import type { HostArray, OwnProblem, ReadArray } from '@tweedie/calibration'
import { parseDescription, problemOfDescription } from '@tweedie/calibration'
import { isLatent } from '@tweedie/solvers'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { readBytes } from '../../files/bytes.ts'
import { readInput } from '../../files/inputs.ts'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { importNames, ownModule } from '../../own/module.ts'
import { naming } from '../../resolve.ts'

/** Bytes of the largest JSON that is read; larger arrays go into npy files. */
const largestText = 64 * 2 ** 20

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** Arrays of files, whose paths start from the folder of the problem. */
const besides =
  (io: Io, folder: string): ReadArray =>
  async (file, place): Promise<HostArray> => {
    const { content } = await readInput(io, resolve(folder, file), [place.split('.').at(-1) ?? place]).catch(
      (error: unknown) => {
        if (missing(error)) throw new OptionError(place, `there is no file '${file}'`)
        throw error
      },
    )
    if (content.kind === 'picture')
      throw new OptionError(place, `'${file}' is a picture; an npy file is wanted`)
    return { shape: content.array.shape, values: content.array.values() }
  }

/** The text of a file, bounded. */
async function textOf(io: Io, file: string): Promise<string> {
  const bytes = await readBytes(absolute(io.cwd, file), { most: () => largestText, signal: io.signal }).catch(
    (error: unknown) => {
      if (missing(error)) throw new OptionError('--problem', `there is no file '${file}'`)
      throw error
    },
  )
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileFormatError(file, 'is no text in UTF-8; a problem is JSON, or a TypeScript module')
  }
}

/** What a module says of a problem: its default export, or what that returns; where there is none, its names. */
async function ofModule(io: Io, file: string): Promise<unknown> {
  const module = await importNames(absolute(io.cwd, file), { file, settings: undefined }, '--problem')
  const value = 'default' in module ? module['default'] : module
  return typeof value === 'function' ? value() : value
}

/**
 * The problem of a file, whole and checked.
 * @throws {OptionError | FileFormatError} naming the file, the key and what fits.
 */
export async function readProblem(io: Io, file: string): Promise<OwnProblem> {
  const module = ownModule(file)
  if (module?.settings !== undefined)
    throw new OptionError('--problem', `'${file}': the module of a problem takes no options`)
  const description =
    module === undefined ? parseDescription(await textOf(io, file), file) : await ofModule(io, file)
  const folder = dirname(absolute(io.cwd, file))
  const own = await naming('--problem', '', () => problemOfDescription(description, besides(io, folder)))
  if (isLatent(own.prior))
    throw new OptionError(
      '--problem',
      `the prior '${own.prior.name}' is one on latents; tweedie restore takes it`,
    )
  return own
}
