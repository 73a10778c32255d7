import type { Point } from './law.ts'

/** Values on a square grid of points from −reach to reach, row by row from below. */
export interface Grid {
  readonly side: number
  readonly reach: number
  readonly values: Float64Array
}

export const placeOf = ({ side, reach }: Pick<Grid, 'side' | 'reach'>, i: number): number =>
  -reach + (2 * reach * i) / (side - 1)

export function gridOf(side: number, reach: number, f: (x: number, y: number) => number): Grid {
  const values = new Float64Array(side * side)
  const grid = { side, reach, values }
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      values[row * side + column] = f(placeOf(grid, column), placeOf(grid, row))
  return grid
}

/**
 * The values above which a density on a grid has the given parts of its mass: the levels of its regions of highest density.
 * @param parts - Such as [0.5, 0.9].
 */
export function massLevels({ values }: Grid, parts: readonly number[]): number[] {
  const sorted = values.slice().sort() // ascending, and without a comparison of our own much faster
  const total = sorted.reduce((a, b) => a + b, 0)
  return parts.map((part) => {
    let mass = 0
    for (let i = sorted.length - 1; i >= 0; i--) {
      const value = sorted[i] as number
      mass += value
      if (mass >= part * total) return value
    }
    return 0
  })
}

/** Corners of a cell, from below left counter-clockwise, and which corner of an edge begins it. */
const corners = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const
/** Edges that a level crosses in a cell, by the corners that are above it, as pairs of edges: edge k goes from corner k. */
const cases: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[3, 0]],
  [[0, 1]],
  [[3, 1]],
  [[1, 2]],
  [
    [3, 0],
    [1, 2],
  ],
  [[0, 2]],
  [[3, 2]],
  [[2, 3]],
  [[2, 0]],
  [
    [0, 1],
    [2, 3],
  ],
  [[2, 1]],
  [[1, 3]],
  [[1, 0]],
  [[0, 3]],
  [],
]

/** The lines at which the values of a grid cross a level, as segments in the plane (marching squares). */
export function contourOf(grid: Grid, level: number): (readonly [Point, Point])[] {
  const { side, values } = grid
  const segments: (readonly [Point, Point])[] = []
  const above = (i: number): number => ((values[i] as number) > level ? 1 : 0)
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const i = row * side + column
      const which = above(i) | (above(i + 1) << 1) | (above(i + side + 1) << 2) | (above(i + side) << 3)
      if (which === 0 || which === 15) continue
      for (const [one, other] of cases[which] ?? [])
        segments.push([crossing(grid, level, column, row, one), crossing(grid, level, column, row, other)])
    }
  }
  return segments
}

/** Where an edge of a cell crosses a level. */
function crossing(grid: Grid, level: number, column: number, row: number, edge: number): Point {
  const [fx, fy] = corners[edge] ?? [0, 0]
  const [tx, ty] = corners[(edge + 1) % 4] ?? [0, 0]
  const at = (dx: number, dy: number) => grid.values[(row + dy) * grid.side + column + dx] ?? 0
  const low = at(fx, fy)
  const part = (level - low) / (at(tx, ty) - low)
  return [placeOf(grid, column + fx + part * (tx - fx)), placeOf(grid, row + fy + part * (ty - fy))]
}
