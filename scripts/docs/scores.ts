// How far pictures are from the truth, and means of that.
import type { Picture } from '@tweedie/runs'

/** PSNR of a picture within [0, 1], in dB. */
export const psnr = (x: Picture, truth: Picture): number =>
  -10 *
  Math.log10(
    x.data.reduce((sum, v, i) => sum + (Math.min(1, Math.max(0, v)) - truth.data[i]!) ** 2, 0) /
      x.data.length,
  )

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length
