import type { Tensor } from '@tweedie/tensor'
import {
  fromData,
  NonFiniteError,
  OptionError,
  ones,
  randomKey,
  ShapeError,
  tensor,
  uniform,
} from '@tweedie/tensor'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { conjugateGradient, operatorNorm } from '../../linalg/index.ts'
import type { LinearOperator } from '../../types.ts'
import type { BlurBoundary, ShownOperator } from '../index.ts'
import { blur, kernelBlur, motionBlur, uniformBlur } from '../index.ts'
import { motionKernel } from './motion-kernel.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => uniform(randomKey(seed), shape, float64)
const near = (actual: Tensor, expected: readonly number[], bound: number) => {
  expect(actual.size).toBe(expected.length)
  list(actual).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(bound))
}

/** Where a place beyond the border is found, one mirror after another; undefined for a zero. */
const beyond: Record<BlurBoundary, (i: number, n: number) => number | undefined> = {
  circular: (i, n) => ((i % n) + n) % n,
  zero: (i, n) => (i >= 0 && i < n ? i : undefined),
  valid: (i, n) => (i >= 0 && i < n ? i : undefined),
  reflect: (i, n) => {
    let at = i
    while (n > 1 && (at < 0 || at >= n)) at = at < 0 ? -at : 2 * (n - 1) - at
    return n === 1 ? 0 : at
  },
  symmetric: (i, n) => {
    let at = i
    while (at < 0 || at >= n) at = at < 0 ? -1 - at : 2 * n - 1 - at
    return at
  },
}

/** Σ k[a, b]·x[p − a + a₀, q − b + b₀], term by term. */
function direct(x: Tensor, kernel: Tensor, boundary: BlurBoundary): number[] {
  const [h = 0, w = 0] = x.shape.slice(-2)
  const [rows = 0, columns = 0] = kernel.shape
  const [values, taps] = [list(x), list(kernel)]
  const [a0, b0] = [Math.floor(rows / 2), Math.floor(columns / 2)]
  const out: number[] = []
  for (let p = 0; p < h; p++) {
    for (let q = 0; q < w; q++) {
      let inside = true
      let total = 0
      for (let a = 0; a < rows; a++) {
        for (let b = 0; b < columns; b++) {
          const i = beyond[boundary](p - a + a0, h)
          const j = beyond[boundary](q - b + b0, w)
          if (i === undefined || j === undefined) inside = false
          else total += taps[a * columns + b]! * values[i * w + j]!
        }
      }
      if (inside || boundary !== 'valid') out.push(total)
    }
  }
  return out
}

const boundaries = ['circular', 'zero', 'reflect', 'symmetric', 'valid'] as const
const kept = { sum: 'kept' } as const

describe.each(boundaries)('with the boundary %s', (boundary) => {
  test.each([
    [6, 5, 3, 3],
    [6, 7, 2, 5],
    [5, 4, 4, 1],
    [3, 2, 7, 8],
    [1, 3, 5, 4],
    [43, 50, 41, 42],
    [4, 9, 45, 44],
  ])('images of %d×%d, kernels of %d×%d: term by term', (h, w, rows, columns) => {
    const [x, kernel] = [random(1, 1, 1, h, w), random(2, rows, columns).sub(0.3)]
    if (boundary === 'valid' && (rows > h || columns > w)) {
      expect(() => kernelBlur([1, h, w], { kernel, boundary })).toThrow(OptionError)
      return
    }
    const operator = kernelBlur([1, h, w], { kernel, boundary, ...kept })
    const expected = direct(x, kernel, boundary)
    // Rounding grows with the norm of the map, at most Σ|k|, and that of the image with its border, whose values are at
    // most 1: eight times for a few transforms.
    const scale = 8 * list(kernel.abs().sum())[0]! * Math.sqrt((h + rows) * (w + columns))
    near(operator.forward(x), expected, 2 ** -53 * scale)
    near(operator.forward(x.cast('float32')), expected, 2 ** -24 * scale)
  })

  test('a separable kernel is the same by two matrices', () => {
    const shape = [2, 9, 8]
    const x = random(3, 2, ...shape)
    const gaussian = (size: number, std: number) => {
      const taps = Array.from({ length: size }, (_, i) =>
        Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * std ** 2)),
      )
      return tensor(taps, float64).div(taps.reduce((sum, tap) => sum + tap, 0))
    }
    const outer = gaussian(5, 1.5).reshape([5, 1]).mul(gaussian(5, 0.7))
    near(
      blur(shape, { size: 5, std: 1.5, stdX: 0.7, boundary }).forward(x),
      list(kernelBlur(shape, { kernel: outer, boundary }).forward(x)),
      1e-14,
    )
    for (const size of [3, 4]) {
      const kernel = ones([size, size], float64)
      near(
        uniformBlur(shape, { size, boundary }).forward(x),
        list(kernelBlur(shape, { kernel, boundary }).forward(x)),
        1e-14,
      )
    }
  })

  test('has a decomposition where the border is circular; conjugate gradients solve with the others', () => {
    const shape = [1, 12, 10]
    const operator = motionBlur(shape, { size: 5, seed: 2, boundary })
    expectTypeOf(operator).toExtend<LinearOperator & ShownOperator>()
    expect(operator.svd !== undefined).toBe(boundary === 'circular')
    const x = random(4, 1, ...shape)
    const right = operator.adjoint(operator.forward(x)).add(x.mul(0.01))
    const solved = conjugateGradient((v) => operator.adjoint(operator.forward(v)).add(v.mul(0.01)), right, {
      tolerance: 1e-13,
      maxIterations: 500,
    })
    near(solved.x, list(x), 1e-9)
    // Taps of sum 1 and no negative ones: the norm is 1 where constants are kept, at most 1 for zeros, and by
    // Schur's test at most √4 where every pixel counts at most four times.
    const norm = operatorNorm(operator)
    if (boundary === 'circular') expect(norm).toBeCloseTo(1, 12)
    else expect(norm).toBeLessThanOrEqual(boundary === 'zero' || boundary === 'valid' ? 1 + 1e-12 : 2)
    expect(norm).toBeGreaterThan(0.7)
  })
})

