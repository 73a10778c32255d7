import type { ExactPrior, Schedule } from '@tweedie/solvers'
import { exactPrior, gaussianMixture } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError, ShapeError } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { HostArray, ReadArray } from './array.ts'
import { arrayAt, mostNumbers, rowOf, shapeInWords } from './array.ts'
import { choiceOf, fieldsOf, within } from './fields.ts'

/** What the prior of a description may be. */
const wanted = '{ "mixture": { weights, means, covariances } } or { "gaussian": { mean, covariance } }'

/** Runs `check`; what it throws is made to name `place`. */
function at<T>(place: string, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof OptionError) throw new OptionError(place, error.reason)
    if (error instanceof ShapeError) throw new OptionError(place, error.message)
    throw error
  }
}

const matrixOf = (values: ArrayLike<number>, d: number): Matrix =>
  Matrix.from1DArray(d, d, Array.from(values))

/** A covariance that was checked whole, its eigenvalues as well. */
function covarianceAt(place: string, matrix: Matrix): Matrix {
  const d = matrix.rows
  at(place, () =>
    gaussianMixture({ weights: [1], means: [new Float64Array(d)], covariances: matrix }).logDensity(
      new Float64Array(d),
    ),
  )
  return matrix
}

/**
 * The covariance of each of K components: one variance for all, [K] a variance each, [d, d] one matrix for all, or
 * [K, d, d].
 */
function covariancesOf(place: string, given: HostArray, K: number, d: number): readonly Matrix[] {
  const { shape, values } = given
  const is = (...wanted: readonly number[]) =>
    shape.join() === wanted.join() && shape.length === wanted.length
  if (is()) {
    const shared = covarianceAt(place, Matrix.eye(d, d, values[0]))
    return Array.from({ length: K }, () => shared)
  }
  if (is(K))
    return Array.from(values, (variance, k) => covarianceAt(`${place}[${k}]`, Matrix.eye(d, d, variance)))
  if (is(d, d)) {
    const shared = covarianceAt(place, matrixOf(values, d))
    return Array.from({ length: K }, () => shared)
  }
  if (is(K, d, d))
    return Array.from({ length: K }, (_, k) => covarianceAt(`${place}[${k}]`, matrixOf(rowOf(given, k), d)))
  const hint = is(K, d) ? '; one variance for each coordinate of each component goes into "variances"' : ''
  throw new OptionError(
    place,
    `must be a number, [${K}], [${d}, ${d}] or [${K}, ${d}, ${d}] for ${K} means of ${d} coordinates, got ${shapeInWords(shape)}${hint}`,
  )
}

/** [K, d] variances as diagonal covariances. */
function fromVariances(place: string, given: HostArray, K: number, d: number): readonly Matrix[] {
  if (given.shape.join() !== [K, d].join())
    throw new OptionError(place, `must be [${K}, ${d}], got ${shapeInWords(given.shape)}`)
  return Array.from({ length: K }, (_, k) =>
    covarianceAt(`${place}[${k}]`, Matrix.diag(Array.from(rowOf(given, k)))),
  )
}

/** Refuses, before they are made, covariances that are too many numbers. */
function requireRoom(place: string, K: number, d: number): void {
  if (K * d * d > mostNumbers)
    throw new OptionError(
      place,
      `${K} covariances of ${d}×${d} are ${K * d * d} numbers; a problem with a known posterior has at most ${mostNumbers}`,
    )
}

/** Weights as they were given, the largest 1, so that their sum is finite. */
function weightsOf(place: string, { shape, values }: HostArray, K: number): number[] {
  if (shape.join() !== String(K))
    throw new OptionError(place, `must be ${K} numbers, one for each mean, got ${shapeInWords(shape)}`)
  const weights = Array.from(values)
  const negative = weights.findIndex((weight) => weight < 0)
  if (negative >= 0)
    throw new OptionError(place, `must not be negative, but weight ${negative} is ${weights[negative]}`)
  const most = weights.reduce((top, weight) => Math.max(top, weight), 0)
  if (most === 0) throw new OptionError(place, 'must not all be 0')
  return weights.map((weight) => weight / most)
}

/** Means [K, d]; [K] where there is one coordinate. */
function meansOf(place: string, { shape, values }: HostArray): HostArray {
  if (shape.length === 2) return { shape, values }
  if (shape.length === 1) return { shape: [...shape, 1], values }
  throw new OptionError(place, `must be [K, d], got ${shapeInWords(shape)}`)
}

async function mixtureOf(place: string, value: unknown, read: ReadArray) {
  const given = fieldsOf(place, value, {
    required: ['weights', 'means'],
    optional: ['covariances', 'variances'],
  })
  const array = (key: string) => arrayAt(within(place, key), given[key], read)
  const means = meansOf(within(place, 'means'), await array('means'))
  const [K = 0, d = 0] = means.shape
  const weights = weightsOf(within(place, 'weights'), await array('weights'), K)
  requireRoom(place, K, d)
  const [key, ...both] = ['covariances', 'variances'].filter((name) => given[name] !== undefined)
  if (key === undefined || both.length > 0) {
    const wrong =
      key === undefined ? 'is missing; give it, or variances' : 'is given, and variances as well; give one'
    throw new OptionError(within(place, 'covariances'), wrong)
  }
  const of = key === 'variances' ? fromVariances : covariancesOf
  const each = of(within(place, key), await array(key), K, d)
  const rows = Array.from({ length: K }, (_, k) => rowOf(means, k))
  const shared = each.every((matrix) => matrix === each[0]) ? each[0] : undefined
  return gaussianMixture({ weights, means: rows, covariances: shared ?? { each } })
}

async function gaussianOf(place: string, value: unknown, read: ReadArray) {
  const given = fieldsOf(place, value, { required: ['mean', 'covariance'] })
  const { shape, values } = await arrayAt(within(place, 'mean'), given['mean'], read)
  if (shape.length > 1)
    throw new OptionError(within(place, 'mean'), `must be [d], got ${shapeInWords(shape)}`)
  const d = values.length
  requireRoom(place, 1, d)
  const name = within(place, 'covariance')
  const covariance = await arrayAt(name, given['covariance'], read)
  const variances = covariance.shape.join() === String(d) && covariance.shape.length === 1
  const [matrix = new Matrix(d, d)] = variances
    ? [covarianceAt(name, Matrix.diag(Array.from(covariance.values)))]
    : covariancesOf(name, covariance, 1, d)
  return gaussianMixture({ weights: [1], means: [Float64Array.from(values)], covariances: matrix })
}

/**
 * The prior that a description has: a Gaussian or a mixture.
 * @param shape - Of a sample; [d] where left out.
 * @throws {OptionError} naming the key, what was given and what fits.
 */
export async function priorOfDescription(
  value: unknown,
  schedule: Schedule,
  shape: Shape | undefined,
  read: ReadArray,
): Promise<ExactPrior> {
  const [kind, of] = choiceOf('prior', value, wanted)
  if (kind !== 'mixture' && kind !== 'gaussian')
    throw new OptionError(within('prior', kind), `is no kind of prior; the prior must be ${wanted}`)
  const place = within('prior', kind)
  const law = await (kind === 'mixture' ? mixtureOf : gaussianOf)(place, of, read)
  return at('shape', () =>
    exactPrior(law, { schedule, ...(shape && { shape }), ...(kind === 'gaussian' && { name: 'gaussian' }) }),
  )
}
