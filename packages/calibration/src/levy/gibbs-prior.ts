import { customVjp } from '@tweedie/autograd'
import type { Prior, Schedule } from '@tweedie/solvers'
import { vpLinear } from '@tweedie/solvers'
import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, matmul, randomKey, scope } from '@tweedie/tensor'
import { streamOf } from '../posteriors/stream.ts'
import type { Increments } from './increments.ts'
import { walkChain } from './walk.ts'

/** Options of {@link gibbsPrior}. */
export interface GibbsPriorOptions {
  readonly increments: Increments
  /** d, length of a signal. */
  readonly length: number
  /** Sweeps before and while states are kept; 100 and 300 where left out. */
  readonly burnIn?: number
  readonly states?: number
  readonly seed?: number
  readonly schedule?: Schedule
}

/**
 * The prior of Lévy signals by its Gibbs denoiser (arXiv 2509.12821): E[x₀ | x_t] is the mean of a chain on x₀ given
 * x_t/α_t = x₀ + (σ_t/α_t)·ε, its Jacobian α_t/σ_t² times the chain's covariance. A chain's random numbers are those of x_t and
 * t: the same row of a batch has the same estimate in any batch, and rows that differ have errors that are independent.
 *
 * @throws {DeviceError} from `denoise`, on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { gibbsPrior, increments } from '@tweedie/calibration'
 * import { tensor } from '@tweedie/tensor'
 * const laplace = increments[1]!
 * const prior = gibbsPrior({ increments: laplace, length: 3 })
 * const x = prior.denoise(tensor([[0.5, 4, 4.2]], { dtype: 'float64' }), 10).dataSync()
 * Math.abs(x[1]! - 4) < 0.2 // => true
 * ```
 */
export function gibbsPrior(options: GibbsPriorOptions): Prior {
  const { increments, length, burnIn = 100, states = 300, seed = 0, schedule = vpLinear() } = options
  const key = randomKey(seed).fold('gibbs prior')
  return {
    name: `levy-${increments.name}`,
    shape: [length],
    schedule,
    denoise: (xt, t) => {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      if (sigma === 0) return xt.div(alpha)
      const atTime = key.fold(`t=${t}`)
      let kept: readonly Float64Array[] = []
      const mean = (x: Tensor): Tensor => {
        const values = Float64Array.from(x.dataSync(), Number)
        const out = new Float64Array(values.length)
        kept = Array.from({ length: values.length / length }, (_, row) => {
          const own = values.subarray(row * length, (row + 1) * length)
          const y = own.map((value) => value / alpha)
          const chain = walkChain(y, sigma / alpha, increments, streamOf(keyOf(atTime, own)))
          const found = statesOf(chain, burnIn, states, length)
          out.set(meanOf(found, length), row * length)
          return found
        })
        return fromData(out, x.shape, { dtype: x.dtype, device: x.device })
      }
      const rule = (_: unknown, cotangent: Tensor): [Tensor] => {
        const { dtype, device, shape } = cotangent
        const gain = alpha / sigma ** 2
        const spread = Float64Array.from(
          kept.flatMap((found) => Array.from(covarianceOf(found, length), (c) => c * gain)),
        )
        return [
          scope(() =>
            matmul(
              cotangent.reshape([kept.length, 1, length]),
              fromData(spread, [kept.length, length, length], { dtype, device }),
            ).reshape(shape),
          ),
        ]
      }
      return customVjp(mean, rule)(xt)
    },
  }
}

const words = new Uint32Array(2)
const double = new Float64Array(words.buffer)

/** A key of the bits of numbers (FNV-1a). */
function keyOf(key: Key, values: Float64Array): Key {
  let hash = 0x811c9dc5
  for (const value of values) {
    double[0] = value
    for (const word of words)
      for (let shift = 0; shift < 32; shift += 8)
        hash = Math.imul(hash ^ ((word >>> shift) & 0xff), 0x01000193)
  }
  return key.fold(hash >>> 0)
}

/** States of a chain, one after the other, after a burn-in. */
export function statesOf(
  chain: { sweep(): Float64Array },
  burnIn: number,
  states: number,
  length: number,
): Float64Array {
  for (let i = 0; i < burnIn; i++) chain.sweep()
  const out = new Float64Array(states * length)
  for (let i = 0; i < states; i++) out.set(chain.sweep(), i * length)
  return out
}

/** The mean of points that follow each other. */
export function meanOf(points: Float64Array, d: number): Float64Array {
  const mean = new Float64Array(d)
  const count = points.length / d
  for (let from = 0; from < points.length; from += d)
    for (let i = 0; i < d; i++) mean[i] = (mean[i] ?? 0) + (points[from + i] ?? 0) / count
  return mean
}

/** Their covariance, d×d by rows. */
export function covarianceOf(points: Float64Array, d: number): Float64Array {
  const mean = meanOf(points, d)
  const count = points.length / d
  const out = new Float64Array(d * d)
  const c = new Float64Array(d)
  for (let from = 0; from < points.length; from += d) {
    for (let i = 0; i < d; i++) c[i] = (points[from + i] ?? 0) - (mean[i] ?? 0)
    for (let i = 0; i < d; i++) {
      const ci = (c[i] ?? 0) / count
      for (let j = 0; j <= i; j++) out[i * d + j] = (out[i * d + j] ?? 0) + ci * (c[j] ?? 0)
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) out[j * d + i] = out[i * d + j] ?? 0
  return out
}
