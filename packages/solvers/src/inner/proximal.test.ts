import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, eye, memory, normal, OptionError, randomKey, scope, sizeOf, tensor } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { denseMatrix } from '../linalg/index.ts'
import { matrixOperator, operatorFromSpec, separable } from '../operators/index.ts'
import type { LinearOperator } from '../types.ts'
import { isLinear } from '../types.ts'
import { proximal, proximalDraw } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const largest = (a: Tensor, b: Tensor) => scope(() => a.sub(b).abs().max().dataSync()[0]!)

const specs = [
  'denoise',
  'inpaint:box=2',
  'inpaint:random=0.4,seed=3',
  'sr:2',
  'sr:2,filter=bicubic',
  'blur:size=3,std=0.8,boundary=zero',
  'blur:size=5,std=1.5,boundary=reflect',
  'blur:size=5,std=1,boundary=circular',
  'blur:size=3,std=1,stdX=0.5,boundary=valid',
  'uniform-blur:size=3,boundary=symmetric',
  'motion-blur:size=3,seed=1',
  'grey',
]
function linear(spec: string): LinearOperator {
  const operator = operatorFromSpec(spec, [3, 4, 6])
  if (!isLinear(operator)) throw new Error(`${spec} is not linear`)
  return operator
}
const operators: readonly (readonly [string, LinearOperator])[] = [
  ...specs.map((spec) => [spec, linear(spec)] as const),
  ['wide matrix', matrixOperator(random(1, 3, 7))],
  ['tall matrix', matrixOperator(random(2, 7, 3))],
  ['rank-deficient matrix', matrixOperator(random(3, 5, 2).matmul(random(4, 2, 6)))],
  ['separable', separable(random(5, 3, 4), random(6, 5, 2), { channels: 2 })],
]

/** By a dense solve of (AᵀA/σ_y² + I/ρ²)x = Aᵀy/σ_y² + x̂/ρ². */
function dense(operator: LinearOperator, y: Tensor, sigmaY: number, x: Tensor, rho: number): number[] {
  const matrix = denseMatrix(operator)
  const A = Matrix.from1DArray(matrix.shape[0]!, matrix.shape[1]!, values(matrix))
  const n = A.columns
  const precision = A.transpose()
    .mmul(A)
    .div(sigmaY ** 2)
    .add(Matrix.eye(n, n, rho ** -2))
  const [N, m] = [x.shape[0]!, A.rows]
  return Array.from({ length: N }, (_, i) => {
    const yi = Matrix.columnVector(values(y).slice(i * m, (i + 1) * m))
    const xi = Matrix.columnVector(values(x).slice(i * n, (i + 1) * n))
    const right = A.transpose()
      .mmul(yi)
      .div(sigmaY ** 2)
      .add(Matrix.mul(xi, rho ** -2))
    return solve(precision, right).to1DArray()
  }).flat()
}

describe.each([
  'motion-blur:size=3,seed=1,boundary=reflect',
  'motion-blur:size=4,seed=2,boundary=zero',
  'motion-blur:size=2,boundary=valid',
  'kernel-blur:boundary=symmetric',
])('proximal of %s, which has no decomposition', (spec) => {
  const operator = linear(spec)
  test.each([
    [0.3, 1],
    [1, 0.2],
  ])('by conjugate gradients and by a dense solve at σ_y = %d, ρ = %d', (sigmaY, rho) => {
    expect(operator.svd).toBeUndefined()
    const [y, x] = [random(10, 3, ...operator.outShape), random(11, 3, ...operator.inShape)]
    const expected = tensor(dense(operator, y, sigmaY, x, rho), float64).reshape(x.shape)
    expect(largest(proximal({ operator, y, sigmaY }, x, rho, { tolerance: 1e-13 }), expected)).toBeLessThan(
      1e-10,
    )
  })
})

