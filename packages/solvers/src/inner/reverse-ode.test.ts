import { jacobian } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, memory, normal, OptionError, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { noiseStreams } from '../run/index.ts'
import { noiseLevel, ve, vpLinear } from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import { reverseOde, reverseSde, reverseTimes } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())

/** VP with ᾱ = e^{−t}: α = e^{−t/2}, without discrete steps. */
const smooth = {
  name: 'vp-smooth',
  clean: 0,
  noisiest: 8,
  alpha: (t: number) => Math.exp(-t / 2),
  sigma: (t: number) => Math.sqrt(-Math.expm1(-t)),
  slopes: (t: number) => ({
    alpha: -Math.exp(-t / 2) / 2,
    sigma: Math.exp(-t) / (2 * Math.sqrt(-Math.expm1(-t))),
  }),
  timeOfNoiseLevel: (level: number) => Math.log1p(level ** 2),
}
const mean = [0.7, -1.2]
const variances = [0.5, 2]
const gaussian = (schedule: Schedule) => gaussianPrior({ mean, covariance: variances, schedule })
const xt = tensor(
  [
    [3, -4],
    [0.2, 5],
  ],
  float64,
)

/** The flow of N(μ, v) in u = x/α: (u − μ)·√(v/(v + s²)) + μ. */
const exact = (schedule: Schedule, t: number) =>
  values(xt).map((x, i) => {
    const [m, v] = [mean[i % 2]!, variances[i % 2]!]
    const u = x / schedule.alpha(t)
    return m + (u - m) * Math.sqrt(v / (v + noiseLevel(schedule, t) ** 2))
  })

/** The slope of log error against log(1/n) by least squares. */
function order(errors: readonly number[], counts: readonly number[]): number {
  const [xs, ys] = [counts.map((n) => -Math.log(n)), errors.map(Math.log)]
  const average = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / v.length
  const [mx, my] = [average(xs), average(ys)]
  return average(xs.map((x, i) => (x - mx) * (ys[i]! - my))) / average(xs.map((x) => (x - mx) ** 2))
}

