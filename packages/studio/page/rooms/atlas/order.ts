/** A place of a map: a column and a row, from 0. */
export interface Place {
  readonly i: number
  readonly j: number
}

/** The largest power of two below a number of places; 1 at least. */
const firstStride = (places: number): number => {
  let stride = 1
  while (2 * stride < places) stride *= 2
  return stride
}

/**
 * All places of a map of columns × rows, coarse to fine: those that are multiples of a stride in both ways, then of half of it,
 * and so on, each place once. Within a stride row by row.
 */
export function coarseToFine(columns: number, rows: number): readonly Place[] {
  const order: Place[] = []
  const first = firstStride(Math.max(columns, rows))
  for (let stride = first; stride >= 1; stride /= 2)
    for (let j = 0; j < rows; j += stride)
      for (let i = 0; i < columns; i += stride) {
        const before = stride < first && i % (2 * stride) === 0 && j % (2 * stride) === 0
        if (!before) order.push({ i, j })
      }
  return order
}

/**
 * The places that stand for one before it is known, the nearest first: the corner of its block at each stride, from fine to coarse.
 */
export function standIns({ i, j }: Place, columns: number, rows: number): readonly Place[] {
  const found: Place[] = []
  const first = firstStride(Math.max(columns, rows))
  for (let stride = 2; stride <= first; stride *= 2) {
    const place = { i: i - (i % stride), j: j - (j % stride) }
    const last = found.at(-1) ?? { i, j }
    if (place.i !== last.i || place.j !== last.j) found.push(place)
  }
  return found
}
