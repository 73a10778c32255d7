import { TweedieError } from '@tweedie/tensor'

/** A package that is needed for what was asked, and is not installed. */
export class MissingPackageError extends TweedieError {
  override readonly name = 'MissingPackageError'
}

/** The part of benny that is used, so that the types of this package stand without it. */
interface Benny {
  add(name: string, run: () => unknown, options: Readonly<Record<string, number>>): unknown
  suite(name: string, ...benchmarks: readonly unknown[]): Promise<Summary>
}

interface Summary {
  /** Of each benchmark the seconds a call, one for each sample. */
  readonly results: readonly { readonly details: { readonly sampleResults: readonly number[] } }[]
}

/**
 * The npm package benny, whose suites take the samples: an optional peer, as it weighs more than all packages of this
 * project together.
 * @param load - How to import it, in place of a plain import.
 * @throws {MissingPackageError} where it cannot be imported.
 */
export async function importBenny(
  load: () => Promise<{ readonly default: unknown }> = () => import('benny'),
): Promise<Benny> {
  try {
    return (await load()).default as Benny
  } catch (cause) {
    const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw new MissingPackageError(
      `bench: the package benny, an optional peer of @tweedie/bench, cannot be loaded; install it with ` +
        `\`npm i benny\` (${reason})`,
      { cause },
    )
  }
}
