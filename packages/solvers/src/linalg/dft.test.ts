import { checkGrads, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  concat,
  fromData,
  getDevice,
  memory,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  zeros,
} from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { dft2 } from './dft.ts'
import { hostDft2, unitRoot } from './host-dft.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const largest = (a: Tensor, b: Tensor) => a.sub(b).abs().max().dataSync()[0]!
const dot = (a: Tensor, b: Tensor) => a.mul(b).sum().dataSync()[0]!

/** By its formula, one axis after the other, with the angle of every pair of indices by itself. */
function byDefinition(
  z: Tensor,
  height: number,
  width: number,
  sign: number,
  origin: 'corner' | 'centre',
): number[] {
  const values = z.dataSync()
  const plane = height * width
  const along = (
    re: Float64Array,
    im: Float64Array,
    n: number,
    at: (line: number, j: number) => number,
    lines: number,
  ): [Float64Array, Float64Array] => {
    const zero = origin === 'centre' ? (n - (n % 2)) / 2 : 0
    const [outRe, outIm] = [new Float64Array(plane), new Float64Array(plane)]
    for (let line = 0; line < lines; line++) {
      for (let k = 0; k < n; k++) {
        for (let j = 0; j < n; j++) {
          const angle = (sign * 2 * Math.PI * (((j - zero) * (k - zero)) % n)) / n
          const [c, s, i] = [Math.cos(angle), Math.sin(angle), at(line, j)]
          outRe[at(line, k)]! += (re[i]! * c - im[i]! * s) / Math.sqrt(n)
          outIm[at(line, k)]! += (re[i]! * s + im[i]! * c) / Math.sqrt(n)
        }
      }
    }
    return [outRe, outIm]
  }
  const [re, im] = [Float64Array.from(values.slice(0, plane)), Float64Array.from(values.slice(plane))]
  const columns = along(re, im, height, (line, j) => j * width + line, width)
  return along(...columns, width, (line, j) => line * width + j, height).flatMap((part) => Array.from(part))
}

// Odd, even and prime, below and beyond the sides where a transform is split, squares and products far from square.
const sizes = [
  [1, 1],
  [1, 2],
  [5, 4],
  [7, 25],
  [27, 26],
  [36, 29],
  [34, 81],
  [96, 62],
] as const

describe.each(sizes)('of %d×%d', (height, width) => {
  const z = random(1, 2, height, width)
  const x = random(2, height, width)

  test.each(['corner', 'centre'] as const)('is the sum of its definition, about the %s', (origin) => {
    const { forward, inverse, forwardReal, inverseReal } = dft2(height, width, { origin })
    const spectrum = fromData(byDefinition(z, height, width, -1, origin), z.shape, float64)
    const back = fromData(byDefinition(z, height, width, 1, origin), z.shape, float64)
    expect(largest(forward(z), spectrum)).toBeLessThan(1e-12)
    expect(largest(inverse(z), back)).toBeLessThan(1e-12)
    expect(largest(inverseReal(z), back.slice(0))).toBeLessThan(1e-12)
    const complex = concat([x.reshape([1, height, width]), zeros([1, height, width], float64)])
    const real = fromData(byDefinition(complex, height, width, -1, origin), z.shape, float64)
    expect(largest(forwardReal(x), real)).toBeLessThan(1e-12)
  })

  test.each(['corner', 'centre'] as const)('is unitary about the %s', (origin) => {
    const { forward, inverse, forwardReal, inverseReal } = dft2(height, width, { origin })
    expect(largest(inverse(forward(z)), z)).toBeLessThan(1e-13)
    expect(largest(forward(inverse(z)), z)).toBeLessThan(1e-13)
    expect(largest(inverseReal(forwardReal(x)), x)).toBeLessThan(1e-13)
    expect(dot(forward(z), forward(z)) / dot(z, z)).toBeCloseTo(1, 13)
    const other = random(3, 2, height, width)
    expect(Math.abs(dot(forward(z), other) - dot(z, inverse(other)))).toBeLessThan(1e-11)
    expect(Math.abs(dot(forwardReal(x), other) - dot(x, inverseReal(other)))).toBeLessThan(1e-11)
  })

  test('its gradients are its adjoints', () => {
    const { forward, inverse, forwardReal, inverseReal } = dft2(height, width)
    const other = random(3, 2, height, width)
    const pulled = (f: (x: Tensor) => Tensor, at: Tensor, by: Tensor) => vjp(f, at)[1](by)[0]
    expect(largest(pulled(forward, z, other), inverse(other))).toBeLessThan(1e-12)
    expect(largest(pulled(inverse, z, other), forward(other))).toBeLessThan(1e-12)
    expect(largest(pulled(forwardReal, x, other), inverseReal(other))).toBeLessThan(1e-12)
    expect(largest(pulled(inverseReal, z, x), forwardReal(x))).toBeLessThan(1e-12)
  })

  test('in float32 on every device of the host; axes before the image are apart', () => {
    for (const device of ['wasm', 'reference']) {
      const maps = dft2(height, width, { origin: 'centre' })
      const batch = normal(randomKey(4), [2, 3, 2, height, width], { device: getDevice(device) })
      const spectra = maps.forward(batch)
      expect([spectra.dtype, spectra.device.name, spectra.shape]).toEqual(['float32', device, batch.shape])
      const truth = maps.forward(batch.cast('float64'))
      // Each number is a sum of 2·HW products; rounding of a sum of m terms in order is at most m/2 ulp of Σ|terms|.
      expect(largest(spectra.cast('float64'), truth)).toBeLessThan(2 ** -23 * height * width * 6)
      const alone = maps.forward(batch.slice([1, 2], [2, 3]))
      expect(Array.from(alone.dataSync())).toEqual(Array.from(spectra.slice([1, 2], [2, 3]).dataSync()))
      expect(maps.forwardReal(batch).shape).toEqual([2, 3, 2, 2, height, width])
      expect(maps.inverseReal(batch).shape).toEqual([2, 3, height, width])
    }
  })
})

