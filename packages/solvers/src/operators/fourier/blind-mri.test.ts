import { checkGrads } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, normal, OptionError, randomKey, ShapeError, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { complexProduct, conjugateProduct } from '../../linalg/index.ts'
import type { Blind, Operator } from '../../types.ts'
import { blindMri, multicoilMri, operatorFromSpec } from '../index.ts'
import { simulatedMaps } from './coil-maps.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const values = (x: Tensor) => Array.from(x.dataSync())
const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-12) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance))
}
function blindOf({ blind }: Operator): Blind {
  if (blind === undefined) throw new Error('nothing is unknown')
  return blind
}
const [K, h, w] = [3, 4, 5]
const squares = (maps: Tensor) => values(maps.square().sum([1, 2]))

test('products of complex tensors are those of complex numbers, and broadcast', () => {
  const [z, v] = [random(1, 2, 1, 2, 3, 2), random(2, 2, 4, 2, 3, 2)]
  const [product, conjugate] = [complexProduct(z, v), conjugateProduct(z, v)]
  expect([product.shape, conjugate.shape]).toEqual([v.shape, v.shape])
  const at = (x: Tensor, n: number, k: number, part: number, p: number) => values(x.slice(n, k, part))[p]!
  for (const n of [0, 1])
    for (const k of [0, 3])
      for (const p of [0, 5]) {
        const [a, b] = [at(z, n, 0, 0, p), at(z, n, 0, 1, p)]
        const [c, d] = [at(v, n, k, 0, p), at(v, n, k, 1, p)]
        near([at(product, n, k, 0, p), at(product, n, k, 1, p)], [a * c - b * d, a * d + b * c])
        near([at(conjugate, n, k, 0, p), at(conjugate, n, k, 1, p)], [a * c + b * d, b * c - a * d])
      }
  checkGrads((a: Tensor, b: Tensor) => complexProduct(a, b).square().sum(), [z, v])
})

describe.each(['real', 'complex'] as const)('coils of unknown sensitivity, %s images', (image) => {
  const options = { image, acceleration: 2, seed: 3 } as const
  const shape = [4, h, w]
  const operator = blindMri(shape, { ...options, coils: K })
  const blind = blindOf(operator)
  const maps = random(4, 2, K, 2, h, w)
  const x = random(5, 2, ...shape)

  test('measure, each sample by its own maps, what multicoil-mri does with them', () => {
    const y = blind.apply(x, maps)
    expect(y.shape).toEqual([2, ...operator.outShape])
    for (const n of [0, 1]) {
      const known = multicoilMri(shape, { ...options, maps: maps.slice(n) })
      const one = x.slice([n, n + 1])
      near(values(y.slice(n)), values(known.forward(one)))
      const at = blind.at(maps.slice([n, n + 1])) as Operator & { adjoint(y: Tensor): Tensor }
      expect(values(at.forward(x))).toEqual(values(blind.apply(x, maps.slice([n, n + 1]))))
      near(values(at.adjoint(y)), values(known.adjoint(y)))
    }
    near(values(operator.forward(x)), values(multicoilMri(shape, { ...options, coils: K }).forward(x)))
    near(values(operator.display(y)), values(multicoilMri(shape, { ...options, coils: K }).display(y)))
  })

  test('are differentiable in image and maps', () => {
    const some = blindOf(blindMri([2, 3, 2], { image, acceleration: 1, coils: 2 }))
    const inputs: [Tensor, Tensor] = [random(6, 2, 2, 3, 2), random(7, 2, 2, 2, 3, 2)]
    checkGrads((v: Tensor, s: Tensor) => some.apply(v, s).square().sum(), inputs)
    checkGrads((s: Tensor) => some.decode(s).sum(), [inputs[1]])
  })

  test('given maps come to Σ|S|² = 1', () => {
    const given = maps.slice(0)
    const with1 = blindMri(shape, { ...options, maps: given })
    expect(blindOf(with1).shape).toEqual([K, 2, h, w])
    const unit = blind.normalise(maps.slice([0, 1]))
    near(values(with1.forward(x)), values(blind.apply(x, unit)))
    const dark = concat([zeros([K, 2, 1, w], float64), given.slice(null, null, [1, null])], 2)
    expect(() => blindMri(shape, { ...options, maps: dark })).toThrow(OptionError)
    expect(() => blindMri(shape, { ...options, maps: dark })).toThrow('must not be 0 in all coils')
    expect(() => blindMri(shape, { ...options, maps: given, coils: 2 })).toThrow('maps')
  })
})

