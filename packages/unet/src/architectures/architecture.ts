import type { Key, Tensor } from '@tweedie/tensor'
import type { Fields } from '../fields.ts'
import type { InitOptions } from '../init.ts'
import type { NamedShapes, SpecDifference } from '../param-source.ts'
import type { Params } from '../params.ts'
import type { NetworkBase, NetworkFormat } from './format.ts'
import type { TrainedOn } from './trained-on.ts'

/** What names and shapes of a checkpoint tell of its configuration. */
export interface Inferred {
  /** In the form of the architecture's `config.json`. */
  readonly fields: Fields
  /** What `config.json` has to say besides, in words. */
  readonly untold: string
}

/**
 * A family of networks: how its files are told and read, what its parameters are, and how it is run. Each is one value
 * in the list of `catalog.ts`; loading, training, evaluation and the command line know the list alone.
 *
 * The members are methods, which the compiler compares in both directions: so an `Architecture<DdpmConfig>` is one of
 * the list, whose members are handed configurations that `architectureOf` has matched to them by name.
 */
export interface Architecture<C extends NetworkBase = NetworkBase> extends NetworkFormat<C> {
  /** The configuration as a `config.json` that {@link NetworkFormat.parse} reads. */
  write(config: C): Fields
  /**
   * The configuration in our own form: fields under the names of C, of which those with a default may be left out.
   * @throws {FileFormatError} naming the field that does not fit.
   */
  configure(fields: Fields, file: string): C
  /**
   * What its networks are trained on where neither a record nor a scheduler says it, by their own `config.json` or by
   * custom; `note` follows the file's name in a sentence. Without it a folder has to say its schedule.
   */
  trainedOn?(json: unknown, file: string): { readonly trainedOn: TrainedOn; readonly note: string }

  /** What names and shapes tell of the configuration; undefined where they tell nothing. */
  infer?(shapes: NamedShapes): Inferred | undefined
  /** A network with the {@link NetworkFormat.landmarks}, in some words on its channels and widths. */
  describe(shapes: NamedShapes): string
  explain(config: C): (difference: SpecDifference) => string | undefined
  /** Fresh parameters from a random key. */
  init(config: C, key: Key, options?: InitOptions): Params
  /**
   * The output [N, outChannels, H, W] for noisy images x [N, inChannels, H, W] at time t, one for all or one per image.
   * @throws {ShapeError} where x or t does not fit the configuration.
   */
  forward(params: Params, config: C, x: Tensor, t: number | Tensor): Tensor

  /** The shape of one image it was trained on, [C, H, W]. */
  sampleShape(config: C): readonly [channels: number, height: number, width: number]
  /** The sides of its images are multiples of this. */
  divisor(config: C): number
  /** Channels of images at full resolution that it holds at once, at least. */
  channelsAtOnce(config: C): number
  /**
   * Why a network cannot be run on x and t alone, as the rest of a sentence on it ('is class-conditional …'); undefined
   * where it can.
   */
  needsMore?(config: C): string | undefined
}
