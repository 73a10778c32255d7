import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conv2d, matmul, normal, randomKey, scope, silu } from '../../index.ts'

const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean())
const draw = (name: string, shape: number[]) => normal(randomKey(5).fold(name), shape, { device: 'wasm' })

describe('an epilogue gives the bits of its composition', () => {
  test('after a convolution', () => {
    const sizes = fc.tuple(...[3, 40, 11, 12, 12].map((max) => fc.integer({ min: 1, max })))
    fc.assert(
      fc.property(sizes, flags, fc.integer({ min: 1, max: 2 }), ([n, c, o, h, w], [b, r, s], lhsDilation) =>
        scope(() => {
          const [x, k] = [draw('x', [n!, c!, h!, w!]), draw('k', [o!, c!, 3, 3])]
          const geometry = { padding: 1, lhsDilation }
          let expected = conv2d(x, k, geometry)
          const [bias, residual] = [draw('b', [o!]), draw('r', [...expected.shape])]
          if (b) expected = expected.add(bias.reshape([1, o!, 1, 1]))
          if (r) expected = expected.add(residual)
          if (s) expected = silu(expected)
          const rest = {
            ...(b && { bias }),
            ...(r && { residual }),
            ...(s && { activation: 'silu' as const }),
          }
          expect(conv2d(x, k, { ...geometry, ...rest }).dataSync()).toEqual(expected.dataSync())
        }),
      ),
      { numRuns: 200 },
    )
  })

  test('after a matrix product', () => {
    const sizes = fc.tuple(...[3, 21, 400, 35].map((max) => fc.integer({ min: 1, max })))
    fc.assert(
      fc.property(sizes, flags, fc.boolean(), ([batch, m, k, n], [b, r, s], rows) =>
        scope(() => {
          const [x, y] = [draw('x', [m!, k!]), draw('y', [batch!, k!, n!])]
          let expected = matmul(x, y)
          const [bias, residual] = [draw('b', rows ? [m!, 1] : [n!]), draw('r', [...expected.shape])]
          if (b) expected = expected.add(bias)
          if (r) expected = expected.add(residual)
          if (s) expected = silu(expected)
          const rest = {
            ...(b && { bias }),
            ...(r && { residual }),
            ...(s && { activation: 'silu' as const }),
          }
          expect(matmul(x, y, rest).dataSync()).toEqual(expected.dataSync())
        }),
      ),
      { numRuns: 200 },
    )
  })
})
