import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, full, normal, randomKey, tensor, uniform } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { isLinear } from '../../types.ts'
import { motionKernel } from '../blur/motion-kernel.ts'
import { nonlinearBlur } from '../index.ts'
import { fromLight, toLight } from './nonlinear-blur-curve.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => uniform(randomKey(seed), shape, float64).mul(2).sub(1)

/** The curve of sRGB as the standard writes it. */
const decoded = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
const encoded = (l: number) => (l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055)

describe('the tone curve', () => {
  const values = [-0.5, 0, 0.01, 0.04, 0.0405, 0.2, 0.5, 1, 1.3]
  test('is that of sRGB, and its own inverse undoes it', () => {
    const light = toLight(tensor(values, float64))
    // The standard's constants are rounded: the pieces meet to 1e-8.
    list(light).forEach((l, i) => expect(Math.abs(l - decoded(values[i]!))).toBeLessThan(1e-8))
    list(fromLight(light)).forEach((v, i) => expect(v).toBeCloseTo(values[i]!, 13))
    list(fromLight(tensor(values.map(decoded), float64))).forEach((v, i) =>
      expect(Math.abs(v - values[i]!)).toBeLessThan(1e-6),
    )
    // Half of the light is 0.735 of the range, by the standard.
    expect(list(fromLight(tensor([0.5], float64)))[0]).toBeCloseTo(0.7353569, 6)
  })

  test('has finite slopes everywhere', () => {
    const at = tensor([-1, 0, 0.04045, 0.5], float64)
    const [, back] = vjp(fromLight, tensor([-1, 0, 0.002, 0.5], float64))
    list(back(at.mul(0).add(1))[0]).forEach((slope, i) =>
      expect(slope).toBeCloseTo(i < 3 ? 12.92 : (1.055 / 2.4) * 0.5 ** (1 / 2.4 - 1), 10),
    )
    const [, down] = vjp(toLight, tensor([-1, 0, 0.01, 0.5], float64))
    list(down(at.mul(0).add(1))[0]).forEach((slope, i) =>
      expect(slope).toBeCloseTo(i < 3 ? 1 / 12.92 : (2.4 / 1.055) * (0.555 / 1.055) ** 1.4, 10),
    )
  })
})

/** y pixel by pixel: each has a kernel of its own, blended of those of the corners. */
function direct(x: Tensor, size: number, seed: number, exposure: number): number[] {
  const [, c = 0, h = 0, w = 0] = x.shape
  const values = list(x)
  const key = randomKey(seed).fold('nonlinearBlur')
  const kernels = [0, 1, 2, 3].map((corner) => motionKernel(key.fold(corner), size, 0.5).data)
  const mirror = (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i)
  const middle = Math.floor(size / 2)
  const out: number[] = []
  for (let k = 0; k < c; k++) {
    for (let p = 0; p < h; p++) {
      for (let q = 0; q < w; q++) {
        const [down, right] = [p / (h - 1), q / (w - 1)]
        const weights = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
        let light = 0
        for (let a = 0; a < size; a++) {
          for (let b = 0; b < size; b++) {
            const tap = kernels.reduce((sum, kernel, i) => sum + weights[i]! * kernel[a * size + b]!, 0)
            const [i, j] = [mirror(p - a + middle, h), mirror(q - b + middle, w)]
            light += tap * decoded((values[(k * h + i) * w + j]! + 1) / 2)
          }
        }
        out.push(2 * encoded(Math.min(1, Math.max(0, exposure * light))) - 1)
      }
    }
  }
  return out
}

test.each([1, 3])('is what it says, pixel by pixel, at exposure %d', (exposure) => {
  const x = random(1, 1, 2, 9, 8)
  const y = list(nonlinearBlur([2, 9, 8], { size: 5, seed: 3, exposure }).forward(x))
  direct(x, 5, 3, exposure).forEach((value, i) => expect(Math.abs(value - y[i]!)).toBeLessThan(1e-6))
  expect(y.some((value) => value > 1 - 1e-12)).toBe(exposure > 1)
})

test('keeps constant images, and cuts off what is beyond black and white', () => {
  for (const boundary of ['reflect', 'symmetric', 'circular'] as const) {
    const operator = nonlinearBlur([1, 6, 7], { size: 4, boundary })
    for (const [level, expected] of [
      [-1, -1],
      [-0.99, -0.99],
      [0, 0],
      [0.7, 0.7],
      [1, 1],
      [1.5, 1],
      [-1.5, -1],
    ] as const) {
      list(operator.forward(full([1, 1, 6, 7], level, float64))).forEach((value) =>
        expect(value).toBeCloseTo(expected, 12),
      )
    }
  }
})

test('brightens edges: a mean of light is above a mean of values', () => {
  const x = fromData(
    Float64Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? 1 : -1)),
    [1, 1, 16, 16],
  )
  const y = list(nonlinearBlur([1, 16, 16], { size: 15, boundary: 'circular' }).forward(x))
  const mean = y.reduce((sum, value) => sum + value, 0) / 256
  // Of stripes of black and white the light is ½ on average, which sRGB shows as 0.735: 0.47 in [−1, 1].
  expect(mean).toBeGreaterThan(0.2)
  expect(mean).toBeLessThan(0.48)
})

test('is not linear; a seed fixes it; its gradient agrees with differences', () => {
  const operator = nonlinearBlur([1, 8, 8], { size: 5 })
  expect(isLinear(operator)).toBe(false)
  const x = random(2, 2, 1, 8, 8).mul(0.8)
  const y = operator.forward(x)
  expect(list(nonlinearBlur([1, 8, 8], { size: 5 }).forward(x))).toEqual(list(y))
  expect(list(nonlinearBlur([1, 8, 8], { size: 5, seed: 1 }).forward(x))).not.toEqual(list(y))
  const [v, w] = [normal(randomKey(3), [2, 1, 8, 8], float64), normal(randomKey(4), [2, 1, 8, 8], float64)]
  const [, back] = vjp(operator.forward, x)
  const dot = (a: Tensor, b: Tensor) => list(a.mul(b).sum())[0]!
  const h = 1e-5
  const ahead = operator.forward(x.add(v.mul(h))).sub(operator.forward(x.sub(v.mul(h))))
  expect(dot(back(w)[0], v)).toBeCloseTo(dot(ahead, w) / (2 * h), 6)
})
