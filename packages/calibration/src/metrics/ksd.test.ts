import { describe, expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { kernelStein } from './ksd.ts'
import { caseWith, gaussian, judgedBy, mapped, normals, oneOf, plain } from './plain.test.helper.ts'

const standard = (d: number) => ({
  ...gaussian(Array.from({ length: d }, () => 0), Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => +(i === j)))),
  score: (x: Float64Array) => x.map((v) => -v),
}) // biome-ignore format: lines
const ksd = (x: ReturnType<typeof normals>, ksdScale?: number) =>
  oneOf(kernelStein, x, judgedBy({ posterior: standard(x.dimension), ...(ksdScale && { ksdScale }) }))

/** The Stein kernel from the kernel alone, by finite differences. */
function stein(x: readonly number[], y: readonly number[], c: number): number {
  const k = (a: readonly number[], b: readonly number[]) =>
    1 / Math.sqrt(c * c + a.reduce((sum, v, j) => sum + (v - (b[j] ?? 0)) ** 2, 0))
  const h = 1e-4
  const at = (v: readonly number[], j: number, by: number) => v.map((z, i) => (i === j ? z + by : z))
  return x.reduce((sum, _, j) => {
    const [s, t] = [-(x[j] ?? 0), -(y[j] ?? 0)]
    const dx = (k(at(x, j, h), y) - k(at(x, j, -h), y)) / (2 * h)
    const dy = (k(x, at(y, j, h)) - k(x, at(y, j, -h))) / (2 * h)
    const [pp, pm, mp, mm] = [[h, h], [h, -h], [-h, h], [-h, -h]].map(([p = 0, q = 0]) => k(at(x, j, p), at(y, j, q))) // biome-ignore format: a line
    const dxy = ((pp ?? 0) - (pm ?? 0) - (mp ?? 0) + (mm ?? 0)) / (4 * h * h)
    return sum + s * t * k(x, y) + s * dy + t * dx + dxy
  }, 0)
}

test.each([[undefined, 1], [0.6, 0.6], [2, 2]])('the Stein kernel of c = %s by finite differences, all pairs', (given, c) => {
  const x = normals(3, 5, 3)
  const sum = plain(x).reduce((total, a) => total + plain(x).reduce((rest, b) => rest + stein(a, b, c), 0), 0)
  expect(ksd(x, given)).toBeCloseTo(Math.sqrt(sum / 3) / 5, 6)
}) // biome-ignore format: lines

describe('laws', () => {
  test('exact draws have the floor √(E u(x, x)/(d·N)), which is in closed form for a normal law', () => {
    // u(x, x) = ‖x‖²/c + d/c³: of mean d·(1/c + 1/c³), so that the squared value times N is 2 on average at c = 1.
    const squares = Array.from({ length: 60 }, (_, s) => ksd(normals(s, 50, 4), 1) ** 2 * 50)
    const value = squares.reduce((a, b) => a + b, 0) / squares.length
    const error = Math.sqrt(squares.reduce((sum, v) => sum + (v - value) ** 2, 0) / 59 / 60)
    expect(Math.abs(value - 2)).toBeLessThan(5 * error)
    expect(error).toBeLessThan(0.1)
  })

  test('draws that are shifted, too narrow or too wide have more of it', () => {
    const x = normals(1, 400, 2)
    const exact = ksd(x)
    const of = (f: (v: number) => number) => ksd(mapped(x, (v) => v.map(f)))
    for (const f of [(v: number) => v + 0.5, (v: number) => 0.5 * v, (v: number) => 1.7 * v])
      expect(of(f)).toBeGreaterThan(2 * exact)
  })

  test('points beyond 2,000 are thinned', () => {
    const x = normals(1, 3000, 1)
    const fewer = pointsOf(
      Float64Array.from({ length: 2000 }, (_, k) => x.values[Math.floor(1.5 * k)] ?? 0),
      1,
    )
    expect(ksd(x)).toBe(ksd(fewer))
  })
})

test('without a score there is none', () => {
  expect(kernelStein.lacks(caseWith({ posterior: gaussian([0], [[1]]) }))).toBe("the posterior's score")
})
