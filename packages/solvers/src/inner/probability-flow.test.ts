import type { Tensor } from '@tweedie/tensor'
import {
  erf,
  fromData,
  memory,
  NonFiniteError,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  scope,
  tensor,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { flow, noiseLevel, ve, vpContinuous, vpLinear } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { ProbabilityFlowOptions } from './index.ts'
import { flowEvaluations, flowLogDensity, flowLogDensityGradient, noiseRange, tableaus } from './index.ts'

const float64 = { dtype: 'float64' } as const
const schedules: readonly Schedule[] = [vpLinear(), ve({ sigmaMax: 30 }), flow()]
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())
const near = (actual: readonly number[], wanted: readonly number[], within: number) => {
  expect(actual.length).toBe(wanted.length)
  actual.forEach((v, i) => expect(Math.abs(v - wanted[i]!)).toBeLessThan(within))
}

/**
 * What the ODE makes of N(0, I) where the data are N(m, v) in each of independent directions: u_T − m = (u₀ − m)·√((v + S²)/(v + s²)),
 * and N(0, 1 + S²) at its end. Value and derivative of log p_θ(u₀).
 */
function gaussianFlow(u: number, m: number, v: number, { low: s, high: S }: { low: number; high: number }) {
  const stretch = Math.sqrt((v + S * S) / (v + s * s))
  const end = m + (u - m) * stretch
  const variance = 1 + S * S
  const value = -0.5 * (end ** 2 / variance + Math.log(2 * Math.PI * variance)) + Math.log(stretch)
  return { value, slope: (-end / variance) * stretch }
}

// Σ = R·diag(1.5, 0.25)·Rᵀ, R a turn by 30°.
const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)]
const [v1, v2] = [1.5, 0.25]
const covariance = [
  [v1 * c * c + v2 * s * s, (v1 - v2) * c * s],
  [(v1 - v2) * c * s, v1 * s * s + v2 * c * c],
]
const mean = [0.4, -0.3]
const points = [
  [0.3, -0.2],
  [1.5, -0.7],
  [-2, 1],
]
const x = tensor(points, float64)

describe.each(schedules)('on a Gaussian under $name', (schedule) => {
  const prior = gaussianPrior({ mean, covariance, schedule })
  const tight = { rtol: 1e-8, atol: 1e-8, sigmaMin: 2e-3, together: true }
  const range = noiseRange(schedule, tight.sigmaMin)
  const closed = (range: { low: number; high: number }) =>
    points.map(([a = 0, b = 0]) => {
      const turn = (p: number, q: number) => [c * p + s * q, -s * p + c * q] as const
      const [u, m] = [turn(a, b), turn(mean[0]!, mean[1]!)]
      const [first, second] = [gaussianFlow(u[0], m[0], v1, range), gaussianFlow(u[1], m[1], v2, range)]
      const gradient = [c * first.slope - s * second.slope, s * first.slope + c * second.slope]
      return { value: first.value + second.value, gradient }
    })

  it('is the closed form to 1e-6', () => {
    near(
      numbers(flowLogDensity(prior, x, tight).logDensity),
      closed(range).map(({ value }) => value),
      1e-6,
    )
  })

  it('is so to 1e-3 by default', () => {
    const values = closed(noiseRange(schedule, 0.01)).map(({ value }) => value)
    near(numbers(flowLogDensity(prior, x).logDensity), values, 1e-3)
  })

  it('its gradient is that of the closed form', () => {
    const found = flowLogDensityGradient(prior, x, tight)
    near(
      numbers(found.gradient),
      closed(range).flatMap(({ gradient }) => gradient),
      2e-6,
    )
    near(
      numbers(found.logDensity),
      closed(range).map(({ value }) => value),
      1e-6,
    )
  })
})

