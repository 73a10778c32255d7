import { TweedieError } from '@tweedie/tensor'

/** The part of benny that is used here. */
export interface Benny<Case = unknown> {
  add(
    name: string,
    run: () => unknown,
    options: { initCount: number; minTime: number; maxTime: number; minSamples: number },
  ): Case
  suite(
    name: string,
    only: Case,
  ): Promise<{
    readonly results: readonly { readonly details: { readonly sampleResults: readonly number[] } }[]
  }>
}

/** A package that is needed and not installed: an optional peer. */
export class MissingPackageError extends TweedieError {
  override readonly name = 'MissingPackageError'
}

/**
 * Imports benny when it is first needed; with what it brings it weighs more than all the code of this project.
 * @throws {MissingPackageError} where it is not installed.
 */
export async function importBenny(
  load: () => Promise<{ readonly default: unknown }> = () => import('benny'),
): Promise<Benny> {
  try {
    return (await load()).default as Benny
  } catch (cause) {
    throw new MissingPackageError(
      'bench: the package benny, an optional peer of @tweedie/bench, cannot be loaded; install it with ' +
        `\`npm i benny\` (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)})`,
      { cause },
    )
  }
}
