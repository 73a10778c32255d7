import type { ClassifierChoice } from '@tweedie/runs'
import { classifiedPrior } from '@tweedie/runs'
import type { Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { loadClassifier } from '@tweedie/unet'
import { readWeights } from '@tweedie/unet/node'
import { absolute } from './files/write.ts'
import type { Io } from './io.ts'

/** What a command line says of a classifier. */
export interface ClassifierFlags {
  /** Its weights. */
  readonly classifier?: string
  readonly class?: number
  readonly classifierScale?: number
}

/**
 * The classifier that a command line asks for; undefined where it asks for none.
 * @throws {OptionError} where it is not told a class, or a scale is of no classifier.
 */
export function chosenClassifier({
  classifier: file,
  class: label,
  classifierScale,
}: ClassifierFlags): ClassifierChoice | undefined {
  if (file === undefined) {
    if (classifierScale === undefined) return undefined
    throw new OptionError('--classifier-scale', 'is of a classifier: give --classifier too')
  }
  if (label === undefined)
    throw new OptionError('--classifier', 'tells classes apart: give --class too, a label 0, 1, …')
  return { file, label, scale: classifierScale ?? 1 }
}

/**
 * What makes of a prior one of pictures of a class, by the classifier that is asked for; undefined where none is.
 * @throws {OptionError} naming `--classifier` for a file that holds none.
 * @throws {FileFormatError} where it is damaged.
 */
export async function classifierFor(
  io: Io,
  choice: ClassifierChoice | undefined,
): Promise<((prior: Prior) => Prior) | undefined> {
  if (choice === undefined) return undefined
  const { file, ...asked } = choice
  const network = loadClassifier(readWeights(absolute(io.cwd, file)), { path: file })
  for (const note of network.notes) io.err(`Note: ${note}.\n`)
  return (prior) => {
    try {
      return classifiedPrior(prior, network, asked)
    } catch (error) {
      throw error instanceof OptionError ? new OptionError(`--${error.option}`, error.reason) : error
    }
  }
}
