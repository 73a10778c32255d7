import { describe, expect, test } from 'vitest'
import type { Conv2dParams } from '../../../primitives.ts'
import { dense, fill } from '../../oracle.test.helper.ts'
import type { Matrices, Matrix } from './bound.test.helper.ts'
import { forwardBound, matricesOf, sandwich, transposed, weightGradientBound } from './bound.test.helper.ts'

const params: Conv2dParams = {
  ...{ stride: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 },
  padding: [
    [0, 0],
    [0, 0],
  ],
}

const squareOf = (values: ArrayLike<number>): Matrix => {
  const n = Math.sqrt(values.length)
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => values[i * n + j]!))
}
const times = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((x, j) => x * b[i]![j]!))

/** One tile in float64: m² outputs of a 3×3 kernel over (m + 2)² inputs. */
const forward = ({ output, weight, input }: Matrices, d: Matrix, g: Matrix): Matrix =>
  sandwich(output, times(sandwich(weight, g), sandwich(input, d)))

/** One tile in float64: 3×3 gradients of the weights by m² output gradients. */
const backward = ({ output, weight, input }: Matrices, d: Matrix, dy: Matrix): Matrix =>
  sandwich(transposed(weight), times(sandwich(transposed(output), dy), sandwich(input, d)))

/** Σ d[i + k, j + l]·g[k, l]. */
function correlation(d: Matrix, g: Matrix): Matrix {
  const extent = Array.from({ length: d.length - g.length + 1 }, (_, i) => i)
  return extent.map((i) =>
    extent.map((j) =>
      g.reduce((sum, row, k) => sum + row.reduce((part, v, l) => part + v * d[i + k]![j + l]!, 0), 0),
    ),
  )
}

const worst = (a: Matrix, b: Matrix, unit: (i: number) => number): number =>
  Math.max(...a.flat().map((x, i) => Math.abs(x - b.flat()[i]!) / unit(i)))

describe.each([2, 4] as const)('F(%d×·, 3×3)', (size) => {
  const exact = matricesOf(size)
  const tiles = Array.from({ length: 8 }, (_, seed) => ({
    d: fill('float32', (size + 2) ** 2, 3 * seed),
    g: fill('float32', 9, 3 * seed + 1),
    dy: fill('float32', size ** 2, 3 * seed + 2),
  }))

  test('the matrices compute the convolution and the gradient of its weights', () => {
    for (const { d, g, dy } of tiles) {
      const [patch, kernel, gradient] = [squareOf(d), squareOf(g), squareOf(dy)]
      expect(worst(forward(exact, patch, kernel), correlation(patch, kernel), () => 1)).toBeLessThan(1e-12)
      expect(worst(backward(exact, patch, gradient), correlation(patch, gradient), () => 1)).toBeLessThan(
        1e-12,
      )
    }
  })

  const wrong = (['input', 'weight', 'output'] as const).flatMap((name) =>
    exact[name].flatMap((row, i) =>
      row.flatMap((value, j) => {
        if (value === 0) return []
        const changed = exact[name].map((r, k) =>
          r.map((x, l) => (k === i && l === j ? x * (1 + 2 ** -11) : x)),
        )
        return [{ name, i, j, matrices: { ...exact, [name]: changed } }]
      }),
    ),
  )

  test.each(wrong)('the bounds see entry $i, $j of the $name matrix off by 2⁻¹¹', ({ matrices }) => {
    const seen = tiles.map(({ d, g, dy }) => {
      const x = dense([1, 1, size + 2, size + 2], d)
      const ofForward = forwardBound(size, x, dense([1, 1, 3, 3], g), params)
      const ofGradient = weightGradientBound(size, x, dense([1, 1, size, size], dy), params)
      const [patch, kernel, gradient] = [squareOf(d), squareOf(g), squareOf(dy)]
      return [
        worst(forward(matrices, patch, kernel), correlation(patch, kernel), (i) => ofForward[i]!),
        worst(backward(matrices, patch, gradient), correlation(patch, gradient), (i) => ofGradient[i]!),
      ] as const
    })
    expect(Math.max(...seen.map(([y]) => y))).toBeGreaterThan(1)
    expect(Math.max(...seen.map(([, dg]) => dg))).toBeGreaterThan(1)
  })
})