describe('reverseOde', () => {
  test.each([
    ['ve', ve(), 2.5],
    ['vp', smooth, 1.9],
  ] as const)(
    'on a Gaussian under %s: Euler of order 1, Heun of order 2, on every grid',
    (_, schedule, t) => {
      const prior = gaussian(schedule)
      for (const exponent of [1, 3, 7]) {
        const counts = [40, 80, 160, 320]
        const slopes = (['euler', 'heun'] as const).map((solver) =>
          order(
            counts.map((steps) => {
              const got = values(reverseOde(prior, xt, t, { steps, solver, exponent }))
              return Math.hypot(...got.map((v, i) => v - exact(schedule, t)[i]!))
            }),
            counts,
          ),
        )
        expect(Math.abs(slopes[0]! - 1)).toBeLessThan(0.05)
        expect(Math.abs(slopes[1]! - 2)).toBeLessThan(0.1)
      }
    },
  )

  test('the steps, written out in u = x/α and s = σ/α, on a schedule of discrete steps', () => {
    const schedule = vpLinear()
    const prior = gaussian(schedule)
    const t = 700
    const times = reverseTimes(schedule, t, 5)
    const levels = times.map((time) => noiseLevel(schedule, time))
    const D = (u: number, s: number, i: number) => {
      const [m, v] = [mean[i % 2]!, variances[i % 2]!]
      return m + (v / (v + s * s)) * (u - m)
    }
    for (const solver of ['euler', 'heun'] as const) {
      const expected = values(xt).map((x, i) => {
        let u = x / schedule.alpha(t)
        levels.slice(0, -1).forEach((s, j) => {
          const next = levels[j + 1]!
          const slope = (u - D(u, s, i)) / s
          const end = u + (next - s) * slope
          u = solver === 'euler' ? end : u + ((next - s) * (slope + (end - D(end, next, i)) / next)) / 2
        })
        return D(u, levels.at(-1)!, i)
      })
      values(reverseOde(prior, xt, t, { steps: 5, solver })).forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i]!, 11)
      })
    }
  })

  test('costs n evaluations by Euler, 2n − 1 by Heun, none of them at the clean end; one step is E[x₀ | x_t]', () => {
    const times: number[] = []
    const inner = gaussian(ve())
    const prior: Prior = {
      ...inner,
      denoise: (x, t) => {
        times.push(t)
        return inner.denoise(x, t)
      },
    }
    for (const [solver, count] of [
      ['euler', 6],
      ['heun', 11],
    ] as const) {
      times.splice(0)
      reverseOde(prior, xt, 2, { steps: 6, solver })
      expect(times.length).toBe(count)
      expect(Math.min(...times)).toBeGreaterThan(0)
      expect(values(reverseOde(prior, xt, 2, { steps: 1, solver }))).toEqual(values(inner.denoise(xt, 2)))
    }
  })

  test('a batch equals its samples alone, in float32 too', () => {
    const prior = gaussianMixturePrior({
      weights: [1, 2],
      means: [
        [-1, 0],
        [1, 1],
      ],
      covariances: 0.2,
    })
    for (const dtype of ['float32', 'float64'] as const) {
      const x = normal(randomKey(3), [4, 2], { dtype })
      const options = { steps: 5, solver: 'heun' } as const
      const whole = reverseOde(prior, x, 500, options)
      expect(whole.dtype).toBe(dtype)
      const singles = [0, 1, 2, 3].map((i) => reverseOde(prior, x.slice([i, i + 1]), 500, options))
      expect(values(concat(singles))).toEqual(values(whole))
    }
  })

  test('differentiable: on a Gaussian the Jacobian is that of the scaling, near the exact √', () => {
    const prior = gaussian(smooth)
    const t = 1.9
    const flow = (x: Tensor) => reverseOde(prior, x, t, { steps: 160, solver: 'heun' })
    const J = values(jacobian(flow)(xt.slice([0, 1])).reshape([2, 2]))
    const scale = variances.map((v) => Math.sqrt(v / (v + noiseLevel(smooth, t) ** 2)) / smooth.alpha(t))
    for (const [i, entry] of [scale[0]!, 0, 0, scale[1]!].entries()) expect(J[i]).toBeCloseTo(entry, 3)
    const moved = flow(
      xt.add(
        tensor(
          [
            [1e-3, 0],
            [0, 0],
          ],
          float64,
        ),
      ),
    ).sub(flow(xt))
    expect(values(moved)[0]! / 1e-3).toBeCloseTo(J[0]!, 9)
  })

  test('leaves one tensor behind', () => {
    const prior = gaussian(ve())
    reverseOde(prior, xt, 2, { steps: 3, solver: 'heun' }).dispose() // makes the constants, which stay
    const before = memory().tensors
    reverseOde(prior, xt, 2, { steps: 3, solver: 'heun' }).dispose()
    expect(memory().tensors).toBe(before)
    expect(xt.isDisposed).toBe(false)
  })

  test('errors', () => {
    const prior = gaussian(ve())
    expect(() => reverseOde(prior, xt, 2, { steps: 0 })).toThrow(/steps/)
    expect(() => reverseOde(prior, xt, 2, { steps: 2, exponent: 0.5 })).toThrow(/exponent/)
    expect(() => reverseOde(prior, xt, 0, { steps: 2 })).toThrow(/clean end/)
    // Where nothing is left of x₀ there is no level to start from.
    const lost = { ...smooth, alpha: () => 0 }
    expect(() => reverseTimes(lost, 1, 3)).toThrow(/finite noise level, got Infinity at t = 1/)
    expect(() => reverseOde(prior, tensor([1, 2]), 2, { steps: 2 })).toThrow(ShapeError)
    const misspelt: string = 'rk4'
    expect(() => reverseOde(prior, xt, 2, { steps: 2, solver: misspelt as 'heun' })).toThrow(OptionError)
  })
})

