import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, ShapeError, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { besselZero, inverseScattering } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())

describe('J₀ and Y₀', () => {
  // SciPy 1's j0 and y0 (cephes), whose own error is below 1e-15.
  test.each([
    [0.1, 0.99750156206604, -1.5342386513503667],
    [1, 0.7651976865579665, 0.08825696421567697],
    [2.404825557695773, 0, 0.5099243834484792],
    [5, -0.1775967713143383, -0.30851762524903303],
    [10, -0.24593576445134832, 0.05567116728359961],
    [24.9, 0.08324596835301536, -0.1364991839967653],
    [25.1, 0.10827567149994938, -0.11676770763803707],
    [50, 0.055812327669252086, -0.09806499547007692],
    [1000, 0.02478668615242003, 0.004715917977623586],
  ])('at %d', (x, j0, y0) => {
    const [j, y] = besselZero(x)
    expect(Math.abs(j - j0)).toBeLessThan(4e-15)
    expect(Math.abs(y - y0)).toBeLessThan(4e-15)
  })

  test('solve their equation: x²f″ + xf′ + x²f = 0, across the change of formula', () => {
    for (const x of [0.5, 3, 11, 24.99, 25, 25.01, 80])
      for (const which of [0, 1] as const) {
        const h = 1e-3
        const f = (at: number) => besselZero(at)[which]
        const second = (f(x + h) - 2 * f(x) + f(x - h)) / h ** 2
        const first = (f(x + h) - f(x - h)) / (2 * h)
        // Differences of rounded numbers: 4·2⁻⁵²/h² ≈ 1e-9, and h²/12·f⁗, at 0.5 up to 6·2/π/0.5⁴·h²/12.
        expect(Math.abs(second + first / x + f(x))).toBeLessThan(1e-5)
      }
  })
})

describe('inverse scattering', () => {
  test('one pixel, by the formula', () => {
    // 3×3 pixels on 0.3 m: the circle of 1 m is 10 pixels away. Pixel (0, 2) lies at (1, 1).
    const operator = inverseScattering([1, 3, 3], {
      transmitters: 2,
      receivers: 4,
      wavelength: 5,
      radius: 1,
      side: 0.3,
    })
    const x = tensor([[[[0, 0, 2], [0, 0, 0], [0, 0, 0]]]], float64) // biome-ignore format: a picture
    const y = list(operator.forward(x))
    const k = (2 * Math.PI) / 5
    const g = (px: number, py: number): readonly [number, number] => {
      const [j0, y0] = besselZero(k * Math.hypot(px - 1, py - 1))
      return [-y0 / 4, j0 / 4]
    }
    const transmitters = [g(10, 0), g(-10, 0)]
    const receivers = [g(10, 0), g(0, 10), g(-10, 0), g(0, -10)]
    transmitters.forEach(([a, b], t) =>
      receivers.forEach(([c, d], r) => {
        expect(y[4 * t + r]).toBeCloseTo(2 * k ** 2 * (a * c - b * d), 14)
        expect(y[8 + 4 * t + r]).toBeCloseTo(2 * k ** 2 * (a * d + b * c), 14)
      }),
    )
  })

  test('what is sent and what is heard may change places', () => {
    const operator = inverseScattering([1, 4, 5], { transmitters: 5, receivers: 5, radius: 0.3 })
    const x = fromData(
      Array.from({ length: 20 }, (_, i) => Math.sin(3 * i)),
      [1, 1, 4, 5],
      float64,
    )
    const y = operator.forward(x)
    const swapped = list(y.transpose([0, 1, 2, 4, 3]))
    list(y).forEach((v, i) => expect(v).toBeCloseTo(swapped[i]!, 14))
    const doubled = inverseScattering([1, 4, 5], {
      transmitters: 5,
      receivers: 5,
      radius: 0.3,
      scale: 2,
    }).forward(x)
    list(doubled).forEach((v, i) => expect(v).toBeCloseTo(2 * list(y)[i]!, 14))
  })

  test('shows Aᵀy on the scale of the picture: a pixel, seen from all around, where it is', () => {
    const operator = inverseScattering([1, 9, 9], { transmitters: 24, receivers: 24, wavelength: 4 })
    const at = Array.from({ length: 81 }, (_, i) => (i === 30 ? 1 : 0))
    const shown = list(operator.display(operator.forward(fromData(at, [1, 1, 9, 9], float64))))
    expect(shown.indexOf(Math.max(...shown))).toBe(30)
    // The power that reaches a pixel is nearly the same everywhere, 80 pixels from the circle.
    expect(Math.abs(shown[30]! - 1)).toBeLessThan(0.05)
  })

  test('shapes, decomposition and what does not fit', () => {
    expect(inverseScattering([3, 28, 28], { receivers: 60 }).outShape).toEqual([3, 2, 20, 60])
    expect('svd' in inverseScattering([1, 16, 16])).toBe(true)
    expect('svd' in inverseScattering([1, 17, 16])).toBe(false)
    expect(() => inverseScattering([1, 8, 8], { radius: 0.1 })).toThrow(OptionError)
    expect(() => inverseScattering([8, 8])).toThrow(ShapeError)
    expect(() => inverseScattering([1, 4, 4]).forward(zeros([1, 1, 4, 5]))).toThrow(ShapeError)
  })
})