test.each(sizes)('on the host, of %d×%d', (height, width) => {
  const z = random(7, 2, height, width)
  const v = z.dataSync()
  const plane = height * width
  const parts = { re: Float64Array.from(v.slice(0, plane)), im: Float64Array.from(v.slice(plane)) }
  const flat = (a: { re: Float64Array; im: Float64Array }) => fromData([...a.re, ...a.im], z.shape, float64)
  const { forward, inverse } = dft2(height, width)
  expect(largest(flat(hostDft2(parts, height, width)), forward(z))).toBeLessThan(1e-12)
  expect(largest(flat(hostDft2(parts, height, width, 1)), inverse(z))).toBeLessThan(1e-12)
})

test('roots of unity are exact in quarters', () => {
  expect([0, 3, 6, 9, 12, -3].map((t) => unitRoot(t, 12))).toEqual([
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
    [1, 0],
    [0, -1],
  ])
  expect(unitRoot(5, 12)[0]).toBeCloseTo(-Math.sqrt(3) / 2, 15)
  expect(unitRoot(5, 12)[1]).toBeCloseTo(0.5, 15)
})

test('numbers written out', () => {
  // [1, 2, 3, 4]: X = (10, −2 + 2i, −2, −2 − 2i)/2.
  const { forwardReal } = dft2(4, 1)
  const column = fromData([1, 2, 3, 4], [4, 1], float64)
  const spectrum = Array.from(forwardReal(column).dataSync())
  ;[5, -1, -1, -1, 0, 1, 0, -1].forEach((value, i) => expect(spectrum[i]).toBeCloseTo(value, 14))
  // One pixel in the middle has a real, flat spectrum about the centre.
  const pixel = fromData([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], [3, 4], float64)
  const flat = dft2(3, 4, { origin: 'centre' }).forwardReal(pixel)
  const expected = [...new Array<number>(12).fill(1 / Math.sqrt(12)), ...new Array<number>(12).fill(0)]
  Array.from(flat.dataSync()).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 14))
})

test('a second derivative', () => {
  const { forward } = dft2(3, 4)
  checkGrads((z: Tensor) => forward(z).square().square().sum(), [random(5, 2, 3, 4)], { order: 2 })
})

test('no images, wrong images, wrong sides', () => {
  const { forward, forwardReal } = dft2(3, 4)
  expect(forward(zeros([0, 2, 3, 4])).shape).toEqual([0, 2, 3, 4])
  expect(() => forward(zeros([3, 4]))).toThrow(ShapeError)
  expect(() => forward(zeros([2, 1, 3, 4]))).toThrow('dft2.forward: takes [… , 2, 3, 4]')
  expect(() => forwardReal(zeros([4, 3]))).toThrow('dft2.forwardReal: takes [… , 3, 4]')
  expect(() => dft2(0, 4)).toThrow(OptionError)
  expect(() => dft2(3, 2.5)).toThrow('width: must be an integer of at least 1, got 2.5')
})

test('leaves one tensor behind', () => {
  const { inverse } = dft2(30, 30)
  const z = random(6, 2, 30, 30)
  inverse(z).dispose() // makes the constants, which stay
  const before = memory().tensors
  inverse(z).dispose()
  expect(memory().tensors).toBe(before)
})
