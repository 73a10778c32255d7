import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, concat } from '@tweedie/tensor'
import { luma601 } from '../pixels/channel-weights.ts'

const [red = 0, green = 0, blue = 0] = luma601
/** What scales B − Y and R − Y to the range of a channel, by ITU-R BT.601 as JFIF has it (full range). */
const [forBlue, forRed] = [2 * (1 - blue), 2 * (1 - red)]

const channel = (x: Tensor, c: number): Tensor => x.slice(null, [c, c + 1])

/** Y [N, 1, H, W] and Cb, Cr [N, 2, H, W] of red, green and blue [N, 3, H, W]; grey has no colour differences. */
export function toLumaChroma(x: Tensor): { luma: Tensor; chroma: Tensor } {
  const [r, g, b] = [channel(x, 0), channel(x, 1), channel(x, 2)]
  const luma = r.mul(red).add(g.mul(green)).add(b.mul(blue))
  return { luma, chroma: concat([b.sub(luma).div(forBlue), r.sub(luma).div(forRed)], 1) }
}

/** Red, green and blue of Y, Cb and Cr: the inverse of {@link toLumaChroma}. */
export function toRgb(luma: Tensor, chroma: Tensor): Tensor {
  const b = luma.add(channel(chroma, 0).mul(forBlue))
  const r = luma.add(channel(chroma, 1).mul(forRed))
  return concat([r, luma.sub(r.mul(red)).sub(b.mul(blue)).div(green), b], 1)
}

/** How colour differences are measured: of 2×2 pixels their mean or the top left one, or of each. */
export type Subsampling = '4:2:0' | '4:2:0-corner' | '4:4:4'

/** Colour differences [N, 2, H, W] as they are measured. */
export function subsampled(chroma: Tensor, how: Subsampling): Tensor {
  if (how === '4:4:4') return chroma
  if (how === '4:2:0-corner') return chroma.slice(null, null, [0, null, 2], [0, null, 2])
  const [n = 0, channels = 0, height = 0, width = 0] = chroma.shape
  return chroma.reshape([n, channels, height / 2, 2, width / 2, 2]).mean([3, 5])
}

/** Each pixel `factor`×`factor` times. */
export function repeated(x: Tensor, factor: number): Tensor {
  const [n = 0, channels = 0, height = 0, width = 0] = x.shape
  const tall = x.reshape([n, channels, height, 1, width, 1])
  return broadcastTo(tall, [n, channels, height, factor, width, factor]).reshape([
    ...[n, channels, height * factor, width * factor],
  ])
}
