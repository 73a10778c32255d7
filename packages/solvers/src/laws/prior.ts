import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, scope, zeros } from '@tweedie/tensor'
import { respace } from '../schedules/respace.ts'
import type { Prior, Time } from '../types.ts'
import type { Law } from './law.ts'
import { dot, must, mustBeClose, mustEqual, mustThrow, norm } from './law.ts'

/** Options of {@link priorLaws}. */
export interface PriorLawOptions {
  /** Seed of the random x; default 0. */
  readonly seed?: number
  /** Element type that the prior computes in; default float32. */
  readonly dtype?: 'float32' | 'float64'
}

/**
 * What every prior has to hold to: {@link Law}s for a test runner.
 *
 * @param prior - Evaluated about 40 times, on up to three samples.
 * @example
 * ```ts
 * import { gaussianPrior } from '@tweedie/solvers'
 * import { priorLaws } from '@tweedie/solvers/laws'
 * const prior = gaussianPrior({ mean: [1, 0], covariance: [[1, 0.5], [0.5, 1]] })
 * for (const { holds } of priorLaws(prior, { dtype: 'float64' })) await holds()
 * ```
 */
export function priorLaws(prior: Prior, { seed = 0, dtype = 'float32' }: PriorLawOptions = {}): Law[] {
  const { schedule, shape } = prior
  const times = respace(schedule, 5, 'linspace').map(({ t }) => t)
  const rounding = dtype === 'float64' ? 1e-9 : 1e-3
  /** x_t for x₀ of N(0, I/4), which lies in the range of data. */
  const noised = (t: Time, n: number) =>
    normal(
      Array.from({ length: n }, (_, i) => randomKey(seed).fold(i)),
      shape,
      { dtype },
    ).mul(Math.hypot(schedule.alpha(t) / 2, schedule.sigma(t)))

  const laws: Record<string, () => void> = {
    'E[x₀ | x_t] has the shape and element type of x_t and is finite, at every noise level': () => {
      for (const t of times) {
        const x0hat = prior.denoise(noised(t, 2), t)
        mustEqual(x0hat.shape, [2, ...shape], `shape at t = ${t}`)
        must(x0hat.dtype === dtype, `x̂₀ is ${x0hat.dtype} for an x_t of ${dtype}`)
        must(x0hat.dataSync().every(Number.isFinite), `x̂₀ is not finite at t = ${t}`)
      }
    },
    'a batch equals its samples one by one': () => {
      for (const t of times) {
        const x = noised(t, 3)
        const all = prior.denoise(x, t)
        for (let i = 0; i < 3; i++) {
          const single = prior.denoise(x.slice([i, i + 1]), t).dataSync()
          const bound = rounding * (1 + norm(all))
          mustBeClose(single, all.slice([i, i + 1]).dataSync(), bound, `sample ${i} at t = ${t}`)
        }
      }
    },
    'the same x_t gives the same x̂₀': () => {
      const t = schedule.noisiest
      const x = noised(t, 2)
      mustEqual(prior.denoise(x, t).dataSync(), prior.denoise(x, t).dataSync(), 'a second time')
    },
    'depends on x_t': () => {
      const t = times[2] ?? schedule.noisiest
      const x = noised(t, 1)
      const moved = prior.denoise(x.add(schedule.sigma(t)), t).sub(prior.denoise(x, t))
      must(norm(moved) > 0, `x̂₀ is the same for two x_t at t = ${t}`)
    },
    'has gradients: the VJP agrees with differences': () => {
      const t = times[2] ?? schedule.noisiest
      const [x, v] = [noised(t, 1), normal(randomKey(seed).fold('v'), [1, ...shape], { dtype })]
      const [x0hat, pullback] = vjp((xt: Tensor) => prior.denoise(xt, t), x)
      const u = normal(randomKey(seed).fold('u'), [1, ...shape], { dtype })
      const gradient = pullback(u)[0]
      const slope = dot(gradient, v)
      const steps = dtype === 'float64' ? [1e-3, 1e-4, 1e-5] : [0.1, 0.03, 0.01, 0.003]
      const off = steps.map((step) => {
        const h = step * schedule.sigma(t)
        const [ahead, behind] = [prior.denoise(x.add(v.mul(h)), t), prior.denoise(x.sub(v.mul(h)), t)]
        return Math.abs(dot(ahead.sub(behind), u) / (2 * h) - slope)
      })
      const scale = Math.abs(slope) + (norm(x0hat) * norm(u)) / Math.max(norm(x), 1e-30) + norm(gradient)
      const part = Math.min(...off) / scale
      must(part <= (dtype === 'float64' ? 1e-4 : 0.1), `⟨Jᵀu, v⟩ = ${slope} is off by ${part} of its size`)
    },
    'frees what it does not return, and keeps its input': () => {
      const t = schedule.noisiest
      const x = noised(t, 1)
      prior.denoise(x, t).dispose() // makes its constants, which stay
      const before = memory().tensors
      const x0hat = prior.denoise(x, t)
      must(memory().tensors === before + 1, `leaves ${memory().tensors - before} tensors, should leave 1`)
      must(x0hat !== x && !x.isDisposed, 'x̂₀ must be a new tensor, and x_t stay valid')
    },
    'refuses inputs of another shape': () =>
      mustThrow(
        () => prior.denoise(zeros([1, ...shape.slice(1), (shape[0] ?? 1) + 1], { dtype }), schedule.noisiest),
        'ShapeError',
        '',
        'an x_t of another shape',
      ),
    'its schedule goes from clean data to noise': () => {
      const { clean, noisiest, alpha, sigma, timeOfNoiseLevel } = schedule
      must(
        alpha(clean) === 1 && sigma(clean) === 0,
        `α, σ at the clean end are ${alpha(clean)}, ${sigma(clean)}`,
      )
      const levels = [clean, ...times.toReversed()].map((t) => sigma(t) / alpha(t))
      must(
        levels.every((level, i) => i === 0 || level > (levels[i - 1] ?? 0)),
        `σ/α must rise with the noise: ${levels.join(', ')}`,
      )
      const back = timeOfNoiseLevel.call(schedule, sigma(noisiest) / alpha(noisiest))
      must(
        Math.abs(back - noisiest) <= 1e-6 * Math.abs(noisiest - clean),
        `timeOfNoiseLevel gives ${back} for ${noisiest}`,
      )
    },
  }
  return Object.entries(laws).map(([name, check]) => ({ name, holds: async () => scope(check) }))
}
