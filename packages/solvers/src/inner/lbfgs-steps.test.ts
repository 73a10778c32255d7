import { grad, lbfgs } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  fromData,
  memory,
  normal,
  OptionError,
  randomKey,
  tensor,
  treeLeaves,
  treeMap,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { LbfgsStepsOptions, LbfgsStepsState } from './index.ts'
import { lbfgsSteps } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())

type Objective = (x: readonly number[]) => { value: number; gradient: number[] }

/** Σ 100·(x_{i+1} − x_i²)² + (1 − x_i)². */
const rosenbrock: Objective = (x) => {
  const gradient = x.map(() => 0)
  let value = 0
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [x[i]!, x[i + 1]!]
    value += 100 * (b - a * a) ** 2 + (1 - a) ** 2
    gradient[i]! += -400 * a * (b - a * a) - 2 * (1 - a)
    gradient[i + 1]! += 200 * (b - a * a)
  }
  return { value, gradient }
}

/** ½(x − c)ᵀQ(x − c) with a Q that is no diagonal. */
const quadratic =
  (stiff: readonly number[], c: readonly number[]): Objective =>
  (x) => {
    const u = stiff.map((_, i) => (i === 0 ? 0.6 : 0.8 / Math.sqrt(stiff.length - 1)))
    const d = x.map((v, i) => v - c[i]!)
    const dot = d.reduce((sum, v, i) => sum + v * u[i]!, 0)
    const gradient = d.map((v, i) => stiff[i]! * v + 3 * dot * u[i]!)
    return { value: 0.5 * d.reduce((sum, v, i) => sum + v * gradient[i]!, 0), gradient }
  }

/** Evaluates each row by its own objective. */
function evaluate(objectives: readonly Objective[], x: Tensor) {
  const n = x.shape[1]!
  const all = list(x)
  const found = objectives.map((f, i) => f(all.slice(i * n, (i + 1) * n)))
  const like = { dtype: x.dtype }
  return {
    value: fromData(found.map(({ value }) => value), [objectives.length], like),
    gradient: fromData(found.flatMap(({ gradient }) => gradient), x.shape, like),
  } // biome-ignore format: two tensors
}

function minimise(
  objectives: readonly Objective[],
  from: Tensor,
  updates: number,
  options: LbfgsStepsOptions = {},
  watch: (state: LbfgsStepsState, taken: readonly boolean[]) => LbfgsStepsState = (state) => state,
): LbfgsStepsState {
  const { init, at, update } = lbfgsSteps(options)
  const active = objectives.map(() => true)
  let state = init(from)
  for (let k = 0; k < updates; k++) {
    const next = update(state, evaluate(objectives, at(state)), active)
    state = watch(next.state, next.taken)
  }
  return state
}

/**
 * L-BFGS on plain numbers with the inverse Hessian as a matrix: H is built from the last m pairs by the BFGS formula
 * (Nocedal & Wright eq. 7.16), and along p the line is searched to its exact end for a quadratic, or by halving.
 */
function byMatrices(f: Objective, start: readonly number[], m: number, exact: boolean, iterations: number) {
  const n = start.length
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
  let x = [...start]
  let pairs: { s: number[]; y: number[] }[] = []
  const path: number[][] = []
  for (let k = 0; k < iterations; k++) {
    const { gradient: g } = f(x)
    if (Math.max(...g.map(Math.abs)) < 1e-13) break
    const newest = pairs.at(-1)
    const gamma = newest === undefined ? 1 : dot(newest.s, newest.y) / dot(newest.y, newest.y)
    let H = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? gamma : 0)))
    for (const { s, y } of pairs) {
      const rho = 1 / dot(s, y)
      const V = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i === j ? 1 : 0) - rho * y[i]! * s[j]!),
      )
      const HV = H.map((row) => V[0]!.map((_, j) => row.reduce((sum, h, l) => sum + h * V[l]![j]!, 0)))
      H = V[0]!.map((_, i) =>
        V[0]!.map((_, j) => V.reduce((sum, row, l) => sum + row[i]! * HV[l]![j]!, 0) + rho * s[i]! * s[j]!),
      )
    }
    const p = H.map((row) => -dot(row, g))
    let alpha = pairs.length > 0 ? 1 : Math.min(1, 1 / g.reduce((sum, v) => sum + Math.abs(v), 0))
    const along = (a: number) => x.map((v, i) => v + a * p[i]!)
    if (exact) alpha = -dot(g, p) / (dot(f(along(1)).gradient, p) - dot(g, p))
    const next = along(alpha)
    pairs = [
      ...pairs,
      { s: next.map((v, i) => v - x[i]!), y: f(next).gradient.map((v, i) => v - g[i]!) },
    ].slice(-m)
    x = next
    path.push(x)
  }
  return path
}

