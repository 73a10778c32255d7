/** One of the pictures that an interlaced PNG is stored as: every dx-th column from x, every dy-th row from y. */
export interface Pass {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  readonly columns: number
  readonly rows: number
}

/** Adam7 (ISO/IEC 15948, 8.2): first column, first row, column step, row step. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** The passes of a PNG that hold pixels: one where it is not interlaced, up to seven where it is. */
export function passesOf(width: number, height: number, interlaced: boolean): Pass[] {
  const grids = interlaced ? adam7 : ([[0, 0, 1, 1]] as const)
  return grids
    .map(([x, y, dx, dy]) => ({
      x,
      y,
      dx,
      dy,
      columns: Math.ceil((width - x) / dx),
      rows: Math.ceil((height - y) / dy),
    }))
    .filter((pass) => pass.columns > 0 && pass.rows > 0)
}

/** The neighbour that is nearest to left + above − corner (ISO/IEC 15948, 9.4). */
function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? above : corner
}

/** What each of the five filters predicts a byte to be. */
const predictions: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
]

/**
 * Undoes the filter of one row, in place.
 * @param above - The row before it in the same pass, undone; zeros for the first.
 * @param step - Bytes a pixel, at least 1.
 * @throws {RangeError} for a filter that there is not.
 */
export function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  const predict = predictions[filter]
  if (predict === undefined) throw new RangeError(`a row has filter ${filter}, which there is not`)
  if (filter === 0) return
  for (let i = 0; i < row.length; i++) {
    const predicted = predict(row[i - step] ?? 0, above[i] ?? 0, above[i - step] ?? 0)
    row[i] = (row[i] ?? 0) + predicted
  }
}
