import { encode } from 'fast-png'
import type { Plane } from './moments.ts'

/** A grey picture of bytes. */
export interface Sheet {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Pixels of the sheet for each pixel of a picture, and between pictures. */
const [scale, gap] = [4, 8]

/** A number of the data range [−1, 1] as a byte; what lies outside is cut. */
export const byteOf = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, (value + 1) / 2)))

/** Pictures in rows, enlarged; the ground between them is mid-grey. */
export function sheetOf(rows: readonly (readonly Plane[])[]): Sheet {
  const widthOf = (row: readonly Plane[]) => row.reduce((sum, { width }) => sum + width * scale + gap, gap)
  const heightOf = (row: readonly Plane[]) => scale * Math.max(0, ...row.map(({ height }) => height)) + gap
  const width = Math.max(gap, ...rows.map(widthOf))
  const height = rows.reduce((sum, row) => sum + heightOf(row), gap)
  const data = new Uint8Array(width * height).fill(128)
  let top = gap
  for (const row of rows) {
    let left = gap
    for (const plane of row) {
      for (let y = 0; y < plane.height * scale; y++)
        for (let x = 0; x < plane.width * scale; x++) {
          const value = plane.data[Math.floor(y / scale) * plane.width + Math.floor(x / scale)] ?? 0
          data[(top + y) * width + left + x] = byteOf(value)
        }
      left += plane.width * scale + gap
    }
    top += heightOf(row)
  }
  return { width, height, data }
}

/** A grey PNG of 8 bits. */
export const pngOf = ({ width, height, data }: Sheet): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(encode({ width, height, data, depth: 8, channels: 1 }))
