import { eye, fromData, normal, randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { matrixOperator } from '../operators/index.ts'
import { hostMatrix } from './host-matrix.ts'
import { completeBasis, wideSvd } from './matrix-svd.ts'
import { reflectedBasis, reflectedMaps } from './reflected-basis.ts'

const f64 = { dtype: 'float64' } as const
const random = (rows: number, columns: number, seed: number) => normal(randomKey(seed), [rows, columns], f64)

test.each([
  [1, 1, 1],
  [5, 1, 2],
  [7, 3, 3],
  [60, 6, 4],
  [90, 4, 5],
])('V and Vᵀ by reflections are those written out: n = %i, r = %i', (n, r, seed) => {
  const first =
    r < n
      ? wideSvd(hostMatrix('test', random(r, n, seed))).first
      : { rows: 1, columns: 1, data: Float64Array.of(-1) }
  const dense = completeBasis(first).data
  const { v, vt } = reflectedMaps(reflectedBasis(first), [n])
  const [across, along] = [v(eye(n, f64)), vt(eye(n, f64))].map((rows) => rows.dataSync())
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      // Row i of the image of the identity is column i.
      expect(Math.abs(across![i * n + j]! - dense[j * n + i]!)).toBeLessThan(1e-13)
      expect(Math.abs(along![i * n + j]! - dense[i * n + j]!)).toBeLessThan(1e-13)
    }
})

test('the decomposition of a wide matrix gives its map back, with bases that are orthonormal', () => {
  const [m, n] = [4, 120]
  const a = random(m, n, 6)
  const operator = matrixOperator(a, { inShape: [2, 60] })
  const { singularValues, v, vt, u, ut } = operator.svd()
  const x = random(3, n, 7)
  const near = (p: ArrayLike<number>, q: ArrayLike<number>) => {
    expect(p.length).toBe(q.length)
    for (let i = 0; i < p.length; i++) expect(Math.abs(p[i]! - q[i]!)).toBeLessThan(1e-12)
  }
  const picture = x.reshape([3, 2, 60])
  const scaled = vt(picture).mul(fromData(singularValues, [1, n], f64))
  near(u(scaled).dataSync(), operator.forward(picture).dataSync())
  near(v(vt(picture)).dataSync(), x.dataSync())
  near(vt(v(x)).dataSync(), x.dataSync())
  expect(v(x).shape).toEqual([3, 2, 60])
  const y = random(3, m, 8)
  near(u(ut(y)).dataSync(), y.dataSync())
  near(operator.forward(operator.pinv(y)).dataSync(), y.dataSync())
})
