import { checkGrads, grad, jvp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, normal, randomKey, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { isLinear } from '../../types.ts'
import { codedDiffraction, phaseRetrieval } from '../index.ts'
import { amplitude, amplitudePicture } from './amplitude.ts'
import { codedMasks } from './coded-diffraction.ts'

const float64 = { dtype: 'float64' } as const
const random = (seed: number, ...shape: number[]) => normal(randomKey(seed), shape, float64)
const values = (x: Tensor) => Array.from(x.dataSync())
const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-12) => {
  expect(actual.length).toBe(expected.length)
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance))
}
/** |Σ z e^{−2πi(pk/h + ql/w)}|/√(hw) of complex numbers, frequency 0 in the middle. */
function amplitudes(re: readonly number[], im: readonly number[], h: number, w: number): number[] {
  return Array.from({ length: h * w }, (_, at) => {
    const [k, l] = [Math.floor(at / w) - Math.floor(h / 2), (at % w) - Math.floor(w / 2)]
    let [a, b] = [0, 0]
    for (let i = 0; i < h * w; i++) {
      const angle = -2 * Math.PI * ((Math.floor(i / w) * k) / h + ((i % w) * l) / w)
      a += re[i]! * Math.cos(angle) - im[i]! * Math.sin(angle)
      b += re[i]! * Math.sin(angle) + im[i]! * Math.cos(angle)
    }
    return Math.hypot(a, b) / Math.sqrt(h * w)
  })
}
const still = (count: number) => new Array<number>(count).fill(0)

describe('phase retrieval', () => {
  test.each([
    [4, 8, 2, 1, 2],
    [6, 5, 4, 3, 2],
    [5, 3, 1, 0, 0],
  ])(
    'of %d×%d pixels at oversample %d: amplitudes of the image among %d rows and %d columns of zeros at each side',
    (h, w, oversample, top, left) => {
      const operator = phaseRetrieval([2, h, w], { oversample })
      const [H, W] = [h + 2 * top, w + 2 * left]
      expect(operator.outShape).toEqual([2, H, W])
      expect(isLinear(operator)).toBe(false)
      const x = random(1, 1, 2, h, w)
      const framed = (image: readonly number[]) => {
        const out = still(H * W)
        image.forEach((value, i) => (out[(Math.floor(i / w) + top) * W + (i % w) + left] = value))
        return out
      }
      const v = values(x)
      const expected = [v.slice(0, h * w), v.slice(h * w)].flatMap((image) =>
        amplitudes(framed(image), still(H * W), H, W),
      )
      near(values(operator.forward(x)), expected)
      const intensities = v.map((value) => (value + 1) / 2)
      const unit = [intensities.slice(0, h * w), intensities.slice(h * w)].flatMap((image) =>
        amplitudes(framed(image), still(H * W), H, W),
      )
      near(values(phaseRetrieval([2, h, w], { oversample, object: 'unit' }).forward(x)), unit)
    },
  )

  test('keeps ‖x‖, and does not tell x from −x and x turned by 180°', () => {
    for (const [h, w] of [
      [6, 8],
      [5, 7],
    ] as const) {
      const operator = phaseRetrieval([1, h, w])
      const x = random(2, 2, 1, h, w)
      const y = operator.forward(x)
      near(values(y.square().sum([1, 2, 3])), values(x.square().sum([1, 2, 3])))
      near(values(operator.forward(x.neg())), values(y))
      near(values(operator.forward(x.slice(null, null, [null, null, -1], [null, null, -1]))), values(y))
      const mirrored = operator.forward(x.slice(null, null, null, [null, null, -1]))
      expect(mirrored.sub(y).abs().max().dataSync()[0]).toBeGreaterThan(0.1)
    }
  })

  test('the gradient of the misfit is 2·Re Pᵀ F*((|z| − y)·z/|z|), and 0 at 0', () => {
    const operator = phaseRetrieval([1, 4, 4])
    const [x, y] = [random(3, 1, 1, 4, 4), random(4, 1, ...operator.outShape).abs()]
    const misfit = (at: Tensor) => operator.forward(at).sub(y).square().sum()
    checkGrads(misfit, [x], { order: 2 })
    const atZero = grad(misfit)(zeros([1, 1, 4, 4], float64))
    expect(values(atZero)).toEqual(still(16))
    // x constant: with a frame there are amplitudes that are 0 up to rounding, without one all but one are exactly.
    const bare = phaseRetrieval([1, 2, 2], { oversample: 0 })
    const flat = zeros([1, 1, 2, 2], float64).add(0.5)
    expect(values(bare.forward(flat)).slice(0, 3)).toEqual([0, 0, 0])
    const target = fromData([1, 1, 1, 0], [1, 1, 2, 2], float64)
    const g = grad((at: Tensor) => bare.forward(at).sub(target).square().sum())(flat)
    // Only the amplitude 1 has a slope: 2·(1 − 0)·∂|z|/∂x = 2·½ in each pixel.
    near(values(g), [1, 1, 1, 1])
    for (const dtype of ['float32', 'float64'] as const) {
      const at = grad((v: Tensor) => bare.forward(v).sub(1).square().sum())(flat.cast(dtype))
      expect(at.dataSync().every(Number.isFinite)).toBe(true)
    }
  })
})