describe.each(operators)('proximal of %s', (_, operator) => {
  const y = random(10, 3, ...operator.outShape)
  const x = random(11, 3, ...operator.inShape)

  test.each([
    [0.3, 1],
    [1, 0.2],
    [0.05, 0.4],
  ])('by the SVD, by conjugate gradients and by a dense solve at σ_y = %d, ρ = %d', (sigmaY, rho) => {
    const problem = { operator, y, sigmaY }
    const expected = tensor(dense(operator, y, sigmaY, x, rho), float64).reshape(x.shape)
    expect(largest(proximal(problem, x, rho), expected)).toBeLessThan(1e-10)
    const byCg = proximal(problem, x, rho, { solver: 'cg', tolerance: 1e-13 })
    expect(largest(byCg, expected)).toBeLessThan(1e-10)
    const { svd: _svd, ...bare } = operator
    const derived = proximal({ ...problem, operator: bare }, x, rho, { tolerance: 1e-13 })
    expect(values(derived)).toEqual(values(byCg))
  })

  test('in float32; a batch equals its samples alone', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const solver of ['svd', 'cg'] as const) {
        const [yd, xd] = [y.cast(dtype), x.cast(dtype)]
        const whole = proximal({ operator, y: yd, sigmaY: 0.3 }, xd, 0.5, { solver })
        expect(whole.dtype).toBe(dtype)
        expect(largest(whole.cast('float64'), proximal({ operator, y, sigmaY: 0.3 }, x, 0.5))).toBeLessThan(
          1e-4,
        )
        const singles = [0, 1, 2].map((i) => {
          const row = [i, i + 1] as const
          return proximal({ operator, y: yd.slice(row), sigmaY: 0.3 }, xd.slice(row), 0.5, { solver })
        })
        const slack = dtype === 'float64' ? 1e-13 : 1e-5
        expect(largest(concat(singles), whole)).toBeLessThan(slack)
      }
    }
  })

  test('σ_y = 0 is the projection: the nearest solution of least squares', () => {
    const point = proximal({ operator, y, sigmaY: 0 }, x, 1)
    const pinv = operator.pinv?.bind(operator)
    const expected = x.add(pinv?.(y.sub(operator.forward(x))) ?? 0)
    expect(largest(point, expected)).toBeLessThan(1e-10)
    // ρ = ∞ asks for the same of any σ_y, and so does a ρ beside which σ_y vanishes.
    expect(values(proximal({ operator, y, sigmaY: 0.3 }, x, Infinity))).toEqual(values(point))
    const residual = operator.adjoint(y.sub(operator.forward(point)))
    expect(largest(residual, residual.mul(0))).toBeLessThan(1e-10)
  })

  test('a draw has the covariance of the posterior, exactly', () => {
    const [n, m] = [sizeOf(operator.inShape), sizeOf(operator.outShape)]
    const [sigmaY, rho] = [0.4, 0.7]
    const zero = (rows: number, shape: readonly number[]) => tensor(0, float64).broadcastTo([rows, ...shape])
    const still = { operator, y: zero(n + m, operator.outShape), sigmaY }
    const noise = {
      x: eye(n + m, float64)
        .slice(null, [0, n])
        .reshape([n + m, ...operator.inShape]),
      y: eye(n + m, float64)
        .slice(null, [n])
        .reshape([n + m, ...operator.outShape]),
    }
    const B = proximalDraw(still, zero(n + m, operator.inShape), rho, noise).reshape([n + m, n])
    const a = denseMatrix(operator)
    const precision = a
      .transpose()
      .matmul(a)
      .div(sigmaY ** 2)
      .add(eye(n, float64).div(rho ** 2))
    expect(largest(B.transpose().matmul(B).matmul(precision), eye(n, float64))).toBeLessThan(1e-10)
    // Without noise it is the proximal point.
    const zeroNoise = { x: x.mul(0), y: y.mul(0) }
    const problem = { operator, y, sigmaY }
    expect(values(proximalDraw(problem, x, rho, zeroNoise))).toEqual(values(proximal(problem, x, rho)))
  })
})

