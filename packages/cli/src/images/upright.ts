import type { Picture } from '@tweedie/runs'

/**
 * Where a pixel of the upright picture is stored, by EXIF orientation 1 … 8 (Exif 3.0, 4.6.5.1.6): whether rows
 * and columns change places, then whether columns, then rows, are counted from the far end.
 */
const turns: Readonly<Record<number, readonly [swap: boolean, mirrorX: boolean, mirrorY: boolean]>> = {
  1: [false, false, false],
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, false, true],
  7: [true, true, true],
  8: [true, true, false],
}

/** Whether an orientation lays the picture on its side, so that width and height change places. */
export const isLying = (orientation: number): boolean => turns[orientation]?.[0] === true

/** The picture as it is to be looked at, of one that is stored turned or mirrored. */
export function upright(picture: Picture, orientation: number): Picture {
  const turn = turns[orientation]
  if (turn === undefined || orientation === 1) return picture
  const [swap, mirrorX, mirrorY] = turn
  const { channels, data, width: storedWidth, height: storedHeight } = picture
  const [width, height] = swap ? [storedHeight, storedWidth] : [storedWidth, storedHeight]
  const out = new Float32Array(data.length)
  let to = 0
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [column, row] = swap ? [y, x] : [x, y]
        const storedX = mirrorX ? storedWidth - 1 - column : column
        const storedY = mirrorY ? storedHeight - 1 - row : row
        out[to++] = data[(c * storedHeight + storedY) * storedWidth + storedX] ?? 0
      }
    }
  }
  return { channels, width, height, data: out }
}
