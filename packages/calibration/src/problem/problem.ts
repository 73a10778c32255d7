import type { Noise, Operator, Prior, Problem, Schedule } from '@tweedie/solvers'
import { madeFrom, pictureShape, schedules, vpLinear } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, OptionError, sameShape, sizeOf } from '@tweedie/tensor'
import type { ReadArray } from './array.ts'
import { arrayAt, shapeInWords } from './array.ts'
import { fieldsOf, shown } from './fields.ts'
import { noiseOfDescription, operatorOfDescription, placing } from './measurement.ts'
import { priorOfDescription } from './prior.ts'

/** A problem of somebody's own: one measurement, y [1, …outShape], which the caller frees. */
export interface OwnProblem {
  readonly prior: Prior
  readonly problem: Problem
}

const has = (value: unknown, ...names: readonly string[]): boolean =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  names.every((name) => name in value)

const isPrior = (value: unknown): value is Prior => has(value, 'denoise', 'schedule', 'shape', 'name')
const isOperator = (value: unknown): value is Operator => has(value, 'forward', 'inShape', 'outShape')
const isNoise = (value: unknown): value is Noise => has(value, 'sample', 'name')
const isSchedule = (value: unknown): value is Schedule => has(value, 'alpha', 'sigma', 'timeOfNoiseLevel')
const isTensor = (value: unknown): value is Tensor => has(value, 'dataSync', 'shape', 'dtype')

const scheduleOfDescription = (value: unknown): Promise<Schedule> =>
  placing('schedule', () => {
    if (value === undefined) return vpLinear()
    if (isSchedule(value)) return value
    if (typeof value === 'string') return madeFrom(schedules, value)
    throw new OptionError(
      'schedule',
      `must be a text such as vp-linear:T=500, one of ${schedules.names.join(', ')}; got ${shown(value)}`,
    )
  })

const isExtent = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0

function shapeOfDescription(value: unknown): Shape | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.length > 0 && value.length <= 8 && value.every(isExtent)) return value
  throw new OptionError(
    'shape',
    `must be a list of integers of at least 1, such as [1, 8, 8]; got ${shown(value)}`,
  )
}

function dtypeOfDescription(value: unknown): 'float32' | 'float64' | undefined {
  if (value === undefined || value === 'float32' || value === 'float64') return value
  throw new OptionError('dtype', `must be float32 or float64, got ${shown(value)}`)
}

const withoutOnes = (shape: Shape) => shape.filter((extent) => extent !== 1).join()

/** y as one measurement of the operator: of its shape, flat, or with axes of one element more or less. */
async function measurementOf(
  value: unknown,
  { name, outShape }: Operator,
  asked: 'float32' | 'float64' | undefined,
  read: ReadArray,
): Promise<Tensor> {
  const m = sizeOf(outShape)
  const { shape } = isTensor(value) ? value : { shape: undefined }
  const given = isTensor(value)
    ? await arrayAt('y', Array.from(await value.data(), Number), read)
    : await arrayAt('y', value, read)
  const extents = shape ?? given.shape
  const fits = [outShape, [m]].some((wanted) => withoutOnes(wanted) === withoutOnes(extents))
  if (!fits)
    throw new OptionError(
      'y',
      `must be [${m}]${sameShape(outShape, [m]) ? '' : ` or [${outShape.join(', ')}]`}, what '${name}' yields; got ${shapeInWords(extents)}`,
    )
  const dtype = asked ?? (isTensor(value) && value.dtype === 'float32' ? 'float32' : 'float64')
  return fromData(Float64Array.from(given.values), [1, ...outShape], { dtype })
}

/**
 * The problem that a description holds: what JSON says, or what a module exports. Priors, operators, noises, schedules and
 * tensors may stand for themselves in it; arrays are lists, or the names of files that `read` reads. `dtype` is that of y,
 * which methods follow: float64 where it is left out, unless y is a tensor in float32.
 *
 * ```json
 * { "prior": { "mixture": { "weights": [1, 2], "means": "means.npy", "covariances": 0.1 } },
 *   "schedule": "vp-linear", "operator": { "matrix": [[1, 0]] }, "noise": { "gaussian": 0.3 }, "y": [0.5] }
 * ```
 *
 * @throws {OptionError} naming the key, what was given and what fits. Before any of it is worked with.
 * @example
 * ```ts
 * import { problemOfDescription } from '@tweedie/calibration'
 * const { prior, problem } = await problemOfDescription({
 *   prior: { gaussian: { mean: [1, 0], covariance: 0.5 } },
 *   operator: { matrix: [[1, 1]] },
 *   noise: 0.1,
 *   y: [2],
 * })
 * prior.shape // => [2]
 * problem.y.shape // => [1, 1]
 * ```
 */
export async function problemOfDescription(
  description: unknown,
  read: ReadArray = (file, place) => {
    throw new OptionError(place, `'${file}' names a file, and none can be read here; give the numbers`)
  },
): Promise<OwnProblem> {
  const given = fieldsOf('', description, {
    required: ['prior', 'operator', 'noise', 'y'],
    optional: ['schedule', 'shape', 'dtype'],
  })
  const { prior: asked, operator: seen, noise: law, y: measured } = given
  if (isPrior(asked) && (given['schedule'] !== undefined || given['shape'] !== undefined))
    throw new OptionError(
      given['shape'] === undefined ? 'schedule' : 'shape',
      `the prior '${asked.name}' has one of its own; leave it out`,
    )
  const noise = isNoise(law) ? law : await noiseOfDescription(law)
  const schedule = await scheduleOfDescription(given['schedule'])
  const shape = shapeOfDescription(given['shape'])
  const dtype = dtypeOfDescription(given['dtype'])
  const prior = isPrior(asked) ? asked : await priorOfDescription(asked, schedule, shape, read)
  const sample = pictureShape(prior)
  const operator = isOperator(seen) ? seen : await operatorOfDescription(seen, sample, read)
  if (!sameShape(operator.inShape, sample))
    throw new OptionError(
      'operator',
      `measures samples [${operator.inShape.join(', ')}], and those of the prior are [${sample.join(', ')}]`,
    )
  const y = await measurementOf(measured, operator, dtype, read)
  return { prior, problem: { operator, noise, y } }
}