describe('on a mixture', () => {
  const Phi = (z: number) => 0.5 + 0.5 * erf(tensor(z / Math.SQRT2, float64)).dataSync()[0]!
  const mixture = [
    [0.4, -1, 0.3],
    [0.6, 0.8, 0.1],
  ] as const
  const law = (u: number, level: number) => {
    const parts = mixture.map(([w, m, v]) => [w, m, Math.sqrt(v + level ** 2)] as const)
    return {
      below: parts.reduce((sum, [w, m, d]) => sum + w * Phi((u - m) / d), 0),
      density: parts.reduce(
        (sum, [w, m, d]) => sum + (w * Math.exp(-0.5 * ((u - m) / d) ** 2)) / (d * Math.sqrt(2 * Math.PI)),
        0,
      ),
    }
  }
  const prior = (schedule: Schedule) =>
    gaussianMixturePrior({
      weights: [0.4, 0.6],
      means: [[-1], [0.8]],
      covariances: { each: [0.3, 0.1] },
      schedule,
    })
  const at = [-1.7, -0.4, 0.1, 0.9]

  it('is what the transport of quantiles says', () => {
    const schedule = vpContinuous()
    // In one dimension the ODE keeps quantiles: F_T(u_T) = F₀(u₀), and p_θ = π(u_T)·∂u_T/∂u₀.
    const options = { rtol: 1e-8, atol: 1e-8, sigmaMin: 1e-3, together: true }
    const { low, high } = noiseRange(schedule, options.sigmaMin)
    const wanted = at.map((u) => {
      const { below, density } = law(u, low)
      let [least, most] = [-10 * high - 10, 10 * high + 10]
      for (let k = 0; k < 80; k++) {
        const middle = (least + most) / 2
        if (law(middle, high).below < below) least = middle
        else most = middle
      }
      const variance = 1 + high ** 2
      const logPi = -0.5 * (least ** 2 / variance + Math.log(2 * Math.PI * variance))
      return logPi + Math.log(density / law(least, high).density)
    })
    const given = fromData(Float64Array.from(at), [4, 1], float64)
    const found = numbers(flowLogDensity(prior(schedule), given, options).logDensity)
    near(found, wanted, 1e-6)
  })

  it('is p(x₀) to 1e-3', () => {
    // σ₀ = 1e-3 is left out, about ½·10⁻⁶·(curvature + slope²), and 1/2000² of what w_T has over N(0, 1).
    const exact = prior(ve({ sigmaMax: 2000 }))
    const given = fromData(Float64Array.from(at), [4, 1], float64)
    const options = { rtol: 1e-6, atol: 1e-6, sigmaMin: 1e-3, together: true }
    near(
      numbers(flowLogDensity(exact, given, options).logDensity),
      at.map((u) => exact.law.logDensity([u])),
      1e-3,
    )
  })
})

describe('the gradient', () => {
  const prior = gaussianMixturePrior({
    weights: [1, 2],
    means: [
      [-1, 0.5],
      [1, 0],
    ],
    covariances: { each: [0.3, covariance] },
  })
  const keys = [1, 2].map((i) => randomKey(i))
  const given = x.slice([0, 2])
  const cases: readonly ProbabilityFlowOptions[] = [
    { solver: 'rk4', steps: 4 },
    { solver: 'heun', steps: 5, trace: 'rademacher', probes: 2, keys },
    { solver: 'dormand-prince', steps: 2, trace: 'gaussian', probes: 1, keys },
    { solver: 'euler', steps: 1, trace: 'rademacher', keys },
  ]
  it.each(cases)('is the derivative of what was computed: $solver, $trace', (options) => {
    const { gradient, logDensity } = flowLogDensityGradient(prior, given, options)
    expect(numbers(logDensity)).toEqual(numbers(flowLogDensity(prior, given, options).logDensity))
    const d = 1e-5
    for (const j of [0, 1]) {
      const by = tensor([[j === 0 ? d : 0, j === 1 ? d : 0]], float64)
      const up = numbers(flowLogDensity(prior, given.add(by), options).logDensity)
      const down = numbers(flowLogDensity(prior, given.sub(by), options).logDensity)
      for (const i of [0, 1])
        expect(Math.abs(gradient.dataSync()[2 * i + j]! - (up[i]! - down[i]!) / (2 * d))).toBeLessThan(1e-7)
    }
  })
})

