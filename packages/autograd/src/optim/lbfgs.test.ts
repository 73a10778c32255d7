import { readFileSync } from 'node:fs'
import type { Tensor } from '@tweedie/tensor'
import { fromData, memory, scope, tensor, treeLeaves } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { customVjp } from '../custom.ts'
import type { CurvaturePair, LbfgsOptions } from './index.ts'
import { lbfgs, lbfgsDirection, restoreLbfgsState, saveState, strongWolfe } from './index.ts'

interface Fixture {
  start: { a: number[]; b: number[][]; c: number[] }
  lbfgs: {
    rate: number
    historySize: number
    steps: { params: number[]; gradient: number[]; next: number[] }[]
  }
  minimum: { params: number[]; value: number }
}
const path = new URL('../../../../tests/fixtures/optimizers/optimizers.json', import.meta.url)
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture
const float64 = { dtype: 'float64' } as const
const flat = (tree: unknown): number[] => treeLeaves(tree).flatMap((x) => Array.from(x.dataSync()))
const near = (actual: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(tolerance))
}

/** Σ 100(x_{i+1} − x_i²)² + (1 − x_i)², [n] to a scalar. */
const rosenbrock = (x: Tensor): Tensor => {
  const [head, tail] = [x.slice([0, -1]), x.slice([1, null])]
  return tail.sub(head.square()).square().mul(100).add(head.sub(1).square()).sum()
}

