import { glyphSize, lightText } from './font.ts'
import type { Picture } from './picture.ts'
import { enlarge, toColor } from './picture.ts'

/** A grid of pictures: a heading, a title over each column, a label before each row. */
export interface Panel {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly PanelRow[]
}

export interface PanelRow {
  readonly label: string
  /** One cell per column; undefined where there is nothing to show. */
  readonly cells: readonly (Picture | undefined)[]
  /** A few characters under each picture. */
  readonly captions?: readonly (string | undefined)[]
}

/** Colours that read on light and dark pages alike. */
const background = 0.11
const ink = 0.86
const faint = 0.62

const gap = 6
const line = glyphSize + 4
/** Pictures are enlarged to about this many pixels a side. */
const target = 84

class Canvas {
  readonly picture: { channels: 3; width: number; height: number; data: Float32Array }

  constructor(width: number, height: number) {
    this.picture = { channels: 3, width, height, data: new Float32Array(3 * width * height).fill(background) }
  }

  put(part: Picture, left: number, top: number): void {
    const { width, height, data } = this.picture
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < part.height; y++) {
        const from = (c * part.height + y) * part.width
        data.set(part.data.subarray(from, from + part.width), (c * height + top + y) * width + left)
      }
    }
  }

  write(text: string, left: number, top: number, room: number, tone = ink): void {
    const { width, height, data } = this.picture
    const short = [...text].slice(0, Math.max(0, Math.floor(room / glyphSize))).join('')
    lightText(short, (x, y) => {
      for (let c = 0; c < 3; c++) data[(c * height + top + y) * width + left + x] = tone
    })
  }
}

/**
 * Panels side by side on one picture, for looking at many results at once. Pictures of a panel that are
 * smaller than others (a measurement at a quarter of the size) are enlarged to the same side.
 */
export function drawSheet(panels: readonly Panel[]): Picture {
  const label =
    Math.max(0, ...panels.flatMap((panel) => panel.rows.map((row) => [...row.label].length))) * glyphSize
  const plans = panels.map((panel) => {
    const pictures = panel.rows.flatMap((row) => row.cells).filter((cell) => cell !== undefined)
    const largest = Math.max(1, ...pictures.map((picture) => Math.max(picture.width, picture.height)))
    const side = largest * Math.max(1, Math.round(target / largest))
    const captioned = panel.rows.some((row) => row.captions !== undefined)
    return {
      panel,
      side,
      rowHeight: side + gap + (captioned ? line : 0),
      width: label + gap + panel.columns.length * (side + gap),
    }
  })
  const height = Math.max(
    ...plans.map(({ panel, rowHeight }) => gap + 2 * line + gap + panel.rows.length * rowHeight),
  )
  const canvas = new Canvas(gap + plans.reduce((sum, plan) => sum + plan.width + 2 * gap, 0), height)
  let left = gap
  for (const { panel, side, rowHeight, width } of plans) {
    const columnAt = (i: number) => left + label + gap + i * (side + gap)
    canvas.write(panel.title, left + label + gap, gap, width - label)
    panel.columns.forEach((column, i) => canvas.write(column, columnAt(i), gap + line, side, faint))
    panel.rows.forEach((row, r) => {
      const top = gap + 2 * line + r * rowHeight
      canvas.write(row.label, left, top + (side - glyphSize) / 2, label, faint)
      row.cells.forEach((cell, i) => {
        if (cell === undefined) return
        const factor = Math.max(1, Math.floor(side / Math.max(cell.width, cell.height)))
        canvas.put(toColor(enlarge(cell, factor)), columnAt(i), top)
        const caption = row.captions?.[i]
        if (caption !== undefined) canvas.write(caption, columnAt(i), top + side + 3, side, faint)
      })
    })
    left += width + 2 * gap
  }
  return canvas.picture
}

/** Where pictures are on a sheet that {@link drawSheet} made of one panel without captions. */
export interface SheetPlan {
  /** Of all rows, in their order. */
  readonly labels: readonly string[]
  readonly columns: number
}

/**
 * The picture at a place of a sheet, grey, as it was before it was enlarged.
 * @param size - Its side; the room that a picture has on the sheet where left out, which is what a smaller one looks like there.
 */
export function pictureOnSheet(
  sheet: Picture,
  { labels, columns }: SheetPlan,
  [row, column]: readonly [number, number],
  size?: number,
): Picture {
  const label = Math.max(0, ...labels.map((text) => [...text].length)) * glyphSize
  const side = (sheet.width - label - 4 * gap) / columns - gap
  const [left, top] = [2 * gap + label + column * (side + gap), gap + 2 * line + row * (side + gap)]
  const n = size ?? side
  const factor = Math.max(1, Math.floor(side / n))
  const data = Float32Array.from({ length: n * n }, (_, k) => {
    const [y, x] = [Math.floor(k / n), k % n]
    return sheet.data[(top + y * factor) * sheet.width + left + x * factor] ?? background
  })
  return { channels: 1, width: n, height: n, data }
}

/** Pictures of one size in a near-square grid with thin gaps, without labels. */
export function drawGrid(pictures: readonly Picture[], scale = 2): Picture {
  const columns = Math.ceil(Math.sqrt(pictures.length))
  const parts = pictures.map((picture) => toColor(enlarge(picture, scale)))
  const [width, height] = [(parts[0]?.width ?? 0) + 2, (parts[0]?.height ?? 0) + 2]
  const canvas = new Canvas(columns * width + 2, Math.ceil(pictures.length / columns) * height + 2)
  parts.forEach((part, i) =>
    canvas.put(part, 2 + (i % columns) * width, 2 + Math.floor(i / columns) * height),
  )
  return canvas.picture
}