describe('limits and options', () => {
  const operator = matrixOperator(random(1, 3, 7))
  const y = random(10, 2, 3)
  const x = random(11, 2, 7)
  const problem = { operator, y, sigmaY: 0.3 }

  test('ρ = 0 gives x̂, a small ρ nearly', () => {
    const same = proximal(problem, x, 0)
    expect(values(same)).toEqual(values(x))
    same.dispose()
    expect(x.isDisposed).toBe(false)
    expect(largest(proximal(problem, x, 1e-6), x)).toBeLessThan(1e-9)
  })

  test('by conjugate gradients the projection too, where A is well conditioned', () => {
    const zero = { ...problem, sigmaY: 0 }
    const expected = proximal(zero, x, 1)
    expect(largest(proximal(zero, x, 1, { solver: 'cg', tolerance: 1e-12 }), expected)).toBeLessThan(1e-8)
  })

  test('so many iterations: those of a Krylov space; n of them solve', () => {
    const expected = proximal(problem, x, 1)
    const errors = [1, 2, 3].map((iterations) =>
      largest(proximal(problem, x, 1, { solver: 'cg', iterations, tolerance: 0 }), expected),
    )
    expect(errors[0]).toBeGreaterThan(1e-2)
    expect(errors[1]).toBeGreaterThan(1e-3)
    expect(errors[2]).toBeLessThan(1e-10)
    // The first is steepest descent with an exact line search: d = g·(gᵀg)/(gᵀMg).
    const g = operator.adjoint(y.sub(operator.forward(x)))
    const Mg = operator.adjoint(operator.forward(g)).add(g.mul(0.3 ** 2))
    const length = g.square().sum(1, true).div(g.mul(Mg).sum(1, true))
    const one = proximal(problem, x, 1, { solver: 'cg', iterations: 1 })
    expect(largest(one, x.add(g.mul(length)))).toBeLessThan(1e-12)
  })

  test('what it adds is ρ²·Aᵀ(ρ²AAᵀ + σ_y²I)⁻¹(y − A x̂)', () => {
    const a = denseMatrix(operator)
    const [rho, { sigmaY }] = [0.7, problem]
    const gram = a
      .matmul(a.transpose())
      .mul(rho ** 2)
      .add(eye(3, float64).mul(sigmaY ** 2))
    const r = y.sub(operator.forward(x))
    const host = (t: Tensor) => Matrix.from1DArray(t.shape[0]!, t.shape[1]!, values(t))
    const w = tensor(solve(host(gram), host(r.transpose())).to2DArray(), float64).transpose()
    const expected = operator.adjoint(w).mul(rho ** 2)
    expect(largest(proximal(problem, x, rho).sub(x), expected)).toBeLessThan(1e-12)
  })

  test('gradients in x̂ and y', () => {
    for (const solver of ['svd', 'cg'] as const) {
      const options = solver === 'cg' ? { solver, tolerance: 1e-13 } : { solver }
      checkGrads((at: Tensor, seen: Tensor) => proximal({ ...problem, y: seen }, at, 0.7, options), [x, y], {
        order: 1,
      })
    }
  })

  test('errors', () => {
    expect(() => proximal({ ...problem, sigmaY: -1 }, x, 1)).toThrow(/sigmaY/)
    expect(() => proximal(problem, x, -1)).toThrow(/rho/)
    expect(() => proximal(problem, x, Number.NaN)).toThrow(OptionError)
    expect(() => proximal({ ...problem, sigmaY: 0 }, x, 0)).toThrow(/both cannot hold/)
    const { svd: _, ...bare } = operator
    expect(() => proximal({ ...problem, operator: bare }, x, 1, { solver: 'svd' })).toThrow(/no svd; take cg/)
    const misspelt: string = 'lu'
    expect(() => proximal(problem, x, 1, { solver: misspelt as 'cg' })).toThrow(/svd or cg/)
    expect(() => proximalDraw(problem, x, Infinity, { x, y })).toThrow(/finite/)
    // Without a number of iterations nothing unconverged is handed out; with one it is.
    const exact = { solver: 'cg', tolerance: 0 } as const
    const hard = { ...problem, operator: matrixOperator(random(8, 30, 30)), y: random(9, 1, 30) }
    const from = random(7, 1, 30)
    expect(() => proximal(hard, from, 1, exact)).toThrow(/have not converged for sample 0/)
    expect(proximal(hard, from, 1, { ...exact, iterations: 30 }).shape).toEqual([1, 30])
  })

  test('leaves one tensor behind', () => {
    for (const [sigmaY, rho, solver] of [
      [0.3, 1, 'svd'],
      [0.3, 1, 'cg'],
      [0, 1, 'svd'],
      [0.3, 0, 'svd'],
    ] as const) {
      proximal({ ...problem, sigmaY }, x, rho, { solver }).dispose() // makes the constants, which stay
      const before = memory().tensors
      proximal({ ...problem, sigmaY }, x, rho, { solver }).dispose()
      expect(memory().tensors).toBe(before)
    }
  })
})
