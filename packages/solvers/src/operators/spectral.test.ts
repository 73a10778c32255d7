import { vjp } from '@tweedie/autograd'
import { eye, fromData, scope, sizeOf, transpose } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { denseMatrix, hostMatrix, matrixSvd, operatorNorm, powerIteration } from '../linalg/index.ts'
import { batch, close, dot, norm, spectralCases } from './cases.test.helper.ts'
import type { SpectralOperator } from './index.ts'

/** The singular values, as a tensor that multiplies coordinates. */
const sigma = (operator: SpectralOperator) => {
  const { singularValues } = operator.svd()
  return fromData(singularValues, [singularValues.length])
}
const seen = (operator: SpectralOperator) => {
  const { singularValues } = operator.svd()
  return fromData(
    singularValues.map((s) => (s > 0 ? 1 : 0)),
    [singularValues.length],
  )
}

describe.each(spectralCases)('%s', (_name, arbitrary) => {
  const holds = (property: (operator: SpectralOperator, seed: number) => void, numRuns = 40) =>
    fc.assert(
      fc.property(arbitrary, fc.nat(1e6), ({ operator }, seed) => scope(() => property(operator, seed))),
      { numRuns },
    )

  test('A = UΣVᵀ with V orthogonal, U orthonormal where A sees, 0 elsewhere', () => {
    holds((operator, seed) => {
      const { singularValues, vt, v, ut, u } = operator.svd()
      const n = sizeOf(operator.inShape)
      expect(singularValues.length).toBe(n)
      expect(singularValues.every((s) => s >= 0 && Number.isFinite(s))).toBe(true)
      const [s, sees] = [sigma(operator), seen(operator)]
      const basis = eye(n, { dtype: 'float64' })
      const unit = basis.reshape([n, ...operator.inShape])
      // Rows of these are images of unit vectors: VVᵀ = VᵀV = I, UᵀU = diag(seen), A = UΣVᵀ.
      close(vt(v(basis)), basis, 1e-10)
      close(v(vt(unit)), unit, 1e-10)
      close(ut(u(basis)), basis.mul(sees), 1e-10)
      close(u(vt(unit).mul(s)), operator.forward(unit), 1e-10 * (1 + operatorNorm(operator)))
      // Vᵀ and Uᵀ are the transposes; what A does not see counts on neither side.
      const [x, y, c] = [
        batch(operator.inShape, seed),
        batch(operator.outShape, seed + 1),
        batch([n], seed + 2),
      ]
      const slack = 1e-12 * (norm(x) + norm(y)) * norm(c)
      expect(Math.abs(dot(v(c), x) - dot(c, vt(x)))).toBeLessThanOrEqual(slack)
      expect(Math.abs(dot(u(c), y) - dot(c, ut(y)))).toBeLessThanOrEqual(slack)
      close(u(c), u(c.mul(sees)), 0)
      expect(Array.from(ut(y).mul(sees.sub(1)).dataSync()).every((value) => value === 0)).toBe(true)
      // Range of A: the part of y that U does not reach is across it.
      close(operator.adjoint(y), v(ut(y).mul(s)), 1e-10 * (1 + operatorNorm(operator)) * norm(y))
    })
  })

  test('its singular values and norm are those of its matrix', () => {
    holds((operator) => {
      const dense = matrixSvd(hostMatrix('test', denseMatrix(operator)))
      const top = dense.s[0]!
      const mine = operator.svd().singularValues.toSorted((a, b) => b - a)
      mine.forEach((s, i) => expect(Math.abs(s - dense.s[i]!)).toBeLessThanOrEqual(1e-12 * (1 + top)))
      expect(operatorNorm(operator)).toBeCloseTo(top, 11)
      const iterated = powerIteration(operator)
      expect(iterated).toBeLessThanOrEqual(top * (1 + 1e-12))
      expect(iterated).toBeGreaterThanOrEqual(top * 0.95)
    }, 12)
  })

  test('A⁺ meets the four conditions of Moore and Penrose', () => {
    holds((operator) => {
      const { forward, pinv } = operator
      const values = operator.svd().singularValues.filter((s) => s > 0)
      const [n, m] = [sizeOf(operator.inShape), operator.observed]
      const [x, y] = [eye(n, { dtype: 'float64' }), eye(m, { dtype: 'float64' })]
      const a = forward(x.reshape([n, ...operator.inShape]))
      const plus = pinv(y.reshape([m, ...operator.outShape]))
      const top = values.reduce((p, q) => Math.max(p, q), 0)
      const least = values.reduce((p, q) => Math.min(p, q), Infinity)
      if (values.length === 0) return close(plus, plus.mul(0), 0)
      const rounding = 1e-14 * (n + m) * (top / least)
      close(forward(pinv(a)), a, rounding * top)
      close(pinv(forward(plus)), plus, rounding / least)
      const [projection, across] = [forward(plus).reshape([m, m]), pinv(a).reshape([n, n])]
      close(projection, transpose(projection), rounding)
      close(across, transpose(across), rounding)
    })
  })

  test('gradients flow through the pseudo-inverse and the coordinates', () => {
    holds((operator, seed) => {
      const { vt, v, ut } = operator.svd()
      const [x, y] = [batch(operator.inShape, seed), batch(operator.outShape, seed + 1)]
      const c = vt(x)
      const scale = 1e-10 * (norm(x) + norm(y))
      close(vjp(vt, x)[1](c)[0]!, v(c), scale)
      close(vjp(v, c)[1](x)[0]!, c, scale)
      expect(Math.abs(dot(vjp(ut, y)[1](c)[0]!, y) - dot(c, ut(y)))).toBeLessThanOrEqual(scale * norm(c))
      const [restored, pullback] = vjp(operator.pinv, y)
      const slack = 1e-12 * norm(restored) * norm(x) + 1e-12 * norm(y) * norm(x)
      expect(Math.abs(dot(restored, x) - dot(y, pullback(x)[0]!))).toBeLessThanOrEqual(1e3 * slack)
    }, 20)
  })

  test('in float32, A⁺Ax is a solution too', () => {
    holds((operator, seed) => {
      const x = batch(operator.inShape, seed, 'float32')
      const y = operator.forward(x)
      close(operator.forward(operator.pinv(y)), y, 1e-4 * operatorNorm(operator) * norm(x))
    })
  })
})
