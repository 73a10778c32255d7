import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { denseMatrix } from '../../linalg/index.ts'
import type { Blind, Operator } from '../../types.ts'
import { batch, close, norm } from '../cases.test.helper.ts'
import {
  blindBlur,
  compose,
  linearOperator,
  matrixOperator,
  operatorFromSpec,
  sr,
  unknownGain,
} from '../index.ts'
import { gaussianKernel, kernelFamily, motionKernel } from './kernels.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const near = (x: Tensor, expected: readonly number[], digits = 12) => {
  expect(x.size).toBe(expected.length)
  list(x).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, digits))
}
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

function blindOf({ blind }: Operator): Blind {
  if (blind === undefined) throw new Error('nothing is unknown')
  return blind
}

/** y(p) = Σ_j k(j)·x(p − j), by loops. */
function byHand(x: number[], h: number, w: number, k: number[], size: number): number[] {
  const r = (size - 1) / 2
  const mod = (i: number, n: number) => ((i % n) + n) % n
  return x.map((_, p) => {
    const [i, j] = [Math.floor(p / w), p % w]
    let total = 0
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        total += k[a * size + b]! * x[mod(i - (a - r), h) * w + mod(j - (b - r), w)]!
    return total
  })
}

describe('a blur by an unknown kernel', () => {
  test('is the circular convolution, sample by sample, channel by channel', () => {
    const side = fc.integer({ min: 1, max: 7 })
    const size = fc.constantFrom(1, 3, 5)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), side, side, size, fc.nat(1e6), (c, h, w, size, seed) => {
        const blind = blindOf(blindBlur([c, h, w], { size }))
        const [x, k] = [batch([c, h, w], seed), batch([size, size], seed + 1)]
        const y = blind.apply(x, k)
        const expected = Array.from({ length: 2 }, (_, n) =>
          Array.from({ length: c }, (_, channel) =>
            byHand(list(x.slice(n, channel)), h, w, list(k.slice(n)), size),
          ),
        ).flat(2)
        close(y, fromData(expected, y.shape, float64), 1e-12 * norm(x) * norm(k) * size)
        // One kernel goes with any batch, and the operator at it computes the same bits.
        const one = k.slice([0, 1])
        close(blind.at(one).forward(x), blind.apply(x, one), 0)
        close(blind.apply(x, one).slice([0, 1]), y.slice([0, 1]), 1e-13 * norm(y))
      }),
      { numRuns: 60 },
    )
  })

  test('by hand: the tap to the right of the middle moves a picture to the right', () => {
    const blind = blindOf(blindBlur([1, 2, 3], { size: 3 }))
    const kernel = tensor([[[0, 0, 0], [0, 0, 1], [0, 0, 0]]], float64) // biome-ignore format: a kernel
    const x = tensor([[[[1, 2, 3], [4, 5, 6]]]], float64) // biome-ignore format: a picture
    near(blind.apply(x, kernel), [3, 1, 2, 6, 4, 5])
  })

  test('is differentiable in the picture and in the kernel', () => {
    const blind = blindOf(blindBlur([2, 4, 5], { size: 3 }))
    checkGrads(
      (x: Tensor, k: Tensor) => blind.apply(x, k).square().sum(),
      [random(1, 2, 2, 4, 5), random(2, 2, 3, 3)],
    )
    checkGrads((p: Tensor) => blind.decode(p).square().sum(), [random(3, 2, 3, 3).abs()])
  })

  test('forward has the true kernel: a Gaussian, a motion, one given', () => {
    const picture = batch([1, 7, 6], 3)
    const by = (spec: string) => operatorFromSpec(`blind-blur:${spec}`, [1, 7, 6]).forward(picture)
    const gaussian = operatorFromSpec('blur:size=5,std=0.8', [1, 7, 6]).forward(picture)
    close(by('size=5,std=0.8'), gaussian, 1e-12 * norm(picture))
    close(by('size=3,kernel=motion,length=3,angle=0'), by('size=3,kernel=motion,length=3,angle=180'), 1e-12)
    const truth = tensor([[0, 0, 0], [0, 3, 1], [0, 0, 0]], float64) // biome-ignore format: a kernel
    const given = blindBlur([1, 7, 6], { size: 3, truth })
    const third = fromData([0, 0, 0, 0, 0.75, 0.25, 0, 0, 0], [1, 3, 3], float64)
    close(given.forward(picture), blindOf(given).apply(picture, third), 1e-13)
    expect(() => blindBlur([1, 7, 6], { size: 5, truth })).toThrow(OptionError)
    expect(() => blindBlur([1, 7, 6], { size: 3, truth: truth.sub(1) })).toThrow('sum above 0')
  })

  test('projects: nothing negative, sum 1, and what is so already stays', () => {
    const blind = blindOf(blindBlur([1, 4, 4], { size: 3 }))
    const k = random(5, 4, 3, 3)
    const p = blind.project(k)
    expect(Math.min(...list(p))).toBe(0)
    for (let n = 0; n < 4; n++) expect(sum(list(p.slice(n)))).toBeCloseTo(1, 14)
    list(k).forEach((v, i) => expect(v > 0).toBe(list(p)[i]! > 0))
    close(blind.project(p), p, 1e-15)
    near(blind.project(tensor([[[-1, -1, -1], [-2, 0, 0], [0, 0, 0]]], float64)), Array(9).fill(1 / 9)) // biome-ignore format: a kernel
    near(blind.normalise(tensor([[[1, -1, 2], [0, 0, 0], [0, 0, 2]]], float64)), [0.25, -0.25, 0.5, 0, 0, 0, 0, 0, 0.5]) // biome-ignore format: a kernel
    // Black is 0, white the largest: of a picture of two white pixels each is a half.
    near(blind.decode(tensor([[[-1, -1, 1], [1, -1, -1], [-1, -1, -1]]], float64)), [0, 0, 0.5, 0.5, 0, 0, 0, 0, 0]) // biome-ignore format: a kernel
  })

  test('its examples are pictures of kernels, and it begins with one', () => {
    for (const size of [1, 3, 9, 13]) {
      const blind = blindOf(blindBlur([1, 4, 4], { size }))
      expect(blind.shape).toEqual([size, size])
      expect(sum([...blind.initial])).toBeCloseTo(1, 12)
      const family = kernelFamily(size)
      expect(blind.examples.length).toBe(family.length)
      blind.examples.forEach((picture, i) => {
        expect(Math.max(...picture)).toBe(1)
        expect(Math.min(...picture)).toBeGreaterThanOrEqual(-1)
        near(blind.decode(fromData(picture, [1, size, size])), [...family[i]!])
      })
      expect(new Set(family.map((k) => k.map((v) => Math.fround(v)).join())).size).toBe(family.length)
    }
  })
})

