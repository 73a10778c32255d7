import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, sameShape, sizeOf } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { gaussianMixturePrior } from '../priors/exact/exact-prior.ts'
import { withSchedule } from '../priors/with-schedule.ts'
import { ancestralReverse } from '../samplers/ancestral.ts'
import type { Blind, Prior, Schedule } from '../types.ts'

/** Whether a value is a prior. */
export const isPrior = (value: unknown): value is Prior =>
  typeof value === 'object' && value !== null && 'denoise' in value && 'schedule' in value

/** The last mixture of each operator: what it keeps on devices is made once, not for every run. */
const made = new WeakMap<
  Blind,
  { readonly schedule: Schedule; readonly spread: number; readonly prior: Prior }
>()

function aroundExamples(blind: Blind, schedule: Schedule, spread: number): Prior {
  const last = made.get(blind)
  if (last?.schedule === schedule && last.spread === spread) return last.prior
  const { examples, shape } = blind
  const weights = examples.map(() => 1)
  const prior = gaussianMixturePrior({ weights, means: examples, covariances: spread ** 2, shape, schedule })
  made.set(blind, { schedule, spread, prior })
  return prior
}

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
  const { shape } = blind
  if (prior === undefined) return aroundExamples(blind, schedule, spread)
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

/** Reverse steps of the unknown as those of the picture, but by β̃ where only the picture's network learned its variance. */
export function reverseOfUnknown(
  kernels: Prior,
  { variance, eta }: Parameters<typeof ancestralReverse>[1],
): ReturnType<typeof ancestralReverse> {
  const learned = variance !== 'learned-range' || kernels.pipeline?.variance === variance
  return ancestralReverse(kernels, {
    variance: learned ? variance : 'small',
    ...(eta !== undefined && { eta }),
  })
}

/**
 * A φ of the caller's on the host, where there is one.
 * @throws {OptionError} for another shape.
 */
export function hostParameter(
  { shape }: Blind,
  name: string,
  given: Tensor | undefined,
): Float64Array | undefined {
  if (given === undefined) return undefined
  if (sameShape(given.shape, shape)) return Float64Array.from(given.dataSync())
  throw new OptionError(name, `must be a tensor [${shape.join(', ')}], got [${given.shape.join(', ')}]`)
}

/** φ of a picture, with the way back: v ↦ (∂φ/∂picture)ᵀv. */
export function decoded({ decode }: Blind, picture: Tensor) {
  const [phi, pullback] = vjp((p: Tensor) => decode(p), picture)
  return { phi, back: (v: Tensor) => pullback(v)[0] }
}
