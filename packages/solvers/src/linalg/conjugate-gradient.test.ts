import { checkGrads, checkpoint, grad, hvp, jvp, traceTape } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, eye, memory, normal, randomKey, scope, tensor, zeros } from '@tweedie/tensor'
import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { conjugateGradient } from './index.ts'

const float64 = { dtype: 'float64' } as const
const values = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const near = (actual: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(tolerance))
}
/** M·Mᵀ + shift·I. */
const spd = (seed: number, n: number, shift: number) => {
  const m = random(seed, n, n)
  return m.matmul(m.transpose()).add(eye(n, float64).mul(shift))
}
const by = (matrix: Tensor) => (x: Tensor) => x.matmul(matrix)
const host = (matrix: Tensor) => Matrix.from1DArray(matrix.shape[0]!, matrix.shape[1]!, values(matrix))

describe('conjugateGradient', () => {
  test('equals a dense solve, in at most n steps in float64', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(1e6), (n, seed) => {
        scope(() => {
          const matrix = spd(seed, n, 1)
          const b = random(seed + 1, 2, n)
          const { x, iterations, status, residual } = conjugateGradient(by(matrix), b, { tolerance: 1e-9 })
          expect(status).toEqual(['converged', 'converged'])
          expect(Math.max(...iterations)).toBeLessThanOrEqual(n)
          for (const i of [0, 1]) {
            const row = values(b).slice(i * n, i * n + n)
            const exact = solve(host(matrix), Matrix.columnVector(row)).to1DArray()
            near(values(x).slice(i * n, i * n + n), exact, 1e-7)
            expect(residual[i]!).toBeLessThanOrEqual(1e-9 * Math.hypot(...row))
          }
        })
      }),
      { numRuns: 15 },
    )
  })

  test('a batch of k equals k singles, bit for bit; who is done no longer moves', () => {
    for (const dtype of ['float64', 'float32'] as const) {
      // The last sample is an eigenvector (one step), the third is 0 (none).
      const matrix = spd(4, 6, 0.1).cast(dtype)
      const identity = eye(6, float64)
      const scale = tensor([[1], [1], [1], [0]], { dtype })
      const A = (x: Tensor) =>
        x
          .matmul(matrix)
          .mul(scale.slice([0, x.shape[0]!]))
          .add(x.mul(tensor(0.5, { dtype })))
      const b = concat([random(5, 2, 6), zeros([1, 6], float64), identity.slice([0, 1])]).cast(dtype)
      const whole = conjugateGradient(A, b, { tolerance: 1e-4 })
      expect(whole.iterations.slice(2)).toEqual([0, 1])
      expect(whole.iterations[0]).toBeGreaterThan(2)
      for (let i = 0; i < 4; i++) {
        const single = conjugateGradient(
          (x) =>
            x
              .matmul(matrix)
              .mul(scale.slice([i, i + 1]))
              .add(x.mul(tensor(0.5, { dtype }))),
          b.slice([i, i + 1]),
          { tolerance: 1e-4 },
        )
        expect(values(single.x)).toEqual(values(whole.x).slice(6 * i, 6 * i + 6))
        expect([single.iterations[0], single.residual[0], single.status[0]]).toEqual([
          whole.iterations[i],
          whole.residual[i],
          whole.status[i],
        ])
      }
    }
  })

  test('starts where it is told, stops where it must; images', () => {
    const b = random(8, 2, 1, 2, 3)
    const double = (x: Tensor) => x.mul(2)
    const exact = b.div(2)
    const found = conjugateGradient(double, b, { x0: exact })
    expect([found.iterations, values(found.x)]).toEqual([[0, 0], values(exact)])
    found.x.dispose()
    expect(values(exact).length).toBe(12)
    const cut = conjugateGradient(by(spd(1, 5, 0.01)), random(2, 1, 5), { maxIterations: 2, tolerance: 0 })
    expect([cut.status, cut.iterations]).toEqual([['iterations'], [2]])
    expect(values(conjugateGradient(double, b.mul(0), { x0: b }).x)).toEqual(new Array(12).fill(0))
    const some = conjugateGradient((x) => x.mul(2), tensor([[1, 2]]))
    expect([some.x.dtype, values(some.x)]).toEqual(['float32', [0.5, 1]])
  })

  test('a semidefinite system with b in its range', () => {
    const m = random(3, 4, 2)
    const matrix = m.matmul(m.transpose())
    const b = random(6, 1, 4).matmul(matrix)
    const { x, status, iterations } = conjugateGradient(by(matrix), b)
    expect([status, iterations]).toEqual([['converged'], [2]])
    near(values(x.matmul(matrix)), values(b), 1e-9)
  })

  test('what is not positive definite is reported', () => {
    const signs = tensor([1, 2, -3], float64)
    const b = tensor(
      [
        [1, 1, 0],
        [1, 1, 1],
      ],
      float64,
    )
    const A = (x: Tensor) => x.mul(signs)
    expect(() => conjugateGradient(A, b)).toThrow(/not positive definite .*sample 1, iteration 0/)
    const kept = conjugateGradient(A, b, { onBreakdown: 'keep' })
    expect([kept.status, kept.iterations]).toEqual([
      ['converged', 'breakdown'],
      [2, 0],
    ])
    near(values(kept.x), [1, 0.5, 0, 0, 0, 0], 1e-12)
    // Singular, b outside its range: no division by a zero that rounding hides.
    const flat = tensor(
      [
        [1, 1],
        [1, 1],
      ],
      float64,
    ).mul(0.1)
    expect(() => conjugateGradient(by(flat), tensor([[1, -0.5]], float64))).toThrow(/not positive definite/)
  })

  test('errors', () => {
    const b = tensor([[1, 2]], float64)
    const same = (x: Tensor) => x
    expect(() => conjugateGradient(same, b, { maxIterations: 0 })).toThrow(/maxIterations/)
    expect(() => conjugateGradient(same, b, { tolerance: -1 })).toThrow(/tolerance/)
    expect(() => conjugateGradient(same, b, { x0: tensor([1], float64) })).toThrow(/x0/)
    expect(() => conjugateGradient((x) => x.sum(), b)).toThrow(/shape of x/)
    expect(() => conjugateGradient(same, b.mul(Number.NaN))).toThrow(/not|NaN/)
    expect(() => conjugateGradient((x) => x.div(0), b)).toThrow(/A·p of iteration 0/)
  })

  test('frees what it made but x', () => {
    const [matrix, b] = [spd(1, 4, 1), random(2, 3, 4)]
    const before = memory().tensors
    const { x } = conjugateGradient(by(matrix), b)
    expect(memory().tensors - before).toBe(1)
    x.dispose()
    expect(memory().tensors).toBe(before)
  })
})

