import { TweedieError } from '@tweedie/tensor'

/** A package that is needed for what was asked, and is not installed. */
export class MissingPackageError extends TweedieError {
  override readonly name = 'MissingPackageError'
}

/**
 * The npm package benny, whose suites take the samples: an optional peer, as it weighs more than all packages of this
 * project together.
 * @param load - How to import it, in place of a plain import.
 * @throws {MissingPackageError} where it cannot be imported.
 */
export async function importBenny(load = () => import('benny')) {
  try {
    return (await load()).default
  } catch (cause) {
    const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw new MissingPackageError(
      `bench: the package benny, an optional peer of @tweedie/bench, cannot be loaded; install it with ` +
        `\`npm i benny\` (${reason})`,
      { cause },
    )
  }
}
