import { ShapeError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { pointAt } from '../points.ts'
import { coordinate, projected, unitVectors } from './directions.ts'
import { judgedBy, mapped, mean, normals, oneOf, plain, rows } from './plain.test.helper.ts'
import { maxSlicedWasserstein, slicedWasserstein } from './sliced.ts'

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, j) => sum + v * (b[j] ?? 0), 0)
const sliced = (x: ReturnType<typeof rows>, y: ReturnType<typeof rows>) =>
  oneOf(slicedWasserstein, x, judgedBy({}, y))
const greatest = (x: ReturnType<typeof rows>, y: ReturnType<typeof rows>) =>
  oneOf(maxSlicedWasserstein, x, judgedBy({}, y))

/** ∫ |F − G| between all the places where a distribution function jumps. */
function area(a: readonly number[], b: readonly number[]): number {
  const ends = [...a, ...b].sort((p, q) => p - q)
  const below = (all: readonly number[], x: number) => all.filter((v) => v <= x).length / all.length
  return ends
    .slice(1)
    .reduce(
      (sum, end, k) =>
        sum + (end - (ends[k] ?? 0)) * Math.abs(below(a, ends[k] ?? 0) - below(b, ends[k] ?? 0)),
      0,
    )
}

describe('directions', () => {
  test('500 of length 1, isotropic, the same every time', () => {
    const u = plain(unitVectors(3))
    expect(u.length).toBe(500)
    for (const v of u) expect(dot(v, v)).toBeCloseTo(1, 14)
    // u uᵀ has the mean I/3 and entries of variance ≤ 4/45: 5 standard errors are 0.067.
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        expect(Math.abs(mean(u.map((v) => (v[i] ?? 0) * (v[j] ?? 0))) - (i === j ? 1 / 3 : 0))).toBeLessThan(
          0.067,
        )
    expect(unitVectors(3)).toBe(unitVectors(3))
  })

  test('projections and coordinates', () => {
    const x = rows([1, 2], [3, -4])
    expect(Array.from(projected(x, Float64Array.of(0.5, 2)))).toEqual([4.5, -6.5])
    expect(Array.from(coordinate(x, 1))).toEqual([2, -4])
    const many = Array.from({ length: 7 }, (_, i) => [i, 10 * i, -1])
    expect(Array.from(projected(rows(...many), Float64Array.of(1, 2, 3)))).toEqual(
      many.map(([i = 0]) => 21 * i - 3),
    )
  })
})

describe('sliced Wasserstein', () => {
  test.each([[7, 7], [7, 5], [4, 6], [1, 9]])('of %d and %d points it is the area between distribution functions', (n, m) => {
    const [x, y] = [normals(1, n, 3), normals(2, m, 3)]
    const along = plain(unitVectors(3)).map((u) =>
      area(plain(x).map((v) => dot(u, v)), plain(y).map((v) => dot(u, v))),
    )
    expect(sliced(x, y)).toBeCloseTo(mean(along), 12)
    expect(greatest(x, y)).toBeCloseTo(Math.max(...along), 12)
  }) // biome-ignore format: lines

  test('a shift moves all by itself: mean and greatest |⟨u, δ⟩|', () => {
    const x = normals(5, 40, 2)
    const delta = [0.3, -0.4]
    const moved = mapped(x, (v) => v.map((c, j) => c + (delta[j] ?? 0)))
    const lengths = plain(unitVectors(2)).map((u) => Math.abs(dot(u, delta)))
    expect(sliced(moved, x)).toBeCloseTo(mean(lengths), 12)
    expect(greatest(moved, x)).toBeCloseTo(Math.max(...lengths), 12)
    expect([sliced(x, x), greatest(x, x)]).toEqual([0, 0])
    // The mean of |⟨u, δ⟩| over the circle is 2‖δ‖/π.
    expect(Math.abs(sliced(moved, x) - 1 / Math.PI)).toBeLessThan((5 * 0.154) / Math.sqrt(500))
  })

  test('W₁ of N(0, 1) and N(0, 1.5²) is 0.5·√(2/π)', () => {
    const draws = normals(8, 4000, 1)
    const wide = mapped(normals(9, 4000, 1), ([v = 0]) => [1.5 * v])
    // To first order it is 1.5·mean|z'| − mean|z|: a standard error of √((1 + 1.5²)(1 − 2/π)/N) = 0.017.
    expect(Math.abs(sliced(wide, draws) - 0.5 * Math.sqrt(2 / Math.PI))).toBeLessThan(5 * 0.017)
  })

  test('the same samples beside other draws are measured anew', () => {
    const x = normals(1, 5, 2)
    const first = sliced(x, normals(2, 5, 2))
    expect(sliced(x, normals(3, 5, 2))).not.toBe(first)
    expect(pointAt(x, 0)).toEqual(pointAt(normals(1, 5, 2), 0))
  })

  test('points of two spaces', () => {
    expect(() => sliced(normals(1, 4, 2), normals(1, 4, 3))).toThrow(ShapeError)
    expect(() => greatest(normals(1, 4, 3), normals(1, 0, 3))).toThrow('points of one space')
  })
})