const stiff = [1, 4, 9, 25, 60]
const centre = [1, -2, 0.5, 3, -1]
const from = normal(randomKey(3), [1, 5], float64)

describe('on a quadratic', () => {
  const f = quadratic(stiff, centre)
  // A flat point is asked for: on a quadratic the second trial of each search, by the cubic through the first, is exact.
  const exact = { lineSearch: { curvature: 1e-9, decrease: 1e-10 }, gradientTolerance: 1e-9 }

  it('with exact line searches n steps suffice for n numbers, whose points are those of BFGS by matrices', () => {
    const points: number[][] = []
    const state = minimise([f], from, 40, exact, (state, [taken]) => {
      if (taken) points.push(list(state.x))
      return state
    })
    list(state.x).forEach((v, i) => expect(v).toBeCloseTo(centre[i]!, 8))
    expect(state.rows[0]!.phase).toBe(3)
    const expected = byMatrices(f, list(from), 10, true, 5)
    // The start, and five steps.
    expect(points.length).toBe(1 + 5)
    points
      .slice(1)
      .forEach((point, k) => point.forEach((v, i) => expect(v, `step ${k}`).toBeCloseTo(expected[k]![i]!, 7)))
  })

  it('with a history of one pair as well: it is conjugate gradients then', () => {
    const points: number[][] = []
    minimise([f], from, 60, { ...exact, historySize: 1 }, (state, [taken]) => {
      if (taken) points.push(list(state.x))
      return state
    })
    const short = byMatrices(f, list(from), 1, true, 5)
    expect(points.length).toBe(1 + 5)
    points
      .slice(1)
      .forEach((point, k) => point.forEach((v, i) => expect(v, `step ${k}`).toBeCloseTo(short[k]![i]!, 6)))
  })
})

describe('on Rosenbrock functions', () => {
  const starts = [
    [-1.2, 1, 0.5],
    [2, -1, 3],
    [0.9, 1.1, 1],
    [1, 1, 1],
  ]
  const objectives = starts.map(() => rosenbrock)

  it('every sample of a batch reaches its minimum, by a search of its own', () => {
    const { x, rows } = minimise(objectives, tensor(starts, float64), 120, { gradientTolerance: 1e-9 })
    for (const v of list(x)) expect(v).toBeCloseTo(1, 8)
    for (const { phase } of rows) expect(phase).toBe(3)
    expect(rows[3]).toMatchObject({ pairs: 0, value: 0 })
  })

  it.each(['float32', 'float64'] as const)(
    'a batch equals its samples alone, bit for bit, in %s',
    (dtype) => {
      const whole = minimise(objectives, tensor(starts, { dtype }), 33)
      starts.forEach((start, i) => {
        const single = minimise([rosenbrock], tensor([start], { dtype }), 33)
        expect(list(single.x)).toEqual(list(whole.x).slice(3 * i, 3 * i + 3))
        expect(single.rows[0]).toEqual(whole.rows[i])
      })
    },
  )

  it.each([1, 2, 10])(
    'has the iterates of the optimiser of whole functions, with %d pairs',
    (historySize) => {
      const f = (x: Tensor) => {
        const [head, tail] = [x.slice(null, [0, -1]), x.slice(null, [1, null])]
        return tail.sub(head.square()).square().mul(100).add(head.sub(1).square()).sum()
      }
      const start = tensor([starts[0]!], float64)
      const points: number[][] = []
      minimise([rosenbrock], start, 60, { historySize }, (state, [taken]) => {
        if (taken) points.push(list(state.x))
        return state
      })
      const { init, update } = lbfgs({ historySize })
      let state = init(f, start)
      expect(list(grad(f)(start))).toEqual(list(state.gradient))
      for (let k = 1; k < 20; k++) {
        state = update(f, state).state
        list(state.params).forEach((v, i) => expect(points[k]![i]!, `iterate ${k}`).toBeCloseTo(v, 9))
      }
    },
  )

  it('can be left and taken up after every evaluation, from what JSON can hold', () => {
    const whole = minimise(objectives, tensor(starts, float64), 40)
    const broken = minimise(objectives, tensor(starts, float64), 40, {}, (state) => ({
      ...treeMap(state, (x) => fromData(Float64Array.from(list(x)), x.shape, float64)),
      rows: JSON.parse(JSON.stringify(state.rows)),
    }))
    expect(list(broken.x)).toEqual(list(whole.x))
    expect(broken.rows).toEqual(whole.rows)
  })

  it('never takes a step up, and keeps a sample that is held', () => {
    const values: number[] = []
    const { init, at, update } = lbfgsSteps()
    let state = init(tensor(starts.slice(0, 2), float64))
    for (let k = 0; k < 40; k++) {
      const next = update(state, evaluate(objectives.slice(0, 2), at(state)), [true, k < 3])
      if (k === 2) values.push(...list(next.state.x).slice(3))
      if (k > 2) expect(next.taken[1]).toBe(false)
      const before = state.rows[0]!.value
      state = next.state
      if (k > 0) expect(state.rows[0]!.value).toBeLessThanOrEqual(before)
    }
    expect(list(state.x).slice(3)).toEqual(values)
  })
})