describe('its gradients', () => {
  const n = 3
  const [m, b] = [random(21, n, n), random(22, 2, n)]
  const A = (x: Tensor, root: Tensor) => x.matmul(root).matmul(root.transpose()).add(x)
  const solution = (root: Tensor, rhs: Tensor) =>
    conjugateGradient(A, rhs, { params: [root], tolerance: 1e-13 }).x

  test('of order 1 and 2, forward and reverse, in b and in the parameters', () => {
    checkGrads(solution, [m, b], { order: 1 })
    checkGrads(solution, [m, b], { order: 2, tolerance: 1e-5 })
  })

  test('in b: A⁻¹ again', () => {
    const c = random(23, 2, n)
    const slope = grad((rhs: Tensor) => solution(m, rhs).mul(c).sum())(b)
    near(values(slope), values(solution(m, c)), 1e-11)
  })

  test('one node on the tape: no iteration is recorded, nothing leaks', () => {
    const { nodes } = traceTape(solution, m, b)
    expect(nodes.map(({ op }) => op).filter((op) => op !== 'reshape')).toEqual(['customVjp'])
    const slope = grad((root: Tensor, rhs: Tensor) => solution(root, rhs).square().sum(), { argnums: [0, 1] })
    const before = memory().tensors
    scope(() => void slope(m, b))
    expect(memory().tensors).toBe(before)
  })

  test('inside a checkpoint, the same', () => {
    const loss = (root: Tensor) => solution(root.add(0), b).square().sum()
    expect(values(grad(checkpoint(loss))(m))).toEqual(values(grad(loss)(m)))
    expect(values(hvp(checkpoint(loss), m, m))).toEqual(values(hvp(loss, m, m)))
  })

  test('as a block that stops them', () => {
    const stopped = (root: Tensor, rhs: Tensor) =>
      conjugateGradient(A, rhs, { params: [root], gradient: 'stop' }).x.add(rhs)
    near(values(grad((rhs: Tensor) => stopped(m, rhs).sum())(b)), new Array(2 * n).fill(1), 0)
    near(values(jvp((rhs: Tensor) => stopped(m, rhs), [b], [b])[1]), values(b), 0)
    // What A closes over is a constant, in either case.
    const closed = (s: Tensor) =>
      conjugateGradient((x) => x.mul(s), b)
        .x.add(s)
        .sum()
    near(values(grad(closed)(tensor(2, float64))), [2 * n], 0)
  })

  test('a solve for the gradient that fails is no silent zero', () => {
    const hard = spd(9, 5, 1e-3)
    const rhs = tensor([[1, 0, 0, 0, 0]], float64).matmul(hard)
    // Starts at the solution, so that only the gradient needs iterations.
    const f = (r: Tensor) =>
      conjugateGradient(by(hard), r, { x0: tensor([[1, 0, 0, 0, 0]], float64), maxIterations: 1 }).x.sum()
    expect(() => grad(f)(rhs)).toThrow(/gradient of sample 0 has not converged after 1 iterations/)
  })
})

describe('where it stops', () => {
  // Distinct eigenvalues 1 … 40, all in the right-hand side: the residual falls over many iterations.
  const eigenvalues = Array.from({ length: 40 }, (_, i) => i + 1)
  const solveAt = (dtype: 'float32' | 'float64', options: { tolerance?: number; maxIterations?: number }) => {
    const scale = tensor([eigenvalues], { dtype })
    return conjugateGradient((x) => x.mul(scale), tensor([eigenvalues.map(() => 1)], { dtype }), options)
  }
  const size = Math.sqrt(40)

  test.each([1e-2, 1e-4, 1e-8])('at the first residual within %d of b', (tolerance) => {
    const { residual, iterations, status } = solveAt('float64', { tolerance })
    expect(status).toEqual(['converged'])
    expect(residual[0]).toBeLessThanOrEqual(tolerance * size)
    const before = solveAt('float64', { tolerance, maxIterations: iterations[0]! - 1 })
    expect(before.residual[0]).toBeGreaterThan(tolerance * size)
  })

  test.each([
    ['float64', 1e-10],
    ['float32', 1e-5],
  ] as const)('in %s at %d where nothing is said', (dtype, tolerance) => {
    const [silent, said] = [solveAt(dtype, {}), solveAt(dtype, { tolerance })]
    expect(silent.iterations).toEqual(said.iterations)
    expect(silent.residual).toEqual(said.residual)
    expect(solveAt(dtype, { tolerance: 100 * tolerance }).iterations[0]).toBeLessThan(said.iterations[0]!)
    expect(silent.residual[0]).toBeLessThanOrEqual(tolerance * size)
  })
})