describe('kernels', () => {
  test('a motion along a row, a column and a diagonal', () => {
    const quarter = motionKernel(5, 5, 0)
    // 16·5 + 1 points from −2 to 2 in steps of 1/20, each shared by two pixels: a hat of 20 steps a side sums to 20.
    const end = (21 * 20 - 190 - 20) / 20 // Σ_{k=0}^{20} (1 − k/20) = 10.5 at an end
    expect(end).toBe(10.5)
    const total = 81
    const middle = [10.5, 20, 20, 20, 10.5].map((v) => v / total)
    expect([...quarter.slice(10, 15)].map((v) => v.toFixed(12))).toEqual(middle.map((v) => v.toFixed(12)))
    expect(sum([...quarter.slice(0, 10), ...quarter.slice(15)])).toBe(0)
    const upright = motionKernel(5, 5, 90)
    for (let i = 0; i < 5; i++) expect(upright[5 * i + 2]).toBeCloseTo(middle[i]!, 12)
    const slanted = motionKernel(5, 5, 45) // counter-clockwise: up at the right
    expect(slanted[8]).toBeGreaterThan(0.1)
    expect(slanted[6]).toBeLessThan(0.01)
    expect([...motionKernel(3, 1, 30)]).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0])
  })

  test('a Gaussian', () => {
    const e = Math.exp(-0.5 / 0.49)
    const total = (1 + 2 * e) ** 2
    expect(gaussianKernel(3, 0.7)[4]).toBeCloseTo(1 / total, 14)
    expect(gaussianKernel(3, 0.7)[1]).toBeCloseTo(e / total, 14)
    expect(gaussianKernel(3, 0.7)[8]).toBeCloseTo((e * e) / total, 14)
  })
})