describe('where the function is no help', () => {
  it('a trial that is not finite is backed off from', () => {
    const wall: Objective = ([x = 0]) =>
      x < -0.5
        ? { value: Number.NaN, gradient: [Number.NaN] }
        : { value: x + 1 / (x + 0.5), gradient: [1 - 1 / (x + 0.5) ** 2] }
    const { x } = minimise([wall], tensor([[30]], float64), 60, { gradientTolerance: 1e-9 })
    expect(list(x)[0]).toBeCloseTo(0.5, 6)
  })

  it('a search that finds nothing lower forgets its history once, then ends', () => {
    // The gradient points the wrong way everywhere but at the start.
    let asked = 0
    const liar: Objective = ([x = 0]) => ({ value: asked++ === 0 ? 0 : 1 + Math.abs(x), gradient: [1] })
    const state = minimise([liar], tensor([[0]], float64), 40)
    expect(state.rows[0]).toMatchObject({ phase: 3, alpha: 0, value: 0 })
    expect(list(state.x)).toEqual([0])
  })

  it('where the search runs out of trials, its best one is evaluated again and taken', () => {
    const points: number[] = []
    const { init, at, update } = lbfgsSteps({
      lineSearch: { maxEvaluations: 2, curvature: 1e-6, decrease: 1e-7 },
    })
    let state = init(tensor([[4]], float64))
    const f: Objective = ([x = 0]) => ({ value: Math.cosh(x), gradient: [Math.sinh(x)] })
    for (let k = 0; k < 30; k++) {
      points.push(list(at(state))[0]!)
      state = update(state, evaluate([f], at(state)), [true]).state
    }
    expect(points.some((p, k) => k > 1 && p === points[k - 2])).toBe(true)
    expect(Math.abs(list(state.x)[0]!)).toBeLessThan(1e-3)
  })

  it('refuses options out of range', () => {
    for (const bad of [{ historySize: 0 }, { historySize: 1.5 }, { gradientTolerance: -1 }])
      expect(() => lbfgsSteps(bad)).toThrow(OptionError)
  })
})

it('an update leaves its state behind and nothing else', () => {
  const { init, at, update } = lbfgsSteps()
  let state = init(tensor([[1, 2]], float64))
  for (let k = 0; k < 5; k++) {
    const point = at(state)
    const evaluated = evaluate([rosenbrock], point)
    const before = memory().tensors
    const next = update(state, evaluated, [true]).state
    const fresh = treeLeaves(next).filter((x) => !treeLeaves(state).includes(x))
    expect(memory().tensors - before).toBeLessThanOrEqual(fresh.length)
    state = next
  }
})