describe('amplitudes', () => {
  test('are √(re² + im²), with derivative 0 where they are 0, forwards and backwards and twice', () => {
    const z = fromData([3, 0, -4, 0, 4, 0, 0, 2], [2, 2, 2], float64)
    expect(values(amplitude(z))).toEqual([5, 0, 4, 2])
    const slope = grad((at: Tensor) => amplitude(at).sum())(z)
    near(values(slope), [0.6, 0, -1, 0, 0.8, 0, 0, 1])
    const [, along] = jvp(amplitude, [z], [fromData([1, 1, 1, 1, 1, 1, 1, 1], [2, 2, 2], float64)])
    near(values(along), [1.4, 0, -1, 1])
    const twice = grad((at: Tensor) =>
      grad((v: Tensor) => amplitude(v).sum())(at)
        .square()
        .sum(),
    )(z)
    expect(twice.dataSync().every(Number.isFinite)).toBe(true)
  })

  test('as pictures run over the data range, sample by sample', () => {
    const y = fromData([0, Math.E - 1, Math.E ** 2 - 1, -0.3, 0, 0, 0, 1, 0, 0, 0, 0], [3, 1, 2, 2], float64)
    near(values(amplitudePicture(y)), [-1, 0, 1, -1, -1, -1, -1, 1, -1, -1, -1, -1])
  })
})

describe('coded diffraction', () => {
  test.each(['phase', 'sign', 'octanary'] as const)('amplitudes behind every mask, %s', (law) => {
    const [h, w, masks] = [4, 5, 3]
    const x = random(5, 1, 2, h, w)
    const v = values(x)
    const { re, im } = codedMasks(law, masks, h * w, 7)
    for (const object of ['signed', 'unit'] as const) {
      const operator = codedDiffraction([2, h, w], { masks, law, seed: 7, object })
      expect(operator.outShape).toEqual([2, masks, h, w])
      const expected = [0, 1].flatMap((c) =>
        [0, 1, 2].flatMap((j) => {
          const behind = (mask: Float64Array) =>
            Array.from({ length: h * w }, (_, i) => {
              const value = v[c * h * w + i]!
              return mask[j * h * w + i]! * (object === 'unit' ? (value + 1) / 2 : value)
            })
          return amplitudes(behind(re), behind(im), h, w)
        }),
      )
      near(values(operator.forward(x)), expected)
    }
  })

  test('masks have the laws that they are named for', () => {
    const count = 20000
    const of = (law: 'phase' | 'sign' | 'octanary') => {
      const { re, im } = codedMasks(law, 2, count / 2, 3)
      return Array.from(re, (a, i) => [a, im[i]!] as const)
    }
    for (const [a, b] of of('phase')) expect(Math.hypot(a, b)).toBeCloseTo(1, 14)
    // Means of e^{iφ} and e^{2iφ}: standard error √(½/20000) = 0.005; six of them.
    for (const power of [1, 2, 3, 4]) {
      const turned = of('phase').map(([a, b]) => Math.cos(power * Math.atan2(b, a)))
      expect(Math.abs(turned.reduce((sum, c) => sum + c, 0) / count)).toBeLessThan(0.03)
    }
    const signs = of('sign')
    expect(new Set(signs.map(([a, b]) => `${a},${b}`))).toEqual(new Set(['1,0', '-1,0']))
    expect(Math.abs(signs.reduce((sum, [a]) => sum + a, 0) / count)).toBeLessThan(6 / Math.sqrt(count))
    const octanary = of('octanary')
    const counts = new Map<string, number>()
    for (const [a, b] of octanary) {
      const name = `${Math.round(Math.hypot(a, b) ** 2 * 2) / 2},${Math.sign(a)},${Math.sign(b)}`.replaceAll(
        '-0',
        '0',
      )
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect(counts.size).toBe(8)
    for (const [name, seen] of counts) {
      const p = name.startsWith('0.5') ? 0.2 : 0.05
      expect(Math.abs(seen - p * count)).toBeLessThan(6 * Math.sqrt(p * (1 - p) * count))
    }
    expect(codedMasks('sign', 1, 50, 3).re).toEqual(codedMasks('sign', 2, 50, 3).re.slice(0, 50))
    expect(codedMasks('sign', 2, 50, 3).re.slice(50)).not.toEqual(codedMasks('sign', 1, 50, 3).re)
    expect(codedMasks('sign', 1, 50, 4).re).not.toEqual(codedMasks('sign', 1, 50, 3).re)
  })

  test('shows the patterns of a channel side by side', () => {
    const operator = codedDiffraction([1, 2, 3], { masks: 2 })
    const y = fromData(
      Float64Array.from({ length: 12 }, (_, i) => Math.exp(i) - 1),
      [1, 1, 2, 2, 3],
    )
    const shown = operator.display(y)
    expect(shown.shape).toEqual([1, 1, 2, 6])
    near(
      values(shown),
      [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11].map((i) => (2 * i) / 11 - 1),
    )
  })

  test('a batch is its samples', () => {
    const operator = codedDiffraction([2, 4, 4], { masks: 2 })
    const x = random(6, 3, 2, 4, 4)
    const singles = [0, 1, 2].map((i) => operator.forward(x.slice([i, i + 1])))
    expect(values(concat(singles))).toEqual(values(operator.forward(x)))
  })
})
