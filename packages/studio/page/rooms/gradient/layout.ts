/** A row of the graph, or the rows of an opened block. */
export interface Band {
  readonly id: string
  /** How far in it stands: how often the pictures have been halved. */
  readonly lane: number
  /** What an opened block shows in place of itself. */
  readonly ops?: readonly string[]
}

/** A value that flows from one thing to another. */
export interface Edge {
  readonly from: string
  readonly to: string
}

/** A rectangle, in pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where everything stands. */
export interface Layout {
  readonly width: number
  readonly height: number
  /** By id: of what is closed, and of calls. */
  readonly boxes: ReadonlyMap<string, Box>
  /** Around opened blocks, by id. */
  readonly frames: ReadonlyMap<string, Box>
  /** The edges as paths of SVG; a long one goes by on the left of all that it passes. */
  readonly routes: readonly (Edge & { readonly path: string; readonly long: boolean })[]
}

export const metrics = {
  block: { width: 252, height: 52 },
  op: { width: 172, height: 48 },
  /** Between two rows, and between two things in one. */
  gap: { row: 16, column: 10 },
  /** From one lane to the next. */
  lane: 36,
  /** Left of the first lane, for what goes by. */
  margin: 44,
  frame: { top: 34, side: 10, bottom: 10 },
  /** Between two paths that go by, and from the nearest to what it passes. */
  track: 7,
  away: 9,
} as const

/** Calls in layers: each one layer below the last of those of the same block that it needs. */
export function layersOf(ops: readonly string[], edges: readonly Edge[]): string[][] {
  const depth = new Map<string, number>()
  for (const op of ops) {
    const above = edges.flatMap(({ from, to }) => (to === op ? [depth.get(from) ?? -1] : []))
    depth.set(op, 1 + Math.max(-1, ...above))
  }
  const layers: string[][] = []
  for (const op of ops) (layers[depth.get(op) ?? 0] ??= []).push(op)
  return layers
}

interface Row {
  readonly ids: readonly string[]
  readonly left: number
}

/**
 * A layered layout, from the top down: bands in their order, an opened one as the layers of its calls. The lanes make the
 * letter U of a U-Net, turned on its side, and its skips go by on the left.
 * @param edges - From an earlier band or call to a later one.
 */
export function layoutOf(bands: readonly Band[], edges: readonly Edge[]): Layout {
  const { block, op, gap, lane: inset, margin, frame } = metrics
  const boxes = new Map<string, Box>()
  const frames = new Map<string, Box>()
  const rows: Row[] = []
  let y = 0
  for (const { id, lane, ops } of bands) {
    const left = margin + lane * inset
    if (ops === undefined) {
      boxes.set(id, { x: left, y, ...block })
      rows.push({ ids: [id], left })
      y += block.height + gap.row
      continue
    }
    const top = y
    y += frame.top
    let widest: number = block.width
    for (const layer of layersOf(ops, edges)) {
      layer.forEach((one, k) => {
        boxes.set(one, { x: left + frame.side + k * (op.width + gap.column), y, ...op })
      })
      widest = Math.max(widest, layer.length * (op.width + gap.column) - gap.column + 2 * frame.side)
      rows.push({ ids: layer, left })
      y += op.height + gap.row
    }
    y += frame.bottom - gap.row
    frames.set(id, { x: left, y: top, width: widest, height: y - top })
    y += gap.row
  }
  const right = [...boxes.values(), ...frames.values()].map((box) => box.x + box.width)
  const routes = routesOf(rows, boxes, edges)
  return { width: Math.max(0, ...right) + 4, height: Math.max(0, y - gap.row), boxes, frames, routes }
}

/** The paths of all edges; the shortest go nearest. */
function routesOf(
  rows: readonly Row[],
  boxes: ReadonlyMap<string, Box>,
  edges: readonly Edge[],
): Layout['routes'] {
  const { track, away, gap } = metrics
  const rowOf = new Map(rows.flatMap(({ ids }, row) => ids.map((id) => [id, row] as const)))
  const taken: { readonly from: number; readonly to: number; readonly x: number }[] = []
  const spans = edges.flatMap((edge) => {
    const [a, b] = [boxes.get(edge.from), boxes.get(edge.to)]
    const [from, to] = [rowOf.get(edge.from), rowOf.get(edge.to)]
    return a && b && from !== undefined && to !== undefined ? [{ edge, a, b, from, to }] : []
  })
  spans.sort((p, q) => p.to - p.from - (q.to - q.from))
  return spans.map(({ edge, a, b, from, to }) => {
    const [ax, bx] = [a.x + a.width / 2, b.x + b.width / 2]
    if (to - from <= 1) {
      const [top, bottom] = [a.y + a.height, b.y]
      const half = (bottom - top) / 2
      const path = `M${ax} ${top}C${ax} ${top + half} ${bx} ${bottom - half} ${bx} ${bottom}`
      return { ...edge, path, long: false }
    }
    let x = Math.min(...rows.slice(from, to + 1).map(({ left }) => left)) - away
    const meets = (one: { from: number; to: number; x: number }) =>
      one.from < to && from < one.to && Math.abs(one.x - x) < track
    while (taken.some(meets)) x -= track
    taken.push({ from, to, x })
    const isFirst = (id: string, row: number) => rows[row]?.ids[0] === id
    const out = isFirst(edge.from, from)
      ? `M${a.x} ${a.y + a.height / 2}H${x}`
      : `M${ax} ${a.y + a.height}V${a.y + a.height + gap.row / 2}H${x}`
    const home = isFirst(edge.to, to)
      ? `V${b.y + b.height / 2 - 6}H${b.x}`
      : `V${b.y - gap.row / 2}H${bx}V${b.y}`
    return { ...edge, path: `${out}${home}`, long: true }
  })
}
