import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Info } from '../options/index.ts'
import type { LinearOperator, Noise, Operator, Problem } from '../types.ts'
import { isLinear } from '../types.ts'

/** What a restoration can be compared with. */
export interface Reference {
  /** The truth, [N, …shape]. */
  readonly truth?: Tensor | undefined
  /** What was measured, and how. */
  readonly problem?: Problem | undefined
}

/**
 * What a metric needs: the truth; a problem; of the problem a noise level σ_y above 0, or a linear operator with its
 * pseudo-inverse; restorations that are images [N, C, H, W].
 */
export type MetricNeed = 'truth' | 'problem' | 'sigma' | 'pinv' | 'image'

type If<N extends MetricNeed, K extends MetricNeed, T> = K extends N ? T : unknown
/** A reference with what a metric needs in its type. */
export type Comparable<N extends MetricNeed> = Reference &
  If<N, 'truth', { readonly truth: Tensor }> &
  If<N, 'problem', { readonly problem: Problem }> &
  If<N, 'sigma', { readonly problem: { readonly noise: Noise & { readonly sigma: number } } & Problem }> &
  If<N, 'pinv', { readonly problem: Problem<LinearOperator & { pinv(y: Tensor): Tensor }> }>

/** What a metric says of itself. */
export interface MetricInfo extends Info {
  readonly title: string
  /** Empty for a pure number. */
  readonly unit: string
  /** Which way is better, as far as the `target` where there is one. */
  readonly better: 'higher' | 'lower'
  /** The value of a perfect restoration, where it is none of the ends of the range. */
  readonly target?: number
  /** Least and largest value there can be. */
  readonly range: readonly [number, number]
  readonly needs: readonly MetricNeed[]
}

/** A score of restorations; see {@link metrics}. */
export interface Metric {
  readonly info: MetricInfo
  /** What it needs and cannot have here; undefined where nothing is missing. */
  lacks(x: Tensor, reference: Reference): string | undefined
  /**
   * The score of each sample.
   * @param x - Restorations [N, …shape] in the data range [−1, 1].
   * @throws {OptionError} where it lacks something. @throws {ShapeError} where shapes disagree.
   */
  of(x: Tensor, reference: Reference): Promise<Float64Array>
}

const hasPinv = (operator: Operator): boolean => isLinear(operator) && operator.pinv !== undefined
const isImage = ({ shape, size }: Tensor): boolean => shape.length === 4 && size > 0

/** For each need, whether it is met, and what is missing where it is not. */
const met: Readonly<Record<MetricNeed, (x: Tensor, reference: Reference) => boolean>> = {
  truth: (_, { truth }) => truth !== undefined,
  problem: (_, { problem }) => problem !== undefined,
  sigma: (_, { problem }) => (problem?.noise.sigma ?? 0) > 0,
  pinv: (_, { problem }) => problem !== undefined && hasPinv(problem.operator),
  image: isImage,
}
const missing: Readonly<Record<MetricNeed, string>> = {
  truth: 'the truth',
  problem: 'the problem',
  sigma: 'a noise level σ_y above 0',
  pinv: 'a linear operator with a pseudo-inverse',
  image: 'images [N, C, H, W]',
}

/** What is written of a metric. */
export interface MetricDefinition<N extends MetricNeed> extends Omit<MetricInfo, 'options' | 'needs'> {
  readonly needs: readonly N[]
  of(x: Tensor, reference: Comparable<N>): Promise<Float64Array>
}

/**
 * Defines a metric. What it needs is checked once, and is then in the type of the reference.
 *
 * @param direct - A function that is the metric as well, for who has its arguments at hand.
 * @example
 * ```ts
 * import { defineMetric } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * const largest = defineMetric({
 *   name: 'largest-error',
 *   title: 'largest error',
 *   unit: '',
 *   better: 'lower',
 *   range: [0, Infinity],
 *   needs: ['truth'],
 *   of: async (x, { truth }) => Float64Array.from(await x.sub(truth).abs().reshape([x.shape[0] ?? 0, -1]).max(1).data()),
 * })
 * await largest.of(full([1, 2], 0.5), { truth: full([1, 2], 0) }) // => [0.5]
 * largest.lacks(full([1, 2], 0.5), {}) // => 'the truth'
 * ```
 */
export function defineMetric<const N extends MetricNeed>(definition: MetricDefinition<N>): Metric
export function defineMetric<const N extends MetricNeed, F extends object>(
  definition: MetricDefinition<N>,
  direct: F,
): F & Metric
export function defineMetric<const N extends MetricNeed>(
  { of, ...info }: MetricDefinition<N>,
  direct: object = {},
): Metric {
  const lacks = (x: Tensor, reference: Reference): string | undefined => {
    const need = info.needs.find((one) => !met[one](x, reference))
    return need && missing[need]
  }
  const fits = (x: Tensor, reference: Reference): reference is Comparable<N> =>
    lacks(x, reference) === undefined
  return Object.assign(direct, {
    info: { ...info, options: {} },
    lacks,
    of: async (x: Tensor, reference: Reference): Promise<Float64Array> => {
      if (fits(x, reference)) return of(x, reference)
      throw new OptionError('metric', `${info.name} needs ${lacks(x, reference)}`)
    },
  })
}
