import type { Key, Tensor } from '@tweedie/tensor'
import { isFloat, ShapeError, sameShape, scope } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import type { Filled, Given, Info, Settings, Specs, ValueOf } from '../options/index.ts'
import { fill } from '../options/index.ts'
import type { Noise, NoiseLikelihood } from '../types.ts'

/** What a noise says of itself, for tables and the command line. */
export interface NoiseInfo<S extends Specs = Specs> extends Info {
  readonly summary: string
  /** A text to copy, for `tweedie restore --noise`. */
  readonly example: string
  readonly options: S
}

/** A noise as a catalog has it. */
export interface NoiseEntry<N extends Noise = Noise> {
  readonly info: NoiseInfo
  /** The noise for options known at run time. @throws {OptionError} for unknown options or values out of range. */
  make(settings?: Settings): N
}

/** A noise by its options, or by the value of its one positional option: `gaussianNoise(0.1)`. */
export interface NoiseKind<N extends Noise, S extends Specs, P extends keyof S> extends NoiseEntry<N> {
  (given?: ValueOf<S[P]> | Given<S>): N
  readonly info: NoiseInfo<S>
}

/** What a law is made of. Its maps may leave intermediate tensors, and trust keys and shapes to fit. */
export interface NoiseParts {
  /** Of white Gaussian noise alone. */
  readonly sigma?: number
  /** A noisy measurement of each clean one. */
  sample(keys: readonly Key[], clean: Tensor): Tensor
  /** Left out where the law has no density or mass function, or none that is practical. */
  readonly likelihood?: NoiseLikelihood
}

/** A noise whose likelihood is known. */
export interface LikelihoodNoise extends Noise {
  readonly likelihood: NoiseLikelihood
}

/** The type of the noise that parts make: `sigma` and `likelihood` are there where they always are. */
export type NoiseOf<P extends NoiseParts> = Noise &
  (P extends { readonly likelihood: NoiseLikelihood } ? LikelihoodNoise : Noise) &
  (P extends { readonly sigma: number } ? { readonly sigma: number } : Noise)

/** What is written of a noise: its name, its options, and its law for each choice of them. */
export interface NoiseDefinition<S extends Specs, P extends keyof S, L extends NoiseParts>
  extends NoiseInfo<S> {
  readonly positional?: P & string
  law(options: Filled<S>): L
}

/** [N], the sum over each sample. */
export const sumOfSamples = (x: Tensor): Tensor => x.reshape([batchOf(x), -1]).sum(1)

const checkPair = (op: string, y: Tensor, clean: Tensor): void => {
  if (!sameShape(y.shape, clean.shape) || y.shape.length === 0)
    throw new ShapeError(op, 'both must be batches of one shape', [y.shape, clean.shape])
}

function noiseOf(name: string, parts: NoiseParts): Noise {
  const { sigma, likelihood } = parts
  const pair =
    (what: string, map: (y: Tensor, clean: Tensor) => Tensor) =>
    (y: Tensor, clean: Tensor): Tensor => {
      checkPair(`${name} noise, ${what}`, y, clean)
      return scope(() => map(y, clean))
    }
  return {
    name,
    ...(sigma !== undefined && { sigma }),
    ...(likelihood && {
      likelihood: { log: pair('log', likelihood.log), score: pair('score', likelihood.score) },
    }),
    sample(keys, clean) {
      const [batch] = clean.shape
      if (keys.length !== batch || !isFloat(clean.dtype)) {
        const what = `${keys.length} keys for ${batch === undefined ? 'no batch' : `a batch of ${batch}`}`
        throw new ShapeError(`${name} noise, sample`, `${what} of ${clean.dtype}`, [clean.shape])
      }
      return scope(() => parts.sample(keys, clean))
    },
  }
}

/**
 * Defines a noise: its law, sampled, and where it is known its likelihood with the score.
 *
 * @example
 * ```ts
 * import { defineNoise, number } from '@tweedie/solvers'
 * import { uniform, randomKey, zeros } from '@tweedie/tensor'
 * const uniformNoise = defineNoise({
 *   name: 'uniform',
 *   summary: 'uniform on ±width',
 *   example: 'uniform:0.1',
 *   positional: 'width',
 *   options: { width: number('half of the range', { default: 0.1, above: 0 }) },
 *   law: ({ width }) => ({
 *     sample: (keys, clean) => clean.add(uniform(keys, clean.shape.slice(1)).mul(2).sub(1).mul(width)),
 *   }),
 * })
 * const y = uniformNoise(0.5).sample([randomKey(1)], zeros([1, 3]))
 * y.dataSync().every((value) => Math.abs(value) <= 0.5) // => true
 * ```
 */
export function defineNoise<
  S extends Specs,
  const P extends keyof S = never,
  L extends NoiseParts = NoiseParts,
>(definition: NoiseDefinition<S, P, L>): NoiseKind<NoiseOf<L>, S, P>
export function defineNoise(
  definition: NoiseDefinition<Specs, string, NoiseParts>,
): NoiseKind<Noise, Specs, string> {
  const { law, ...info } = definition
  const make = (settings: Settings = {}) => noiseOf(info.name, law(fill(info.name, info.options, settings)))
  const isSettings = (given: unknown): given is Settings => typeof given === 'object' && given !== null
  const call = (given: unknown = {}) =>
    make(isSettings(given) ? given : { [info.positional ?? 'value']: given })
  return Object.assign(call, { info, make })
}
