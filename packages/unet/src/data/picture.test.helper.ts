import { FileFormatError } from '@tweedie/tensor'
import type { OpenPicture } from './picture-files.ts'

/** A picture file of the tests' own kind: channels, height, width, first byte; 'broken' in its header or in its pixels. */
export const picture = (channels: number, height: number, width: number, first = 0, more = '') =>
  `pic ${channels} ${height} ${width} ${first} ${more}`
/** Reads them. */
export const openPicture: OpenPicture = (bytes, file) => {
  const [mark, channels, height, width, first, more] = new TextDecoder().decode(bytes).split(' ')
  if (mark !== 'pic') throw new FileFormatError(file, 'broken PIC: no mark')
  const [h, w] = [Number(height), Number(width)]
  return {
    height: more === 'lies' ? h + 1 : more === 'hides' ? h - 1 : h,
    width: w,
    decode: (wanted) => {
      if (more === 'damaged') throw new FileFormatError(file, 'broken PIC: the pixels end')
      const plane = Array.from({ length: h * w }, (_, i) => ((Number(first) + i) % 256) / 255)
      // A colour picture has its planes 50 apart; grey of it is the first.
      const planes = Array.from({ length: wanted }, (_, c) =>
        plane.map((v) => (channels === '3' ? (v + (50 * c) / 255) % 1.001 : v)),
      )
      return { channels: wanted, height: h, width: w, data: Float32Array.from(planes.flat()) }
    },
  }
}
