import { expect, test } from 'vitest'
import type { Layer } from './dots.ts'
import { stamp } from './dots.ts'
import { toPixel, viewOf } from './view.ts'

const layerOf = (width: number, height: number): Layer => ({
  ...{ width, height, data: new Uint8ClampedArray(4 * width * height) },
})
const view = viewOf(40, 30, 3)
const colour = [10, 20, 30] as const
const alpha = ({ width, data }: Layer, x: number, y: number) => data[4 * (y * width + x) + 3] ?? 0

test('a dot is where the view has its point, as large as its radius, in its colour', () => {
  for (const ratio of [1, 2]) {
    const layer = layerOf(40 * ratio, 30 * ratio)
    stamp(layer, view, { x: Float32Array.of(1, 2), radius: () => 3, colour, opacity: 1 }, ratio)
    const [px, py] = toPixel(view, [1, 2])
    let [mass, mx, my] = [0, 0, 0]
    for (let y = 0; y < layer.height; y++)
      for (let x = 0; x < layer.width; x++) {
        const cover = alpha(layer, x, y) / 255
        mass += cover
        mx += cover * (x + 0.5)
        my += cover * (y + 0.5)
        if (cover > 0)
          expect([...layer.data.slice(4 * (y * layer.width + x), 4 * (y * layer.width + x) + 3)]).toEqual(
            colour,
          )
      }
    expect(mass / ratio ** 2 / (Math.PI * 9)).toBeCloseTo(1, 1)
    expect(Math.abs(mx / mass / ratio - px)).toBeLessThan(0.05)
    expect(Math.abs(my / mass / ratio - py)).toBeLessThan(0.05)
  }
})

test('dots lie over each other as transparent ones do, those outside and those too small are left out', () => {
  const layer = layerOf(40, 30)
  const x = Float32Array.of(0, 0, 0, 0, 99, 99, -2, 0)
  stamp(layer, view, { x, radius: (i) => (i === 3 ? 0.2 : 2), colour, opacity: 0.5 })
  expect(alpha(layer, 20, 15)).toBeGreaterThanOrEqual(190) // 1 − ½², rounded
  expect(alpha(layer, 20, 15)).toBeLessThanOrEqual(192)
  expect(alpha(layer, ...(toPixel(view, [-2, 0]).map(Math.floor) as [number, number]))).toBe(0)
})