describe('reverseSde', () => {
  const [m, v] = [0.7, 0.5]
  const start = 3
  /** The law of n ancestral steps from x = 3 on N(m, v), which are linear: its mean and variance. */
  const law = (schedule: Schedule, t: number, n: number, exponent: number, variance = 'small') => {
    let [at, spread] = [start, 0]
    const times = reverseTimes(schedule, t, n, exponent)
    times.forEach((from, k) => {
      const [a, s] = [schedule.alpha(from), schedule.sigma(from)]
      const gain = (a * v) / (a * a * v + s * s)
      const denoised = m + gain * (at - a * m)
      const to = times[k + 1]
      if (to === undefined) {
        at = denoised
        spread *= gain ** 2
        return
      }
      // q(x_s | x_t, x₀) by the precisions of x_s | x₀ and x_t | x_s.
      const ratio = a / schedule.alpha(to)
      const step = s ** 2 - (ratio * schedule.sigma(to)) ** 2
      const precision = 1 / schedule.sigma(to) ** 2 + ratio ** 2 / step
      const [onX0, onX] = [schedule.alpha(to) / schedule.sigma(to) ** 2 / precision, ratio / step / precision]
      spread = (onX0 * gain + onX) ** 2 * spread + (variance === 'small' ? 1 / precision : step)
      at = onX0 * denoised + onX * at
    })
    return { mean: at, variance: spread }
  }

  test.each([
    ['ve', ve(), 2.5],
    ['vp', smooth, 1.9],
  ] as const)(
    'on a Gaussian under %s its law is that of ancestral steps, which reach p(x₀ | x_t)',
    (_, schedule, t) => {
      const prior = gaussianPrior({ mean: [m], covariance: v, schedule })
      const N = 3000
      const x = tensor([[start]], float64).broadcastTo([N, 1])
      const { keysOf } = noiseStreams({ seed: 4, count: N })
      for (const [steps, exponent, by] of [
        [6, 7, 'small'],
        [10, 2, 'small'],
        [6, 7, 'large'],
      ] as const) {
        const got = values(
          reverseSde(prior, x, t, {
            steps,
            exponent,
            ...(by === 'large' && { variance: by }),
            keys: keysOf(0, 'prior'),
          }),
        )
        const { mean, variance } = law(schedule, t, steps, exponent, by)
        const average = got.reduce((a, b) => a + b, 0) / N
        const spread = got.reduce((a, b) => a + (b - mean) ** 2, 0) / N
        expect(Math.abs(average - mean)).toBeLessThan(6 * Math.sqrt(variance / N))
        expect(Math.abs(spread - variance)).toBeLessThan(6 * variance * Math.sqrt(2 / N))
      }
      const posterior = prior.given([start], t)
      const counts = [80, 160, 320]
      const laws = counts.map((n) => law(schedule, t, n, 7))
      // On a Gaussian the mean is exact at any n; the variance errs by O(1/n).
      for (const one of laws) expect(one.mean).toBeCloseTo(posterior.mean()[0]!, 11)
      const off = laws.map((one) => Math.abs(one.variance - posterior.covariance().get(0, 0)))
      expect(Math.abs(order(off, counts) - 1)).toBeLessThan(0.1)
    },
  )

  test('where the prior is much wider than the noise, the large variances add up, the small ones to 1 − 15/n of it', () => {
    const s = 0.01
    const exact = (v * s ** 2) / (v + s ** 2)
    const off = (n: number, by: string) => law(ve(), s, n, 7, by).variance / exact - 1
    for (const n of [30, 100, 400]) expect(Math.abs(off(n, 'large'))).toBeLessThan(2e-3 / n)
    expect(off(400, 'small') * 400).toBeCloseTo(-196 / 13, 0)
    // And the other way round where it is much narrower.
    const wide = (by: string) => (law(ve(), 50, 40, 7, by).variance * (v + 50 ** 2)) / (v * 50 ** 2) - 1
    expect(Math.abs(wide('small'))).toBeLessThan(Math.abs(wide('large')))
  })

  test('a batch equals its samples alone; one step is E[x₀ | x_t]', () => {
    const prior = gaussian(vpLinear())
    for (const dtype of ['float32', 'float64'] as const) {
      const x = normal(randomKey(3), [3, 2], { dtype })
      const keys = (firstSample: number, count: number) =>
        noiseStreams({ seed: 4, firstSample, count }).keysOf(2, 'prior')
      const whole = reverseSde(prior, x, 400, { steps: 5, keys: keys(0, 3) })
      expect(whole.dtype).toBe(dtype)
      const singles = [0, 1, 2].map((i) =>
        reverseSde(prior, x.slice([i, i + 1]), 400, { steps: 5, keys: keys(i, 1) }),
      )
      expect(values(concat(singles))).toEqual(values(whole))
      const one = reverseSde(prior, x, 400, { steps: 1, keys: keys(0, 3) })
      expect(values(one)).toEqual(values(prior.denoise(x, 400)))
    }
  })

  test('errors', () => {
    const keys = [randomKey(1)]
    const prior = gaussian(ve())
    expect(() => reverseSde(prior, xt, 2, { steps: 2, keys })).toThrow(/one key per sample, got 1/)
    expect(() => reverseSde(prior, tensor([[1]]), 2, { steps: 2, keys })).toThrow(ShapeError)
    expect(() => reverseSde(prior, xt, 2, { steps: 0, keys: [...keys, ...keys] })).toThrow(/steps/)
  })
})

describe('reverseTimes', () => {
  test('without discrete steps: to the clean end, evenly in the root of the level', () => {
    const times = reverseTimes(ve(), 16, 4, 2)
    for (const [i, t] of [16, 9, 4, 1].entries()) expect(times[i]).toBeCloseTo(t, 12)
    expect(reverseTimes(ve(), 16, 4, 1)).toEqual([16, 12, 8, 4])
  })

  test("with discrete steps: EDM's equation 5 down to the level of index 0", () => {
    const schedule = vpLinear()
    const [high, low] = [noiseLevel(schedule, 600), noiseLevel(schedule, 0)]
    const levels = reverseTimes(schedule, 600, 6).map((t) => noiseLevel(schedule, t))
    levels.forEach((level, i) => {
      const root = high ** (1 / 7) + (i / 5) * (low ** (1 / 7) - high ** (1 / 7))
      expect(level / root ** 7).toBeCloseTo(1, 9)
    })
    const times = reverseTimes(schedule, 600, 6)
    expect(times[0]).toBe(600)
    expect(times.at(-1)).toBe(0)
    for (const t of [0, -0.5]) expect(reverseTimes(schedule, t, 5)).toEqual([t])
    expect(reverseTimes(schedule, 600, 1)).toEqual([600])
  })
})
