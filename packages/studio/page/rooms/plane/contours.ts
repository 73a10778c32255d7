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
  const sorted = values.toSorted((a, b) => b - a)
  const total = sorted.reduce((a, b) => a + b, 0)
  return parts.map((part) => {
    let mass = 0
    for (const value of sorted) {
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
  const at = (column: number, row: number) => values[row * side + column] ?? 0
  const segments: (readonly [Point, Point])[] = []
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const heights = corners.map(([dx, dy]) => at(column + dx, row + dy))
      const which = heights.reduce((bits, height, k) => bits | (height > level ? 1 << k : 0), 0)
      const pairs = cases[which] ?? []
      const crossing = (edge: number): Point => {
        const [from, to] = [corners[edge] ?? [0, 0], corners[(edge + 1) % 4] ?? [0, 0]]
        const [low, high] = [heights[edge] ?? 0, heights[(edge + 1) % 4] ?? 0]
        const part = (level - low) / (high - low)
        return [
          placeOf(grid, column + from[0] + part * (to[0] - from[0])),
          placeOf(grid, row + from[1] + part * (to[1] - from[1])),
        ]
      }
      for (const [one, other] of pairs) segments.push([crossing(one), crossing(other)])
    }
  }
  return segments
}
