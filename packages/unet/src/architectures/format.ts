import { FileFormatError } from '@tweedie/tensor'
import { objectOf } from '../fields.ts'
import type { NamedShapes, ParamSource, SpecDifference } from '../param-source.ts'
import type { ParamSpec } from '../params.ts'

/** What the configurations of all architectures have. */
export interface NetworkBase {
  /** The architecture's name. */
  readonly architecture: string
  readonly inChannels: number
  readonly outChannels: number
}

/**
 * How the files of a family of networks are told and read: the part of an `Architecture` that a reader needs. The members
 * are methods, which the compiler compares in both directions, so that formats of several families make one list.
 */
export interface NetworkFormat<C extends NetworkBase = NetworkBase> {
  readonly name: C['architecture']
  /** Whose networks they are, such as 'diffusers UNet2DModel'. */
  readonly title: string
  /** Parameters that each of its networks has, and not all of which a network of another architecture has. */
  readonly landmarks: readonly [string, ...string[]]

  /** Whether the JSON of a `config.json` is of this architecture. */
  detect(json: unknown): boolean
  /**
   * The configuration in a `config.json`.
   * @param shapes - Names and shapes of the weights, for what the file leaves out; read when asked for.
   * @throws {FileFormatError} naming the field that does not fit.
   */
  parse(json: unknown, file: string, shapes: () => NamedShapes): C
  /** Names and shapes of all parameters. */
  spec(config: C): ParamSpec
  /**
   * The source under the names of {@link spec}, where files of its networks use others as well. With the configuration that they
   * are `read` for, what follows from it is compared with it and left out.
   * @throws {FileFormatError} where such a tensor says otherwise than the configuration.
   */
  rename?(source: ParamSource, read?: { readonly config: C; readonly file: string }): ParamSource
  /**
   * Names the fields of the configuration that would explain how a file differs from it, where that can be told; where it is
   * left out, a file that does not fit is refused with the differences alone.
   */
  explain?(config: C): (difference: SpecDifference) => string | undefined
}

/** The configuration of the networks of a format, or of any of several. */
export type ConfigOf<F> = F extends NetworkFormat<infer C> ? C : never

/**
 * The one of some formats that a `config.json` is of.
 * @throws {FileFormatError} where it is of none.
 */
export function formatOfJson<F extends NetworkFormat>(formats: readonly F[], json: unknown, file: string): F {
  const found = formats.find(({ detect }) => detect(json))
  if (found !== undefined) return found
  objectOf(file, json)
  const titles = formats.map(({ name, title }) => `${name} (${title})`).join(', ')
  throw new FileFormatError(file, `is the configuration of no network known here: ${titles}`)
}
