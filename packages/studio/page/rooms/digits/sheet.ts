import { encode } from 'fast-png'
import type { Plane } from './moments.ts'

/** A picture of bytes: grey, or red, green and blue of each pixel. */
export interface Sheet {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Uint8Array
}

/** Pixels of the sheet for each pixel of a picture, and between pictures. */
const [scale, gap] = [4, 8]

/** A number of the data range [−1, 1] as a byte; what lies outside is cut. */
export const byteOf = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, (value + 1) / 2)))

/** Pictures in rows, enlarged; the ground between them is mid-grey. In colour where one of them has it. */
export function sheetOf(rows: readonly (readonly Plane[])[]): Sheet {
  const channels = rows.flat().some(({ colour }) => colour !== undefined) ? 3 : 1
  const widthOf = (row: readonly Plane[]) => row.reduce((sum, { width }) => sum + width * scale + gap, gap)
  const heightOf = (row: readonly Plane[]) => scale * Math.max(0, ...row.map(({ height }) => height)) + gap
  const width = Math.max(gap, ...rows.map(widthOf))
  const height = rows.reduce((sum, row) => sum + heightOf(row), gap)
  const data = new Uint8Array(width * height * channels).fill(128)
  let top = gap
  for (const row of rows) {
    let left = gap
    for (const plane of row) {
      for (let y = 0; y < plane.height * scale; y++)
        for (let x = 0; x < plane.width * scale; x++) {
          const i = Math.floor(y / scale) * plane.width + Math.floor(x / scale)
          for (let c = 0; c < channels; c++)
            data[((top + y) * width + left + x) * channels + c] = byteOf(
              plane.colour?.[c]?.[i] ?? plane.data[i] ?? 0,
            )
        }
      left += plane.width * scale + gap
    }
    top += heightOf(row)
  }
  return { width, height, channels, data }
}

/** A picture whose bytes stand channel by channel. */
export function sheetOfPlanes(
  [channels, height, width]: readonly [number, number, number],
  planes: Uint8Array,
): Sheet {
  const area = height * width
  const each = channels === 3 ? 3 : 1
  const data = planes.map((_, i) => planes[(i % each) * area + Math.floor(i / each)] ?? 0)
  return { width, height, channels: each, data }
}

/** A PNG of 8 bits. */
export const pngOf = ({ width, height, channels, data }: Sheet): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(encode({ width, height, data, depth: 8, channels }))
