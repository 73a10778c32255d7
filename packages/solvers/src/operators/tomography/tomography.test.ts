import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, OptionError, ones, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { denseMatrix } from '../../linalg/index.ts'
import type { Operator } from '../../types.ts'
import { batch, close, norm } from '../cases.test.helper.ts'
import {
  blindBlur,
  demosaic,
  filteredBackProjection,
  grey,
  operatorFromSpec,
  sr,
  stack,
  tomography,
} from '../index.ts'
import { ramp } from './filter.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const near = (x: Tensor, expected: readonly number[], digits = 12) => {
  expect(x.size).toBe(expected.length)
  list(x).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, digits))
}

/** A disc of value 1 around (x, y) from the middle of an image; the part of each pixel that it covers. */
function disc(side: number, radius: number, [x, y]: readonly [number, number] = [0, 0]): Tensor {
  const fine = 16
  const pixels = Array.from({ length: side * side }, (_, p) => {
    let inside = 0
    for (let k = 0; k < fine * fine; k++) {
      const column = (p % side) - (side - 1) / 2 + ((k % fine) + 0.5) / fine - 0.5
      const row = (side - 1) / 2 - Math.floor(p / side) - ((Math.floor(k / fine) + 0.5) / fine - 0.5)
      if ((column - x) ** 2 + (row - y) ** 2 < radius ** 2) inside++
    }
    return inside / fine ** 2
  })
  return fromData(pixels, [1, 1, side, side], float64)
}

describe('tomography', () => {
  test('at 0° it sums columns, at 90° rows from the bottom, at 180° columns backwards', () => {
    const x = tensor([[[[1, 2, 3], [4, 5, 6]]]], float64) // biome-ignore format: a picture
    const at = (start: number, detectors: number) =>
      tomography([1, 2, 3], { angles: 1, start, detectors, scale: 1 }).forward(x)
    near(at(0, 3), [5, 7, 9])
    near(at(90, 2), [15, 6])
    near(at(180, 3), [9, 7, 5])
    near(at(-90, 2), [6, 15])
  })

  test('one pixel at 45°: the strip through its middle has all but two corners', () => {
    const corner = (Math.SQRT1_2 - 0.5) ** 2
    const y = tomography([1, 1, 1], { angles: 1, start: 45, detectors: 3, scale: 1 }).forward(
      ones([1, 1, 1, 1], float64),
    )
    near(y, [corner, 1 - 2 * corner, corner])
    // And at 30°: a trapezoid of half-widths 0.683 and 0.183, of height 1/0.866.
    const [a, b] = [(Math.sqrt(3) / 2 + 0.5) / 2, (Math.sqrt(3) / 2 - 0.5) / 2]
    const end = (a - 0.5) ** 2 / (2 * (a - b) * (a + b))
    near(
      tomography([1, 1, 1], { angles: 1, start: 30, detectors: 3, scale: 1 }).forward(
        ones([1, 1, 1, 1], float64),
      ),
      [end, 1 - 2 * end, end],
    )
  })

  test('every angle sums to the sum of the image, in every channel; weights are not negative', () => {
    const [x, options] = [batch([2, 5, 8], 1), { angles: 11, scale: 1 }]
    const operator = tomography([2, 5, 8], options)
    expect(operator.outShape).toEqual([2, 11, 10])
    const y = operator.forward(x)
    for (const n of [0, 1])
      for (const c of [0, 1]) {
        const total = list(x.slice(n, c)).reduce((a, b) => a + b, 0)
        for (let k = 0; k < 11; k++)
          expect(list(y.slice(n, c, k)).reduce((a, b) => a + b, 0)).toBeCloseTo(total, 11)
      }
    expect(Math.min(...list(denseMatrix(tomography([1, 4, 5], options))))).toBe(0)
  })

  test('a disc has chords 2√(r² − s²), wherever it lies', () => {
    const [radius, centre] = [9, [2.3, -1.4]] as const
    const operator = tomography([1, 28, 28], { angles: 12, scale: 1 })
    const bins = operator.outShape[2]!
    const y = list(operator.forward(disc(28, radius, centre)))
    for (let k = 0; k < 12; k++) {
      const angle = (k * Math.PI) / 12
      const t = centre[0] * Math.cos(angle) + centre[1] * Math.sin(angle)
      for (let d = 0; d < bins; d++) {
        const s = d - (bins - 1) / 2 - t
        // Pixel and strip blur s by a variance of 1/6, where the chord bends by 2r²/(r² − s²)^1.5; and what an edge pixel
        // holds is spread over it, which moves at most ¼ of it: one at either end, shared out by two strips.
        if (Math.abs(s) < 0.8 * radius) {
          const chord = 2 * Math.sqrt(radius ** 2 - s ** 2)
          const bend = (2 * radius ** 2) / (radius ** 2 - s ** 2) ** 1.5
          expect(Math.abs(y[k * bins + d]! - chord)).toBeLessThan(bend / 12 + 0.5)
        } else if (Math.abs(s) > radius + 1.95) expect(y[k * bins + d]!).toBe(0)
      }
    }
  })

  test('angles lie evenly in the range, from the start; the scale is that of the longer side', () => {
    const x = batch([1, 6, 4], 2)
    const all = tomography([1, 6, 4], { angles: 3, range: 90, start: 20, detectors: 7 }).forward(x)
    for (const k of [0, 1, 2]) {
      const one = tomography([1, 6, 4], { angles: 1, start: 20 + 30 * k, detectors: 7, scale: 1 }).forward(x)
      close(all.slice(null, null, [k, k + 1]), one.div(6), 1e-13 * norm(x))
    }
    expect(tomography([1, 6, 4]).outShape).toEqual([1, 30, 8])
    expect(operatorFromSpec('tomography:angles=5,range=90', [3, 28, 28]).outShape).toEqual([3, 5, 40])
    expect(() => tomography([1, 4, 4], { range: 0 })).toThrow(OptionError)
    expect(() => tomography([4, 4])).toThrow(ShapeError)
  })

  test('has a decomposition up to 256 pixels', () => {
    expect('svd' in tomography([1, 16, 16], { angles: 1 })).toBe(true)
    expect('svd' in tomography([1, 16, 17], { angles: 1 })).toBe(false)
  })
})

