import type { Key, Shape, Tensor } from '@tweedie/tensor'
import type { Fields } from '../fields.ts'
import type { InitOptions } from '../init.ts'
import type { NamedShapes, ParamSource, SpecDifference } from '../param-source.ts'
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

/** What an autoencoder has: pictures x [N, C, H, W] to latents z [N, …latentShape] and back. */
export interface Coder<C extends NetworkBase = NetworkBase> {
  /** Of the latent of one picture of the size it was trained on. */
  latentShape(config: C): Shape
  encode(params: Params, config: C, x: Tensor): Tensor
  decode(params: Params, config: C, z: Tensor): Tensor
  /** Log-odds of the classes [N, classes] from latents. @throws {OptionError} where it knows no classes. */
  logits(params: Params, config: C, z: Tensor): Tensor
  /** Parameters of the same autoencoder with latents (z − mean)/std, where both are [channels of latents]. */
  standardise(params: Params, config: C, mean: Tensor, std: Tensor): Params
}

/** What a family has whose networks are told classes by embeddings c, [N, d] or one for all [1, d]. */
export interface ClassConditional<C extends NetworkBase = NetworkBase> {
  /** The embeddings [N, d] of labels [N]. @throws {OptionError} for a label that is none of its classes. */
  embed(params: Params, config: C, labels: Tensor): Tensor
  /** As `forward`, with an embedding in the place of labels; differentiable in it. */
  forward(params: Params, config: C, x: Tensor, t: number | Tensor, c: Tensor): Tensor
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
  trainedOn?(
    json: unknown,
    file: string,
    config: C,
  ): { readonly trainedOn: TrainedOn; readonly note: string } | undefined

  /** The whole configuration, as a `config.json` would have it, that a file of weights tells; undefined where it does not. */
  configurationIn?(source: ParamSource): unknown
  /** What names and shapes tell of the configuration; undefined where they tell nothing. */
  infer?(shapes: NamedShapes): Inferred | undefined
  /** A network with the {@link NetworkFormat.landmarks}, in some words on its channels and widths. */
  describe(shapes: NamedShapes): string
  explain(config: C): (difference: SpecDifference) => string | undefined
  /** Fresh parameters from a random key. */
  init(config: C, key: Key, options?: InitOptions): Params
  /**
   * The output [N, outChannels, H, W] for noisy images x [N, inChannels, H, W] at time t, one for all or one per image, and
   * labels [N] where the network has to be told {@link Architecture.classes}.
   * @throws {ShapeError} where x or t does not fit the configuration.
   */
  forward(params: Params, config: C, x: Tensor, t: number | Tensor, labels?: Tensor): Tensor

  /** The classes 0, 1, … of images that it is told, or that an autoencoder tells; null, or left out, for none. */
  classes?(config: C): number | null
  readonly conditional?: ClassConditional<C>
  /** Of autoencoders: they are shown pictures without noise, whatever the time, and give them back. */
  readonly coder?: Coder<C>
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
  /** Why a network cannot be trained here, as the rest of a sentence on it; undefined where it can. */
  untrainable?(config: C): string | undefined
  /**
   * Of networks whose `forward` is the denoiser of x₀ + σ·ε, told σ for its time, whatever else a file says: what they are,
   * as the rest of a sentence on it; undefined, or left out, for all others.
   */
  denoises?(config: C): string | undefined
  /** Why a network cannot be told a time, as a sentence on it; undefined where it can. */
  refusesTime?(config: C, t: number): string | undefined
}
