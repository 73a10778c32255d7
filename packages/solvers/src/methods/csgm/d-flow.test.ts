import { tensor } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { flow, vpLinear } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import { apart, gaussianPosterior, slope } from '../affine-step.test.helper.ts'
import type { PathName } from '../flow-written-out.test.helper.ts'
import { onPath, pathNames, pathPrior, paths } from '../flow-written-out.test.helper.ts'
import type { DFlowOptions } from '../index.ts'
import { dFlow, UnfitError } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { dot, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  problemOf,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'

const topOf = (name: PathName) => {
  const { alpha, sigma, noisiest } = paths[name]
  return sigma(noisiest) / (alpha(noisiest) + sigma(noisiest))
}

/** v = (x̂₀ − z)/τ, and c ↦ (∂v/∂z)ᵀc. */
function velocity(name: PathName, z: Vector, tau: number) {
  const at = Math.max(tau, paths[name].least)
  const { x0, back } = onPath(name, z, at)
  return {
    v: plus([1 / at, x0], [-1 / at, z]),
    pull: (c: Vector) => plus([1 / at, back(c)], [-1 / at, c]),
  }
}

/** k midpoint steps from τ = `from` to `to`, and the way back through them. */
function walk(name: PathName, start: Vector, from: number, to: number, k: number) {
  const h = (from - to) / k // in t, from noise to data
  let z: readonly number[] = start
  const steps = Array.from({ length: k }, (_, i) => {
    const tau = from - i * h
    const first = velocity(name, z, tau)
    const second = velocity(name, plus([1, z], [h / 2, first.v]), tau - h / 2)
    z = plus([1, z], [h, second.v])
    return { first, second }
  })
  const back = (c: Vector) =>
    [...steps].reverse().reduce<Vector>((flow, { first, second }) => {
      const middle = plus([h, second.pull(flow)])
      return plus([1, flow], [1, middle], [h / 2, first.pull(middle)])
    }, c)
  return { end: z, back }
}

describe.each(pathNames)('D-Flow on %s, in plain numbers', (name) => {
  const cases: readonly DFlowOptions[] = [
    {},
    { samplerSteps: 3, lambda: 0.5, penalty: 'gaussian', blend: 0 },
    { samplerSteps: 2, lambda: 0.3, blend: 0.6, init: 'zeros' },
  ]
  it.each(cases)('%j: where it starts, its gradient and its first step', async (options) => {
    const { samplerSteps: k = 5, lambda = 0.01, penalty = 'chi', blend = 0.1, init } = options
    const [top, { least }] = [topOf(name), paths[name]]
    const first = init === 'zeros' ? [0, 0, 0, 0] : times(transposed(A), y)
    const from = Math.max(least, top / 1000)
    const inverted = plus([1 / top, walk(name, plus([1 - from, first]), from, top, k).end])
    const z = plus([Math.sqrt(1 - blend), drawn(0, 'start')], [Math.sqrt(blend), inverted])
    /** f and ∇f. */
    const objective = (z: Vector) => {
      const { end, back } = walk(name, plus([top, z]), top, 0, k)
      const r = plus([1, y], [-1, times(A, end)])
      const square = dot(z, z)
      const chi = penalty === 'chi' ? z.length - 1 : 0
      return {
        x: end,
        value: dot(r, r) + lambda * (square / 2 - (chi / 2) * Math.log(square)),
        gradient: plus([-2 * top, back(times(transposed(A), r))], [lambda * (1 - chi / square), z]),
      }
    }
    const seen: { x: number[]; residual: readonly number[] }[] = []
    for await (const { x, residual } of dFlow(problemOf(0.4), pathPrior(name), {
      ...options,
      steps: 2,
      seed,
      firstSample,
    }))
      seen.push({ x: list(x), residual })
    const { x, value, gradient } = objective(z)
    close(seen[0]?.x ?? [], x, 'x of the start')
    close(seen[0]?.residual ?? [], [length(plus([1, y], [-1, times(A, x)]))], 'residual of the start')
    // L-BFGS tries min(1, 1/‖g‖₁) of −g first (Nocedal & Wright §3.5).
    const rate = Math.min(1, 1 / gradient.reduce((sum, g) => sum + Math.abs(g), 0))
    const tried = objective(plus([1, z], [-rate, gradient]))
    const slopeThere = -dot(tried.gradient, gradient)
    const accepted =
      tried.value <= value - 1e-4 * rate * dot(gradient, gradient) &&
      Math.abs(slopeThere) <= 0.9 * dot(gradient, gradient)
    close(
      seen[1]?.x ?? [],
      accepted ? tried.x : x,
      `x after a trial that is ${accepted ? '' : 'not '}accepted`,
    )
    if (penalty === 'gaussian') expect(accepted).toBe(true)
  })
})

const mean = [0.5, -0.3, 0.2]
const covariance = [[0.5, 0.2, 0], [0.2, 0.4, -0.1], [0, -0.1, 0.3]] // biome-ignore format: a matrix
const M = [[1, -0.5, 0.3], [0.2, 0.8, -0.4]] // biome-ignore format: a matrix
const sigma = 0.2
const measured = [[0.9, -0.4], [-0.7, 0.6]] // biome-ignore format: rows
const problem: Problem = {
  operator: matrixOperator(tensor(M, float64)),
  noise: gaussianNoise(sigma),
  y: tensor(measured, float64),
}
const gaussian = gaussianPrior({ mean, covariance, schedule: flow() })

describe('on a Gaussian, where R is affine', () => {
  /** R(z) = Bz + b in plain numbers: E[x₀ | z] = μ + tΣ(t²Σ + τ²I)⁻¹(z − tμ). */
  function affine(k: number) {
    const v = (z: Matrix, tau: number) => {
      const [t, S, m] = [1 - tau, new Matrix(covariance), Matrix.columnVector(mean)]
      const spread = Matrix.add(S.clone().mul(t * t), Matrix.eye(3).mul(tau * tau))
      const x0 = Matrix.add(m, S.mul(t).mmul(solve(spread, Matrix.sub(z, m.clone().mul(t)))))
      return Matrix.sub(x0, z).div(tau)
    }
    const end = (start: readonly number[]) => {
      let z = Matrix.columnVector([...start])
      for (let i = 0; i < k; i++) {
        const tau = 1 - i / k
        const middle = Matrix.add(z, v(z, tau).mul(0.5 / k))
        z = Matrix.add(z, v(middle, tau - 0.5 / k).mul(1 / k))
      }
      return z
    }
    const b = end([0, 0, 0])
    const columns = [0, 1, 2].map((j) =>
      Matrix.sub(end([0, 1, 2].map((i) => Number(i === j))), b).to1DArray(),
    )
    return { b, B: new Matrix(columns).transpose() }
  }

  /** x at the minimum of ‖r − MBz‖² + ½μ‖z‖², and ‖z‖. */
  function ridge(k: number, weight: number, y: readonly number[]) {
    const { b, B } = affine(k)
    const G = new Matrix(M).mmul(B)
    const r = Matrix.sub(Matrix.columnVector([...y]), new Matrix(M).mmul(b))
    const normal = Matrix.add(G.transpose().mmul(G), Matrix.eye(3).mul(weight / 2))
    const z = solve(normal, G.transpose().mmul(r))
    return { x: Matrix.add(B.mmul(z), b).to1DArray(), norm: Math.hypot(...z.to1DArray()) }
  }

  it.each([
    [5, 0.08],
    [12, 0.5],
  ])('with k = %d and ½‖z‖² of weight %d it finds the closed-form optimum', async (samplerSteps, lambda) => {
    const options = { penalty: 'gaussian', lambda, samplerSteps, steps: 40, seed: 3 } as const
    const x = list(await run(dFlow(problem, gaussian, options)))
    measured.forEach((y, row) => {
      ridge(samplerSteps, lambda, y).x.forEach((v, i) => {
        // L-BFGS ends at |∇f| ≤ 1e-7: z is off by at most √3·1e-7/λ.
        expect(x[3 * row + i]).toBeCloseTo(v, 5)
      })
    })
  })

  it('with χ it rests where ∇f = 0: the closed form of weight μ = λ(1 − (n − 1)/‖z‖²), by the root of ‖z(μ)‖', async () => {
    const lambda = 0.3
    const far = [[2.4, -1.6], [-2.2, 1.8]] // biome-ignore format: rows
    const options = { lambda, samplerSteps: 5, steps: 60, seed: 3 } as const
    const x = list(await run(dFlow({ ...problem, y: tensor(far, float64) }, gaussian, options)))
    far.forEach((y, row) => {
      // μ grows with ‖z‖, ‖z(μ)‖ falls with μ: one root, above 0 where even the least z that meets y is longer than √(n − 1).
      const off = (weight: number) => weight - lambda * (1 - 2 / ridge(5, weight, y).norm ** 2)
      let [low, high] = [1e-6, lambda]
      expect(off(low) < 0 && off(high) > 0).toBe(true)
      for (let k = 0; k < 100; k++) {
        const middle = (low + high) / 2
        if (off(middle) < 0) low = middle
        else high = middle
      }
      ridge(5, low, y).x.forEach((v, i) => {
        expect(x[3 * row + i], `row ${row}`).toBeCloseTo(v, 5)
      })
    })
  })

  it('with χ and a y that less than √(n − 1) can meet, y is met whatever σ_y says', async () => {
    const [y] = measured
    expect(ridge(5, 1e-6, y ?? []).norm).toBeLessThan(Math.SQRT2)
    const near = { ...problem, y: tensor([y ?? []], float64) }
    const x = await run(dFlow(near, gaussian, { lambda: 0.3, samplerSteps: 5, steps: 60, seed: 3 }))
    for (const r of list(near.y.sub(near.operator.forward(x)))) expect(Math.abs(r)).toBeLessThan(1e-5)
  })

  it('with λ = 2σ_y² of ½‖z‖² it tends to the exact posterior mean, by O(1/k³): of its order 2 the leading error vanishes here', async () => {
    const exact = measured.map((y) => {
      const matrix = new Matrix(M)
      const H = matrix
        .transpose()
        .mmul(matrix)
        .div(sigma ** 2)
      const b = matrix
        .transpose()
        .mmul(Matrix.columnVector(y))
        .div(sigma ** 2)
      return gaussianPosterior(Matrix.columnVector(mean), new Matrix(covariance), H, b).mean
    })
    const errors: number[] = []
    const counts = [5, 10, 20, 40]
    for (const k of counts) {
      const off = measured.map((y, row) =>
        apart(Matrix.columnVector(ridge(k, 2 * sigma ** 2, y).x), exact[row] ?? Matrix.zeros(3, 1)),
      )
      errors.push(Math.max(...off))
    }
    expect(slope(errors, counts)).toBeGreaterThan(-3.2)
    expect(slope(errors, counts)).toBeLessThan(-2.8)
    const options = { penalty: 'gaussian', lambda: 2 * sigma ** 2, samplerSteps: 40, steps: 30 } as const
    const x = list(await run(dFlow(problem, gaussian, options)))
    exact.forEach((m, row) => {
      m.to1DArray().forEach((v, i) => {
        expect(Math.abs((x[3 * row + i] ?? Number.NaN) - v)).toBeLessThan(2 * (errors[3] ?? 0) + 1e-5)
      })
    })
  })
})

describe('within a budget', () => {
  const mixture = gaussianMixturePrior({
    weights: [1, 1],
    means: [[0.8, 0.1, 0], [-0.8, 0.3, 0.2]], // biome-ignore format: a table
    covariances: 0.02,
    schedule: vpLinear(),
  })
  it('of slots it takes the same path, and evaluates as often as it says', async () => {
    const restore = async (more: DFlowOptions) => {
      const counted = countCalls(mixture)
      const options = { steps: 4, samplerSteps: 6, seed: 2, ...more }
      const x = list(await run(dFlow(problem, counted, options)))
      expect(counted.calls.total).toBe(dFlow.info.evaluations(4, options))
      return x
    }
    const truth = await restore({})
    for (const slots of [1, 3])
      (await restore({ slots })).forEach((v, i) => {
        expect(v).toBeCloseTo(truth[i] ?? Number.NaN, 10)
      })
    await restore({ blend: 0 })
    expect(dFlow.info.evaluations(4, { samplerSteps: 6 })).toBe(4 * 12 + 12)
    expect(dFlow.info.evaluations(4, { samplerSteps: 6, blend: 0, slots: 1 })).toBe(4 * 2 * (6 + 15))
  })

  it('asks no prior of discrete steps below its index 0, however short the steps', async () => {
    const asked: number[] = []
    const watched = {
      ...mixture,
      denoise: (x: Parameters<typeof mixture.denoise>[0], t: number) => {
        asked.push(t)
        return mixture.denoise(x, t)
      },
    }
    await run(dFlow(problem, watched, { steps: 1, samplerSteps: 90 }))
    expect(asked.length).toBe(360)
    expect(Math.min(...asked)).toBeCloseTo(0, 9)
  })

  it('refuses a start that the operator has not, before any work', () => {
    const counted = countCalls(mixture)
    const { pinv: _, ...operator } = problem.operator
    expect(() => dFlow({ ...problem, operator }, counted, { init: 'pinv' })).toThrow(UnfitError)
    expect(counted.calls.total).toBe(0)
  })
})