describe('a random trace', () => {
  const count = 400
  const prior = gaussianPrior({ mean, covariance })
  const many = fromData(
    Float64Array.from({ length: 2 * count }, (_, i) => points[0]![i % 2]!),
    [count, 2],
    float64,
  )
  const keys = Array.from({ length: count }, (_, i) => randomKey(900 + i))
  const options = { solver: 'heun', steps: 12, together: true } as const
  const exact = numbers(flowLogDensity(prior, x.slice([0, 1]), options).logDensity)[0]!

  it.each(['rademacher', 'gaussian'] as const)(
    'of %s probes is unbiased, and its variance falls as one over them',
    (trace) => {
      const spread = [1, 4].map((probes) => {
        const found = numbers(flowLogDensity(prior, many, { ...options, trace, probes, keys }).logDensity)
        const middle = found.reduce((a, b) => a + b) / count
        const variance = found.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (count - 1)
        // The ODE is linear here, and x does not depend on the probes: the mean is exact. 5 standard errors.
        expect(Math.abs(middle - exact)).toBeLessThan(5 * Math.sqrt(variance / count))
        expect(variance).toBeGreaterThan(1e-3)
        return variance
      })
      // A sample variance of 400 has a relative error of about √(2/400) = 0.07; of heavier tails than normal twice that.
      expect(spread[0]! / spread[1]!).toBeGreaterThan(2)
      expect(spread[0]! / spread[1]!).toBeLessThan(8)
    },
  )

  it('of signs is exact where the Jacobian is diagonal', () => {
    const apart = gaussianPrior({ mean, covariance: [1.5, 0.25] })
    const options = { solver: 'rk4', steps: 6 } as const
    near(
      numbers(
        flowLogDensity(apart, x.slice([0, 1]), { ...options, trace: 'rademacher', keys: [randomKey(5)] })
          .logDensity,
      ),
      numbers(flowLogDensity(apart, x.slice([0, 1]), options).logDensity),
      1e-12,
    )
  })
})

