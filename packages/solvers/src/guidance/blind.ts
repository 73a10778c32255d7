import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, ShapeError, sameShape, sizeOf } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { gaussianMixturePrior } from '../priors/exact/exact-prior.ts'
import { withSchedule } from '../priors/with-schedule.ts'
import type { Blind, Prior, Schedule } from '../types.ts'

/** Whether a value is a prior. */
export const isPrior = (value: unknown): value is Prior =>
  typeof value === 'object' && value !== null && 'denoise' in value && 'schedule' in value

/**
 * A prior on the unknown of a measurement, over pictures of it (`Blind.decode`), on a schedule: the given one, or a
 * mixture of Gaussians of standard deviation `spread` around the examples that the operator knows.
 *
 * @throws {ShapeError} where the given one has another number of elements.
 */
export function priorOnUnknown(
  blind: Blind,
  schedule: Schedule,
  { prior, spread }: { prior?: Prior | undefined; spread: number },
): Prior {
  const { shape, examples } = blind
  if (prior === undefined)
    return gaussianMixturePrior({
      weights: examples.map(() => 1),
      means: examples,
      covariances: spread ** 2,
      shape,
      schedule,
    })
  if (sizeOf(prior.shape) !== sizeOf(shape))
    throw new ShapeError('priorOnUnknown', `'${prior.name}' must be over the ${blind.parameter}`, [
      prior.shape,
      shape,
    ])
  const on = prior.schedule === schedule ? prior : withSchedule(prior, schedule)
  const denoise: Prior['denoise'] = (x, t) =>
    on.denoise(x.reshape([batchOf(x), ...prior.shape]), t).reshape(x.shape)
  return { ...on, shape, denoise }
}

/** A φ of the caller's as a batch [1, …shape] that meets y. @throws {OptionError} for another shape. */
export function oneParameter(blind: Blind, name: string, given: Tensor | Float64Array, y: Tensor): Tensor {
  const like = { dtype: y.dtype, device: y.device }
  if (given instanceof Float64Array) return fromData(given, [1, ...blind.shape], like)
  if (sameShape(given.shape, blind.shape)) return fromData(given.dataSync(), [1, ...blind.shape], like)
  throw new OptionError(name, `must be a tensor [${blind.shape.join(', ')}], got [${given.shape.join(', ')}]`)
}

/** φ of a picture, with the way back: v ↦ (∂φ/∂picture)ᵀv. */
export function decoded({ decode }: Blind, picture: Tensor) {
  const [phi, pullback] = vjp((p: Tensor) => decode(p), picture)
  return { phi, back: (v: Tensor) => pullback(v)[0] }
}
