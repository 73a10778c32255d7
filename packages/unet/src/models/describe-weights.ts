import { FileFormatError } from '@tweedie/tensor'
import { architectureOfShapes, architectures, describeNetwork } from '../architectures/catalog.ts'
import type { ParamSource } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import { withoutPrefix } from './prefix.ts'

/** What a file of weights is of, and which of its sets would be loaded. */
export interface DescribedWeights {
  /** The architecture, in a sentence. */
  readonly architecture: string
  /** What loading would say of its choice, or why it would refuse. */
  readonly notes: readonly string[]
}

/**
 * What network a file's weights are of, by names and shapes, among several sets and whatever wraps them.
 * @param key - The set that is meant.
 * @param path - Name of the file, for messages.
 */
export function describeWeights(
  source: ParamSource,
  key: string | undefined,
  path: string,
): DescribedWeights {
  let refused: string | undefined
  for (const { landmarks, rename } of architectures) {
    try {
      const wanted = { landmark: landmarks[0], key, path }
      const plain = (source.choose ?? withoutPrefix)(rename?.(source) ?? source, wanted)
      const shapes = shapesOf(plain.source)
      if (architectureOfShapes(shapes) !== undefined)
        return { architecture: describeNetwork(shapes), notes: plain.notes }
    } catch (error) {
      if (!(error instanceof FileFormatError)) throw error
      // Of a network that is not there nothing lies under any key.
      if (key === undefined) refused ??= error.message
    }
  }
  return { architecture: describeNetwork(shapesOf(source)), notes: refused === undefined ? [] : [refused] }
}