describe('the steps', () => {
  const prior = gaussianPrior({ mean, covariance, schedule: vpContinuous() })
  it.each(Object.entries(tableaus))('of %s leave an error of its order', (solver, { order }) => {
    const value = (steps: number, by: keyof typeof tableaus) =>
      scope(() => numbers(flowLogDensity(prior, x.slice([0, 1]), { solver: by, steps }).logDensity)[0]!)
    const exact = value(80, 'dormand-prince')
    const count = order > 2 ? 20 : 40
    const name = solver as keyof typeof tableaus
    const fitted = Math.log2(Math.abs(value(count, name) - exact) / Math.abs(value(2 * count, name) - exact))
    expect(Math.abs(fitted - order)).toBeLessThan(0.5)
  })

  it('are each sample’s own: a batch equals singles, bit for bit; together they are near', () => {
    const keys = [4, 5, 6].map((i) => randomKey(i))
    const options = { trace: 'gaussian', probes: 2, rtol: 1e-3 } as const
    const batch = flowLogDensityGradient(prior, x, { ...options, keys })
    points.forEach((_, i) => {
      const one = flowLogDensityGradient(prior, x.slice([i, i + 1]), {
        ...options,
        keys: keys.slice(i, i + 1),
      })
      expect(numbers(one.logDensity)).toEqual(numbers(batch.logDensity.slice([i, i + 1])))
      expect(numbers(one.gradient)).toEqual(numbers(batch.gradient.slice([i, i + 1])))
      expect(one.evaluations).toEqual([batch.evaluations[i]])
    })
    const together = flowLogDensityGradient(prior, x, { ...options, keys, together: true })
    near(numbers(together.logDensity), numbers(batch.logDensity), 0.1)
    expect(numbers(together.logDensity)).not.toEqual(numbers(batch.logDensity))
  })

  it('are counted, with and without a gradient', () => {
    for (const together of [true, false])
      for (const options of [{}, { solver: 'rk4', steps: 3 }, { solver: 'euler', steps: 1 }] as const) {
        const counted = countCalls(prior)
        const value = flowLogDensity(counted, x.slice([0, 2]), { ...options, together })
        const once = together ? value.evaluations[0]! : value.evaluations.reduce((a, b) => a + b)
        expect(counted.calls.total).toBe(once)
        const { evaluations } = flowLogDensityGradient(counted, x.slice([0, 2]), { ...options, together })
        const again = together ? evaluations[0]! : evaluations.reduce((a, b) => a + b)
        expect(counted.calls.total).toBe(once + again)
        if ('steps' in options)
          for (const [found, gradient] of [
            [value.evaluations, false],
            [evaluations, true],
          ] as const)
            expect(found[0]).toBe(flowEvaluations(options.solver ?? 'rk4', options.steps, gradient))
      }
  })

  it('leave nothing behind', () => {
    const one = x.slice([0, 1])
    flowLogDensityGradient(prior, one, { solver: 'euler', steps: 2 })
    const before = memory().tensors
    const { logDensity, gradient } = flowLogDensityGradient(prior, one, { rtol: 1e-2 })
    logDensity.dispose()
    gradient.dispose()
    flowLogDensity(prior, one, { rtol: 1e-2 }).logDensity.dispose()
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })
})

describe('a range of levels', () => {
  it('begins at index 0 of discrete steps and ends at a finite level', () => {
    expect(noiseRange(vpLinear(), 1e-4).low).toBe(noiseLevel(vpLinear(), 0))
    expect(noiseRange(vpLinear(), 0.5)).toEqual({ low: 0.5, high: noiseLevel(vpLinear(), 999) })
    expect(noiseRange(flow(), 1e-4)).toEqual({ low: 1e-4, high: 1000 })
    expect(() => noiseRange(ve(), 0)).toThrow(OptionError)
    expect(() => noiseRange(ve(), 80)).toThrow('below 80')
  })
})

it('refuses what does not fit, before any work', () => {
  const prior = countCalls(gaussianPrior({ mean, covariance }))
  const refuse = (options: ProbabilityFlowOptions, kind: new (...args: never[]) => Error, saying: string) => {
    expect(() => flowLogDensity(prior, x, options)).toThrow(kind)
    expect(() => flowLogDensity(prior, x, options)).toThrow(saying)
  }
  refuse({ trace: 'odd' as 'exact' }, OptionError, 'must be exact | rademacher | gaussian')
  refuse({ solver: 'odd' as 'euler' }, OptionError, 'must be adaptive | euler')
  refuse({ trace: 'gaussian' }, OptionError, 'keys')
  refuse({ trace: 'gaussian', keys: [randomKey(0)] }, ShapeError, 'one key per sample')
  refuse({ probes: 0 }, OptionError, 'probes')
  refuse({ solver: 'rk4', steps: 0 }, OptionError, 'steps')
  refuse({ rtol: 0 }, OptionError, 'rtol')
  refuse({ sigmaMin: 1e9 }, OptionError, 'sigmaMin')
  expect(() => flowLogDensity(prior, tensor([[1, 2, 3]]))).toThrow(ShapeError)
  expect(prior.calls.total).toBe(0)
  const broken = { ...prior, denoise: (xt: Tensor) => xt.mul(Number.NaN) }
  expect(() => flowLogDensity(broken, x)).toThrow(NonFiniteError)
  expect(normal(randomKey(0), [1]).shape).toEqual([1])
})
