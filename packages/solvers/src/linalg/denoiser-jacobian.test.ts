import { grad } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, randomKey, scope } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { gaussianMixturePrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import type { Prior } from '../types.ts'
import {
  conjugateGradient,
  denoiserCovariance,
  denoiserJvp,
  hutchinsonDiagonal,
  hutchinsonTrace,
} from './index.ts'

const prior = gaussianMixturePrior({
  weights: [0.3, 0.7],
  means: [
    [-1, 0.5, 0, 1],
    [1, 0, 0.5, -1],
  ],
  covariances: {
    each: [
      [
        [0.3, 0.1, 0, 0],
        [0.1, 0.2, 0, 0],
        [0, 0, 0.4, 0.2],
        [0, 0, 0.2, 0.3],
      ],
      0.1,
    ],
  },
  shape: [1, 2, 2],
})
const [N, n] = [3, 4]
const times = [20, 300, 800]
const draw = (name: string) => normal(randomKey(5).fold(name), [N, 1, 2, 2], { dtype: 'float64' })
const [xt, v] = [draw('x'), draw('v')]
const rows = (x: Tensor) => {
  const all = Array.from(x.dataSync())
  return Array.from({ length: N }, (_, i) => all.slice(i * n, i * n + n))
}
const jacobians = (t: number) => rows(xt).map((x) => prior.jacobian(x, t))
const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-10) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(tolerance))
}
const product = (matrix: Matrix, x: number[]) => matrix.mmul(Matrix.columnVector(x)).to1DArray()

test('products both ways equal the exact Jacobian', () => {
  for (const t of times) {
    const exact = jacobians(t).map((J, i) => product(J, rows(v)[i]!))
    const { x0hat, pullback } = lookAt(prior, xt, t, true)
    expect(x0hat.shape).toEqual(xt.shape)
    expect(Array.from(x0hat.dataSync())).toEqual(Array.from(prior.denoise(xt, t).dataSync()))
    const backward = rows(pullback(v, { retain: true }))
    expect(rows(pullback(v))).toEqual(backward)
    expect(() => pullback(v)).toThrow(/has been used/)
    const forward = denoiserJvp(prior, xt, t, v)
    expect(Array.from(forward.x0hat.dataSync())).toEqual(Array.from(x0hat.dataSync()))
    exact.forEach((row, i) => {
      near(backward[i]!, row)
      near(rows(forward.tangent)[i]!, row)
    })
  }
})

test('the covariance of second-order Tweedie, in both modes', () => {
  for (const t of times) {
    const exact = rows(xt).map((x, i) => product(prior.given(x, t).covariance(), rows(v)[i]!))
    for (const mode of ['reverse', 'forward'] as const) {
      const covariance = denoiserCovariance(prior, xt, t, { mode })
      for (let again = 0; again < 2; again++)
        rows(covariance.times(v)).forEach((row, i) => near(row, exact[i]!))
      covariance.dispose()
      expect(() => covariance.times(v)).toThrow(/disposed/)
      expect(covariance.x0hat.shape).toEqual(xt.shape)
    }
  }
  expect(() => denoiserCovariance(prior, xt, prior.schedule.clean)).toThrow(/sigma is 0/)
})

test('of a Jacobian that is not symmetric, the modes are transposes', () => {
  const skew: Prior = {
    ...prior,
    denoise: (x) =>
      x
        .reshape([x.shape[0]!, 4])
        .slice(null, [1, 4])
        .sum(1, true)
        .mul(x.reshape([x.shape[0]!, 4]))
        .reshape(x.shape),
  }
  const u = draw('u')
  const forward = denoiserJvp(skew, xt, 300, v).tangent
  const backward = lookAt(skew, xt, 300, true).pullback(u)
  near(Array.from(forward.mul(u).sum().dataSync()), Array.from(backward.mul(v).sum().dataSync()))
  expect(rows(lookAt(skew, xt, 300, true).pullback(v))).not.toEqual(rows(forward))
})

test('estimated and inverted: trace and diagonal, and a solve with the covariance', () => {
  const t = 300
  const covariance = denoiserCovariance(prior, xt, t)
  const shape = prior.shape
  const keys = Array.from({ length: N }, (_, i) => randomKey(1).fold(i))
  const options = { keys, shape, probes: 60, dtype: 'float64' } as const
  const { trace, standardError } = hutchinsonTrace(covariance.times, options)
  const diagonal = rows(hutchinsonDiagonal(covariance.times, options))
  const solution = conjugateGradient((x) => covariance.times(x).add(x.mul(0.01)), v).x
  rows(xt).forEach((x, i) => {
    const exact = prior.given(x, t).covariance()
    expect(Math.abs(trace.dataSync()[i]! - exact.trace())).toBeLessThan(
      4 * standardError.dataSync()[i]! + 1e-12,
    )
    for (let j = 0; j < n; j++) {
      const off = exact.getRow(j).reduce((sum, a, k) => sum + (k === j ? 0 : a * a), 0)
      expect(Math.abs(diagonal[i]![j]! - exact.get(j, j))).toBeLessThan(4 * Math.sqrt(off / 60) + 1e-12)
    }
    near(product(exact.add(Matrix.eye(n, n, 0.01)), rows(solution)[i]!), rows(v)[i]!, 1e-8)
  })
  covariance.dispose()
})

test('differentiable, and no leaks', () => {
  const before = memory().tensors
  scope(() => {
    // ∇ ½‖x̂₀‖² = Jᵀx̂₀, through the pullback itself: a Hessian.
    const energy = (x: Tensor) => {
      const { x0hat, pullback } = lookAt(prior, x, 300, true)
      return pullback(x0hat.detach()).mul(v).sum()
    }
    const inner = (x: Tensor) => denoiserJvp(prior, x, 300, v).tangent.mul(prior.denoise(xt, 300)).sum()
    near(Array.from(grad(energy)(xt).dataSync()), Array.from(grad(inner)(xt).dataSync()), 1e-9)
    const { times, dispose } = denoiserCovariance(prior, xt, 300)
    times(v)
    dispose()
  })
  expect(memory().tensors).toBeLessThanOrEqual(before)
})
