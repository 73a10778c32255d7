import { FileFormatError } from '@tweedie/tensor'
import type { AdmClassifierConfig, UntoldOfClassifier } from '../architectures/catalog.ts'
import { admClassifierSpec, inferAdmClassifier, isClassifier } from '../architectures/catalog.ts'
import type { ParamSource } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import type { Params } from '../params.ts'
import type { LoadOptions } from './load.ts'
import { loadParams } from './load.ts'
import { withoutPrefix } from './prefix.ts'

/** A classifier of noisy pictures, with what was chosen of its file. */
export interface LoadedClassifier {
  readonly config: AdmClassifierConfig
  readonly params: Params
  /** What was chosen rather than said, in a sentence each. */
  readonly notes: readonly string[]
}

/** What {@link loadClassifier} is told beside a file. */
export interface LoadClassifierOptions extends UntoldOfClassifier, Pick<LoadOptions, 'device'> {
  /** Name of the file, for messages. */
  readonly path: string
  /** Which of several sets of weights. */
  readonly key?: string | undefined
}

/**
 * guided-diffusion's classifier of noisy pictures (`EncoderUNetModel`), such as `256x256_classifier.pt`: its configuration is
 * told by names and shapes, its heads have the 64 channels that `create_classifier` gives them.
 * @throws {FileFormatError} for weights of another network, several sets of them, or values that cannot be read.
 */
export function loadClassifier(
  weights: ParamSource,
  { path, key, device, ...untold }: LoadClassifierOptions,
): LoadedClassifier {
  const wanted = { landmark: 'input_blocks.0.0.weight', key, path }
  const { source, notes } = (weights.choose ?? withoutPrefix)(weights, wanted)
  const shapes = shapesOf(source)
  if (!isClassifier(shapes))
    throw new FileFormatError(
      path,
      "holds no classifier of guided-diffusion's (EncoderUNetModel), which has a way down and no way up",
    )
  const config = inferAdmClassifier(shapes, untold)
  if (config === undefined)
    throw new FileFormatError(
      path,
      `holds a classifier whose levels and blocks its names and shapes do not tell with heads of ${untold.numHeadChannels ?? 64} channels; admClassifierConfig and admClassifierForward run it`,
    )
  return {
    config,
    params: loadParams(source, admClassifierSpec(config), path, device === undefined ? {} : { device }),
    notes,
  }
}
