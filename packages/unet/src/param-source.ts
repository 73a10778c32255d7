import type { Shape } from '@tweedie/tensor'

/** Names and shapes of a checkpoint. */
export type NamedShapes = ReadonlyMap<string, Shape>

/** Named arrays that parameters are read from; every reader of checkpoints gives one. */
export interface ParamSource {
  readonly entries: readonly { readonly name: string; readonly shape: Shape }[]
  /**
   * The elements of an entry in row-major order, read now.
   * @param into - Where they may be written as float32, and is then returned; a source that does not know of it returns
   *   an array of its own.
   * @throws {FileFormatError} where they are damaged, of a type that is not read, or integers beyond 2⁵³ that
   *   float64 does not hold.
   */
  values(name: string, into?: Float32Array): Float32Array | Float64Array
  /** The configuration of the network that a file has in itself, as a `config.json` would have it; left out for none. */
  readonly configuration?: unknown
  /**
   * Finds the weights of a network among several sets and whatever wraps them, in `source`, which is this one, its names
   * perhaps as of today; left out where a file is nothing but weights.
   */
  readonly choose?: (source: ParamSource, wanted: WantedWeights) => PlainSource
}

/** The weights that are wanted of a file. */
export interface WantedWeights {
  /** A parameter that the network has. */
  readonly landmark: string
  /** Names and shapes of all its parameters, in their order; left out where they are not known yet. */
  readonly spec?: Readonly<Record<string, Shape>>
  /** The key that the set lies under: `ema`, `state_dict`, … or `.` for the names as they are. */
  readonly key?: string | undefined
  /** Name of the file, for messages. */
  readonly path: string
}

/** A source with the names of a model, and what was done to it, as sentences for the user. */
export interface PlainSource {
  readonly source: ParamSource
  readonly notes: readonly string[]
}

/** How the tensors of a file differ from what a model expects. */
export interface SpecDifference {
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
  /** Names in both with shapes that differ. */
  readonly reshaped: readonly {
    readonly name: string
    readonly expected: readonly number[]
    readonly found: readonly number[]
  }[]
  /** Names and shapes of the whole file. */
  readonly file: NamedShapes
}

/** Names and shapes of a source. */
export const shapesOf = ({ entries }: Pick<ParamSource, 'entries'>): NamedShapes =>
  new Map(entries.map(({ name, shape }) => [name, shape]))