describe('filtered back-projection', () => {
  test('the ramp filter has the transform |ω|/2π up to its cut', () => {
    for (const omega of [0.3, 1, 2, 3]) {
      let sum = 0
      for (let k = -20001; k <= 20001; k++) sum += ramp(k) * Math.cos(omega * k)
      expect(sum).toBeCloseTo(omega / (2 * Math.PI), 4)
    }
  })

  test.each(['ramp', 'hann'] as const)(
    'gives a disc back (%s), and is what is shown under a Hann window',
    (filter) => {
      const options = { angles: 90, start: 7 }
      const x = disc(32, 10, [1.5, -2])
      const y = tomography([1, 32, 32], options).forward(x)
      const back = filteredBackProjection([1, 32, 32], options, filter)(y)
      const [truth, found] = [list(x), list(back)]
      const mean = (which: (v: number, p: number) => boolean) => {
        const places = truth.flatMap((v, p) => (which(v, p) ? [p] : []))
        return places.reduce((sum, p) => sum + found[p]!, 0) / places.length
      }
      // Away from the edge, which a pixel and a strip blur.
      const distance = (p: number) => Math.hypot((p % 32) - 15.5 - 1.5, 15.5 - Math.floor(p / 32) + 2)
      expect(Math.abs(mean((_, p) => distance(p) < 7) - 1)).toBeLessThan(0.02)
      expect(Math.abs(mean((_, p) => distance(p) > 13 && distance(p) < 15))).toBeLessThan(0.02)
      const shown = tomography([1, 32, 32], options).display(y)
      if (filter === 'hann') close(shown, back, 1e-12 * norm(back))
      else expect(norm(shown.sub(back))).toBeGreaterThan(1e-3 * norm(back))
      // Half the range with half the angles is half of the sum.
      const half = { angles: 45, start: 7, range: 90 }
      const rest = { angles: 45, start: 97, range: 90 }
      const sum = [half, rest].map((o) =>
        filteredBackProjection([1, 32, 32], o, filter)(tomography([1, 32, 32], o).forward(x)),
      )
      close(sum[0]!.add(sum[1]!), back, 1e-12 * norm(back))
    },
  )
})

describe('stacked', () => {
  const x = batch([3, 4, 4], 5)
  const [a, b] = [sr([3, 4, 4], { factor: 2 }), grey([3, 4, 4])]
  test('measures one after the other, and shows the first', () => {
    const both = stack(a, b)
    expect([both.name, both.observed]).toEqual(['sr + grey', 12 + 16])
    const y = both.forward(x)
    near(y.slice(1), [...list(a.forward(x).slice(1)), ...list(b.forward(x).slice(1))])
    const z = normal([randomKey(1), randomKey(2)], [28], float64)
    close(
      both.adjoint(z),
      a
        .adjoint(z.slice(null, [0, 12]).reshape([2, 3, 2, 2]))
        .add(b.adjoint(z.slice(null, [12, 28]).reshape([2, 1, 4, 4]))),
      0,
    )
    close(both.display(y), a.display(a.forward(x)), 0)
    const first = demosaic([3, 4, 4], { pattern: 'RGGB' })
    const shown = first.display(first.forward(x))
    expect(shown.shape).toEqual([2, 3, 4, 4])
    close(stack(first, b).display(stack(first, b).forward(x)), shown, 0)
  })
  test('is linear where all are, and refuses what does not fit', () => {
    const square: Operator = {
      name: 'square',
      inShape: [3, 4, 4],
      outShape: [3, 4, 4],
      forward: (v) => v.square(),
    }
    const mixed = stack(square, a)
    expect('adjoint' in mixed).toBe(false)
    near(mixed.forward(x).slice(0, [0, 3]), list(x.square()).slice(0, 3))
    near(mixed.display(mixed.forward(x)).slice(0, 0, 0), list(x.square()).slice(0, 4))
    expect(stack(a, { ...square, differentiable: false }).differentiable).toBe(false)
    expect(() => stack(a, sr([3, 8, 8], { factor: 2 }))).toThrow(ShapeError)
    expect(() => stack()).toThrow(OptionError)
    expect(() => stack(a, blindBlur([3, 4, 4]))).toThrow('unknown')
  })
})