describe('strongWolfe', () => {
  test('a flat point is not enough: it must lie as far below as the slope at the start asks for', () => {
    const phi = (alpha: number) =>
      alpha === 1
        ? { alpha, value: -1e-6, slope: 0 }
        : { alpha, value: alpha ** 2 - alpha, slope: 2 * alpha - 1 }
    const { point, satisfied } = strongWolfe(phi, phi(0))
    expect(satisfied).toBe(true)
    expect(point.alpha).toBeLessThan(1)
    expect(strongWolfe(phi, phi(0), { decrease: 1e-7 }).point.alpha).toBe(1)
  })

  const coefficient = fc.double({ min: -3, max: 3, noNaN: true })
  test('the conditions hold, on wavy functions bounded below, from any first step', () => {
    fc.assert(
      fc.property(
        fc.record({
          waves: fc.array(fc.tuple(coefficient, coefficient, coefficient), { minLength: 1, maxLength: 4 }),
          quadratic: fc.double({ min: 0.01, max: 2, noNaN: true }),
          at: coefficient,
          initial: fc.double({ min: -4, max: 4, noNaN: true }).map((e) => 10 ** e),
          curvature: fc.constantFrom(0.9, 0.4, 0.1),
        }),
        ({ waves, quadratic, at, initial, curvature }) => {
          const f = (x: number) =>
            quadratic * x * x + waves.reduce((sum, [a, w, p]) => sum + a * Math.sin(w * x + p), 0)
          const df = (x: number) =>
            2 * quadratic * x + waves.reduce((sum, [a, w, p]) => sum + a * w * Math.cos(w * x + p), 0)
          const down = -Math.sign(df(at))
          fc.pre(Math.abs(df(at)) > 1e-3)
          const phi = (alpha: number) => ({
            alpha,
            value: f(at + alpha * down),
            slope: down * df(at + alpha * down),
          })
          const zero = phi(0)
          const options = { initial, curvature, maxEvaluations: 60 }
          const { point, satisfied, evaluations } = strongWolfe(phi, zero, options)
          expect(satisfied).toBe(true)
          expect(evaluations).toBeLessThanOrEqual(60)
          expect(point.alpha).toBeGreaterThan(0)
          expect(point.value).toBeLessThanOrEqual(zero.value + 1e-4 * point.alpha * zero.slope)
          expect(Math.abs(point.slope)).toBeLessThanOrEqual(-curvature * zero.slope)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('backs off from where f is not finite', () => {
    const phi = (alpha: number) => ({
      alpha,
      value: -Math.log(1 - alpha) - 3 * alpha,
      slope: 1 / (1 - alpha) - 3,
    })
    for (const initial of [1, 1.5, 100]) {
      const { point, satisfied } = strongWolfe(phi, phi(0), { initial, curvature: 0.1 })
      expect(satisfied).toBe(true)
      expect(Math.abs(point.alpha - 2 / 3)).toBeLessThan(0.05)
    }
  })

  test('says so where there is no such point, and refuses what leads uphill', () => {
    const endless = (alpha: number) => ({ alpha, value: -alpha, slope: -1 })
    const { point, satisfied, evaluations } = strongWolfe(endless, endless(0), { maxEvaluations: 7 })
    expect([satisfied, evaluations, point.alpha]).toEqual([false, 7, 64])
    const kink = (alpha: number) => ({ alpha, value: Math.abs(alpha - 1), slope: alpha < 1 ? -1 : 1 })
    expect(strongWolfe(kink, kink(0), { initial: 3 }).satisfied).toBe(false)
    expect(() => strongWolfe(kink, kink(2))).toThrow(/slope/)
    expect(() => strongWolfe(kink, kink(0), { decrease: 0.9, curvature: 0.5 })).toThrow(/curvature/)
  })
})

describe('the two-loop recursion', () => {
  test('as PyTorch, to 1e-10', () => {
    const { rate, historySize, steps } = fixture.lbfgs
    const vector = (values: readonly number[]) => tensor([...values], float64)
    let history: CurvaturePair<Tensor>[] = []
    steps.forEach(({ params, gradient, next }, k) => {
      const direction = flat(lbfgsDirection(vector(gradient), history))
      const step = k === 0 ? rate * Math.min(1, 1 / gradient.reduce((sum, g) => sum + Math.abs(g), 0)) : rate
      near(
        params.map((x, i) => x + step * direction[i]!),
        next,
        1e-10,
      )
      const after = steps[k + 1]
      if (after === undefined) return
      const s = vector(after.params.map((x, i) => x - params[i]!))
      const y = vector(after.gradient.map((x, i) => x - gradient[i]!))
      // The problem is not convex; like PyTorch, keep what has curvature.
      if (flat(s.mul(y).sum())[0]! > 1e-10) history = [...history, { s, y }].slice(-historySize)
    })
    expect(history.length).toBe(historySize)
  })

  test('meets the secant equation H·y = s of the newest pair', () => {
    const values = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(values, values, (ss, noise) => {
        // y = s plus a little: curvature is positive.
        const pair = (at: number) => {
          const s = ss.slice(at, at + 3).map((x, i) => x + (i === at / 3 ? 4 : 0))
          const y = s.map((x, i) => 2 * x + 0.1 * noise[at + i]!)
          return { s: tensor(s, float64), y: tensor(y, float64) }
        }
        const history = [0, 3, 6].map(pair)
        const { s, y } = history.at(-1)!
        near(
          flat(lbfgsDirection(y, history)).map((x) => -x),
          flat(s),
          1e-9,
        )
      }),
      { numRuns: 20 },
    )
  })
})

describe('lbfgs', () => {
  test('finds the minimum of Rosenbrock functions to 1e-8', () => {
    const classic = lbfgs().minimize(rosenbrock, tensor([-1.2, 1], float64))
    expect(classic.reason).toBe('gradient')
    near(flat(classic.params), [1, 1], 1e-8)
    expect(classic.iterations).toBeLessThan(50)
    expect(classic.evaluations).toBeLessThan(70)
    const chain = lbfgs({ maxIterations: 300 }).minimize(rosenbrock, tensor(Array(10).fill(-1), float64))
    expect(chain.reason).toBe('gradient')
    expect(chain.value).toBeLessThan(4.1) // (−1, 1, …, 1) is a minimum as well, with f ≈ 3.99
  })

  test('ends where PyTorch does', () => {
    const { start, minimum } = fixture
    const c = tensor(start.c, float64)
    const loss = ({ a, b }: { a: Tensor; b: Tensor }) => {
      const u = b
        .matmul(a.reshape([3, 1]))
        .reshape([2])
        .mul(2)
        .exp()
      const misfit = u.sub(1).div(u.add(1)).sub(c)
      return misfit.square().sum().add(a.pow(4).sum().mul(0.05)).add(b.square().sum().mul(0.1))
    }
    const params = { a: tensor(start.a, float64), b: tensor(start.b, float64) }
    const result = lbfgs({ gradientTolerance: 1e-9 }).minimize(loss, params)
    expect(result.reason).toBe('gradient')
    near(flat(result.params), minimum.params, 1e-8)
    expect(result.value).toBeCloseTo(minimum.value, 14)
  })

  test('a saved run goes on bit for bit', () => {
    const start = tensor([-1.2, 1, 0.5], float64)
    const whole = lbfgs({ maxIterations: 20, historySize: 4 }).minimize(rosenbrock, start)
    const half = lbfgs({ maxIterations: 9, historySize: 4 }).minimize(rosenbrock, start)
    expect([whole.reason, half.reason]).toEqual(['iterations', 'iterations'])
    const { tensors, numbers } = saveState(half.state)
    const copies = Object.entries(tensors).map(([key, x]) => [key, fromData(x.dataSync(), x.shape)] as const)
    const text = JSON.parse(JSON.stringify(numbers)) as Record<string, number>
    const restored = restoreLbfgsState({ tensors: Object.fromEntries(copies), numbers: text }, start)
    expect(restored.history.length).toBe(4)
    const rest = lbfgs({ maxIterations: 11, historySize: 4 }).resume(rosenbrock, restored)
    expect(flat(rest.params)).toEqual(flat(whole.params))
    expect([rest.value, rest.state.step]).toEqual([whole.value, 20])
    expect(half.evaluations + rest.evaluations).toBe(whole.evaluations)
    expect(restoreLbfgsState(saveState(lbfgs().init(rosenbrock, start)), start).history).toEqual([])
  })

  test('says why it ended', () => {
    const bowl = (x: Tensor) => x.square().sum()
    const at = tensor([3, -4], float64)
    const ended = (options: LbfgsOptions, f: (x: Tensor) => Tensor, x: Tensor) => {
      const { reason, iterations } = lbfgs(options).minimize(f, x)
      return [reason, iterations]
    }
    expect(ended({}, bowl, tensor([0], float64))).toEqual(['gradient', 0])
    expect(ended({ maxIterations: 1 }, rosenbrock, at)).toEqual(['iterations', 1])
    expect(ended({ valueTolerance: 10 }, rosenbrock, tensor([0.9, 0.8], float64))).toEqual(['value', 1])
    // Near 1e6 float32 cannot tell a lower value any more; the slope still can.
    expect(ended({}, (x) => bowl(x).add(1e6), tensor([1e-3]))[0]).toBe('gradient')
    // Rounding may raise f from step to step: no reason to end where none was asked for.
    let calls = 0
    const rising = customVjp(
      (x: Tensor) => bowl(x).add(1 + calls++ * 2 ** -52),
      ({ inputs: [x] }, dy) => [x.mul(tensor([2, 6], float64)).mul(dy)],
    )
    const tight = { gradientTolerance: 1e-14 }
    expect(ended(tight, rising, tensor([1e-9, 2e-9], float64))[0]).toBe('gradient')
    const uphill = customVjp(bowl, ({ inputs: [x] }, dy) => [x.mul(-2).mul(dy)])
    expect(ended({}, uphill, at)).toEqual(['line-search', 0])
    expect(() => lbfgs().minimize((x: Tensor) => x.log().sum(), tensor([-1], float64))).toThrow(/f is NaN/)
    expect(() => lbfgs({ historySize: 0 })).toThrow(/historySize/)
  })

  test('frees what it made but the result, and leaves the start alone', () => {
    const start = { x: tensor([-1.2, 1], float64) }
    const objective = ({ x }: typeof start) => rosenbrock(x)
    const before = memory().tensors
    scope(() => {
      const { state } = lbfgs({ historySize: 3 }).minimize(objective, start)
      // Parameters, gradient, three pairs.
      expect(memory().tensors - before).toBe(2 + 6)
      lbfgs().resume(objective, state)
      expect(flat(state.params)).toHaveLength(2)
    })
    expect(memory().tensors).toBe(before)
    expect(flat(start)).toEqual([-1.2, 1])
  })
})

test('ten pairs are remembered where nothing else is asked for', () => {
  const start = tensor(
    Array.from({ length: 14 }, (_, i) => (i % 2 === 0 ? -1.2 : 1)),
    float64,
  )
  const remembered = (options: LbfgsOptions) =>
    lbfgs({ maxIterations: 25, ...options }).minimize(rosenbrock, start).state.history.length
  expect(remembered({})).toBe(10)
  expect(remembered({ historySize: 3 })).toBe(3)
})