describe('an unknown gain', () => {
  const A = matrixOperator(random(1, 2, 3))
  test('multiplies, each sample by its own; the decomposition follows, for negative gains as well', () => {
    const blind = blindOf(unknownGain(A, 2))
    const x = random(2, 2, 3)
    close(unknownGain(A, 2).forward(x), A.forward(x).mul(2), 0)
    close(
      blind.apply(x, tensor([[3], [-0.5]], float64)),
      A.forward(x).mul(tensor([[3], [-0.5]], float64)),
      1e-15,
    )
    for (const g of [2, -0.5, 0]) {
      const at = blind.at(tensor([[g]], float64))
      close(denseMatrix(at), denseMatrix(A).mul(g), 1e-14)
    }
    near(blind.project(tensor([[-1], [2]])), [0, 2])
  })

  test('of a measurement that is not linear stays one', () => {
    const square: Operator = { name: 'square', inShape: [3], outShape: [3], forward: (v) => v.square() }
    const at = blindOf(unknownGain(square)).at(tensor([[2]], float64))
    near(at.forward(tensor([[1, 2, 3]], float64)), [2, 8, 18])
    expect('adjoint' in at).toBe(false)
  })
})

describe('composed', () => {
  const [x, k] = [batch([1, 4, 6], 1), batch([3, 3], 2)]
  const b = blindBlur([1, 4, 6], { size: 3 })
  const a = sr([1, 4, 6], { factor: 2 })
  test('what is unknown of one factor is of the whole', () => {
    const camera = compose(a, b)
    close(camera.forward(x), a.forward(b.forward(x)), 0)
    close(blindOf(camera).apply(x, k), a.forward(blindOf(b).apply(x, k)), 0)
    const one = k.slice([0, 1])
    close(blindOf(camera).at(one).forward(x), blindOf(camera).apply(x, one), 0)
    const flipped = linearOperator('flip', {
      inShape: [1, 4, 6],
      outShape: [1, 4, 6],
      forward: (v) => v.slice(null, null, null, [null, null, -1]),
    })
    const other = compose(b, flipped)
    close(blindOf(other).apply(x, k), blindOf(b).apply(flipped.forward(x), k), 0)
    close(blindOf(other).at(one).forward(x), blindOf(other).apply(x, one), 0)
  })
  test('is linear in what is unknown where all that comes after is linear', () => {
    const square: Operator = {
      name: 'square',
      inShape: b.outShape,
      outShape: b.outShape,
      forward: (v) => v.square(),
    }
    const linear = (operator: Operator) => blindOf(operator).linear
    expect([compose(a, b), compose(b, square), compose(square, b)].map(linear)).toEqual([true, true, false])
    expect(linear(unknownGain(square))).toBe(true)
  })
  test('has no gradient where one factor has none', () => {
    const rounded = { ...a, differentiable: false }
    expect(
      [
        compose(rounded, b),
        compose(a, b),
        compose(b, {
          name: 'rounded',
          inShape: [1, 4, 6],
          outShape: [1, 4, 6],
          forward: (v) => v,
          differentiable: false,
        }),
      ].map((o) => o.differentiable),
    ).toEqual([false, undefined, false])
    expect(unknownGain(rounded).differentiable).toBe(false)
  })
  test('two unknowns are one too many', () => {
    expect(() => compose(b, b)).toThrow(OptionError)
  })
})