describe('what y does not tell', () => {
  const shape = [2, h, w]
  const blind = blindOf(blindMri(shape, { image: 'complex', acceleration: 1.5, coils: K }))
  const maps = random(8, 2, K, 2, h, w)

  test('is a factor at each pixel, of maps against image: its size is normalised', () => {
    const x = random(9, 2, ...shape)
    const c = random(10, 1, 1, 2, h, w)
    const overC = conjugateProduct(c.mul(0).add(fromData([1, 0], [1, 1, 2, 1, 1], float64)), c).div(
      c.square().sum(2, true),
    )
    const turned = complexProduct(x.reshape([2, 1, 2, h, w]), overC).reshape(x.shape)
    near(values(blind.apply(turned, complexProduct(maps, c))), values(blind.apply(x, maps)), 1e-10)
    const size = random(11, 2, 1, 1, h, w).abs().add(0.1)
    near(values(blind.normalise(maps.mul(size))), values(blind.normalise(maps)))
    near(squares(blind.normalise(maps)), Array(2 * h * w).fill(1))
  })

  test('maps that are projected, or are pictures, have Σ|S|² = 1 and stay; where all are 0 they become alike', () => {
    const once = blind.project(maps)
    near(squares(once), Array(2 * h * w).fill(1))
    near(values(blind.project(once)), values(once))
    expect(values(blind.decode(maps))).toEqual(values(once))
    const dark = concat([maps.slice(null, null, null, null, [0, 2]), zeros([2, K, 2, h, 3], float64)], 4)
    const projected = blind.project(dark)
    near(squares(projected), Array(2 * h * w).fill(1))
    for (let k = 0; k < K; k++) {
      near(values(projected.slice(0, k, 0, 1, [2, null])), Array(3).fill(1 / Math.sqrt(K)))
      near(values(projected.slice(1, k, 1, 1, [2, null])), [0, 0, 0])
    }
    near(
      values(projected.slice(null, null, null, null, [0, 2])),
      values(once.slice(null, null, null, null, [0, 2])),
    )
  })

  test('its examples are loops on three circles, and the search begins with the middle one', () => {
    expect(blind.examples.length).toBe(3)
    const plane = h * w
    ;[1.5, 2, 3].forEach((radius, i) => {
      const { re, im } = simulatedMaps(K, h, w, radius)
      const picture = blind.examples[i]!
      for (let k = 0; k < K; k++) {
        near(
          [...picture.slice(2 * k * plane, (2 * k + 1) * plane)],
          [...re.slice(k * plane, (k + 1) * plane)],
        )
        near(
          [...picture.slice((2 * k + 1) * plane, (2 * k + 2) * plane)],
          [...im.slice(k * plane, (k + 1) * plane)],
        )
      }
      near(squares(fromData(picture, [1, K, 2, h, w], float64)), Array(plane).fill(1))
    })
    expect([...blind.initial]).toEqual([...blind.examples[1]!])
  })
})

test('refuses as multicoil-mri does', () => {
  expect(() => blindMri([3, 8, 8], { image: 'complex' })).toThrow(ShapeError)
  expect(() => operatorFromSpec('blind-mri:acceleration=16,centre=0.5', [1, 16, 16])).toThrow('centre')
  const operator = blindMri([1, 8, 8], { coils: 2 })
  expect('adjoint' in operator).toBe(false)
})