test('a cutoff removes the singular values that noise would drown', () => {
  const shape = [2, 8, 9]
  const full = motionBlur(shape, { size: 5 }).svd?.().singularValues ?? []
  const cut = motionBlur(shape, { size: 5, rcond: 0.2 }).svd?.().singularValues ?? []
  expect(full.length).toBe(144)
  full.forEach((s, i) => expect(cut[i]).toBe(s > 0.2 * Math.max(...full) ? s : 0))
  expect(cut.filter((s) => s === 0).length).toBeGreaterThan(2)
})

test('a point becomes the picture of the kernel, its middle on the point', () => {
  const kernel = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  for (const boundary of ['circular', 'zero', 'reflect', 'symmetric'] as const) {
    const operator = kernelBlur([1, 4, 5], { kernel, boundary, ...kept })
    const point = fromData(
      Float64Array.from({ length: 20 }, (_, i) => (i === 7 ? 1 : 0)),
      [1, 1, 4, 5],
    )
    // Row 1, column 2; the middle of two rows is the second.
    near(operator.forward(point), [0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1e-13)
  }
})

test('motion-blur convolves with the kernel of its seed', () => {
  const point = fromData(
    Float64Array.from({ length: 49 }, (_, i) => (i === 24 ? 1 : 0)),
    [1, 1, 7, 7],
  )
  for (const [seed, intensity] of [
    [0, 0.5],
    [3, 1],
  ] as const) {
    const { data } = motionKernel(randomKey(seed).fold('motionBlur'), 7, intensity)
    for (const boundary of ['circular', 'zero'] as const)
      near(
        motionBlur([1, 7, 7], { size: 7, seed, intensity, boundary }).forward(point),
        Array.from(data),
        1e-14,
      )
  }
})

test('a kernel is divided by its sum unless that is kept', () => {
  const x = ones([1, 1, 3, 3], float64)
  const kernel = tensor([[1, 3]], float64)
  near(kernelBlur([1, 3, 3], { kernel }).forward(x), new Array(9).fill(1), 1e-14)
  near(kernelBlur([1, 3, 3], { kernel, ...kept }).forward(x), new Array(9).fill(4), 1e-13)
  const slope = tensor([[1, -1]])
  expect(() => kernelBlur([1, 3, 3], { kernel: slope })).toThrow('kernel: has the sum 0')
  near(kernelBlur([1, 3, 3], { kernel: slope, ...kept }).forward(x), new Array(9).fill(0), 1e-14)
  expect(() => kernelBlur([1, 3, 3], { kernel: tensor([[1, NaN]]) })).toThrow(NonFiniteError)
  expect(() => kernelBlur([1, 3, 3], { kernel: tensor([1, 2]) })).toThrow(
    'kernel: must be a matrix [rows, columns], or a picture',
  )
  expect(() => kernelBlur([3, 3], { kernel })).toThrow(ShapeError)
  // A picture: the mean of its channels.
  const picture = tensor([[[1, 0]], [[0, 3]], [[2, 0]]], float64)
  const [fromPicture, plain] = [
    kernelBlur([1, 2, 4], { kernel: picture }),
    kernelBlur([1, 2, 4], { kernel: tensor([[1, 1]]) }),
  ]
  const z = random(6, 1, 1, 2, 4)
  near(fromPicture.forward(z), list(plain.forward(z)), 1e-14)
})

test('the disk of an unfocused lens', () => {
  // Of radius 3: pixels within 2.5 of the middle are 1, those from 3.5 on 0, and 3.5 − r between.
  const operator = kernelBlur([1, 7, 7])
  const point = fromData(
    Float64Array.from({ length: 49 }, (_, i) => (i === 24 ? 1 : 0)),
    [1, 1, 7, 7],
  )
  const disk = Array.from({ length: 49 }, (_, i) => {
    const r = Math.sqrt((Math.floor(i / 7) - 3) ** 2 + ((i % 7) - 3) ** 2)
    return r < 2.5 ? 1 : r > 3.5 ? 0 : 3.5 - r
  })
  const total = disk.reduce((sum, value) => sum + value, 0)
  near(
    operator.forward(point),
    disk.map((value) => value / total),
    1e-14,
  )
})

test('kernels of the literature, by numbers', () => {
  // DDRM: five taps of standard deviation 10; e^(−½(k/10)²) is 0.980199, 0.995012, 1.
  const point = fromData(Float64Array.of(0, 0, 1, 0, 0), [1, 1, 1, 5])
  const y = list(blur([1, 1, 5], { size: 5, std: 1, stdX: 10 }).forward(point))
  const sum = 1 + 2 * (0.98019867 + 0.99501248)
  for (const [i, tap] of [0.98019867, 0.99501248, 1, 0.99501248, 0.98019867].entries())
    expect(y[i]).toBeCloseTo(tap / sum, 8)
  // Uniform: nine ninths.
  near(uniformBlur([1, 20, 20]).forward(ones([1, 1, 20, 20], float64)), new Array(400).fill(1), 1e-13)
  expect(uniformBlur([1, 20, 20], { boundary: 'valid' }).outShape).toEqual([1, 12, 12])
})
