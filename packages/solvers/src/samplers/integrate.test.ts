import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { flow, vpContinuous } from '../schedules/index.ts'
import { euler, heun } from './index.ts'

const one = (value: number) => tensor([[value]], { dtype: 'float64' })
const number = (x: Tensor) => x.dataSync()[0]!
const [x, x0, z] = [0.9, -0.4, 1.3]

// Written out from the SDEs of arXiv 2011.13456 (eq. 11 and 13) and arXiv 2206.00364 (eq. 6), in the score.
describe("Euler's step", () => {
  const schedule = vpContinuous()
  const [t, s] = [0.6, 0.55]
  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  const score = (alpha * x0 - x) / sigma ** 2

  it.each([0, 0.5, 1, 3])('in t: dx = (−½βx − ½(1 + λ)β·score)·dt + √(λβ)·dw, λ = %d', (noise) => {
    const beta = 0.1 + 19.9 * t
    const drift = -0.5 * beta * x - 0.5 * (1 + noise) * beta * score
    const expected = x + drift * (s - t) + Math.sqrt(noise * beta * (t - s)) * z
    const found = euler({ variable: 'time', noise })(one(x), one(x0), () => one(z), { t, s, schedule })
    expect(number(found)).toBeCloseTo(expected, 12)
  })

  it.each([0, 0.5, 1, 3])('in l = σ/α: du = −(1 + λ)·l·score·dl + √(2λl)·dw for u = x/α, λ = %d', (noise) => {
    const [l, m] = [sigma / alpha, schedule.sigma(s) / schedule.alpha(s)]
    const u = x / alpha
    const drift = ((1 + noise) * (u - x0)) / l
    const expected = schedule.alpha(s) * (u + drift * (m - l) + Math.sqrt(2 * noise * l * (l - m)) * z)
    const found = euler({ noise })(one(x), one(x0), () => one(z), { t, s, schedule })
    expect(number(found)).toBeCloseTo(expected, 12)
  })
})

it('flow steps along ε − x₀, from pure noise too', () => {
  const schedule = flow()
  for (const [t, s] of [
    [1, 0.7],
    [0.6, 0.2],
  ] as const) {
    const noise = (x - (1 - t) * x0) / t
    const found = euler({ variable: 'time' })(one(x), one(x0), () => one(z), { t, s, schedule })
    expect(number(found)).toBeCloseTo(x + (s - t) * (noise - x0), 12)
  }
})

it('steps to the clean end give x̂₀, without a draw', () => {
  const schedule = vpContinuous()
  const at = { t: 0.01, s: 0, schedule, steps: 1 }
  const none = (): never => {
    throw new Error('drew')
  }
  for (const variable of ['level', 'time'] as const) {
    expect(number(euler({ variable, noise: 1 })(one(x), one(x0), none, at))).toBe(x0)
    const ended = heun({ variable, noise: 1 }).step(() => one(x0), one(x), undefined, at, none)
    expect(number(ended.x)).toBe(x0)
  }
})

it("Heun's noise is that of both looks, by the trapezoidal rule", () => {
  // A denoiser that says x₀ whatever it sees: x_s is affine, u ↦ x₀ + k·(u − x₀) + n·z.
  const schedule = vpContinuous()
  const [t, s] = [0.6, 0.5]
  const [l, m] = [t, s].map((at) => schedule.sigma(at) / schedule.alpha(at)) as [number, number]
  const step = m - l
  const ahead = 1 + (2 * step) / l
  const spread = Math.sqrt(-step * (l + m))
  const kept = 1 + step * (1 / l + ahead / m)
  const drawn = spread * (1 + step / m)
  const expected = schedule.alpha(s) * (x0 + kept * (x / schedule.alpha(t) - x0) + drawn * z)
  const at = { t, s, schedule, steps: 1 }
  const found = heun({ noise: 1 }).step(
    () => one(x0),
    one(x),
    undefined,
    at,
    () => one(z),
  )
  expect(number(found.x)).toBeCloseTo(expected, 12)
})
