import type { View } from '../../device.ts'
import { DeviceError } from '../../errors.ts'
import { formatShape } from '../../shape.ts'
import { fillBytes } from '../move/bulk.ts'
import { copyBox } from '../move/copy.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import { addressOf } from '../runtime/kernel.ts'
import type { Phase, PlaneLayout } from './plan.ts'
import { columnAt } from './plan.ts'

/** Bytes of padded input to prepare at a time: a share of the second-level cache. */
const chunkBytes = 1 << 18

/** Tables hold byte offsets of 32 bits. */
const reach = 2 ** 31

/** Input planes laid out so that no read needs a bounds test: the tensor itself where it allows, else copies. */
export interface Planes {
  /** Byte steps from image to image, channel to channel, input row to input row. */
  readonly imageStep: number
  readonly channelStep: number
  readonly rowBytes: number
  /** How many images are ready at a time. */
  readonly chunk: number
  /** Makes `count` images from `image` on ready, all channels from `channel` on, and gives their address. */
  load(image: number, count: number, channel: number): number
  /** Byte distance of the input element (row, column), in input coordinates, from its plane's address. */
  offset(row: number, column: number): number
}

/** @throws {DeviceError} where offsets up to `bytes` do not fit the tables. */
export function checkReach(bytes: number, what: () => string): void {
  if (bytes < reach) return
  throw new DeviceError(`conv2d: ${what()}, span more than the 2 GiB that its tables reach`)
}

/** Tables, from word `at` of `words` on, where each tap of two phases reads, from `base` on. Gives the word after them. */
export function tableTaps(
  words: Int32Array,
  at: number,
  [rows, columns]: readonly [Phase, Phase],
  planes: Planes,
  base = 0,
): number {
  for (const u of rows.taps) {
    for (const v of columns.taps) words[at++] = base + planes.offset(u.offset, v.offset)
  }
  return at
}

/** A view [channels, images, …] as [images, channels, …]. Spelled out: a Tensor's buffer is a getter that a spread would lose. */
export function byImage({ buffer, dtype, offset, shape, strides }: View): View {
  const swap = ([first, second, ...rest]: readonly number[]) => [second!, first!, ...rest]
  return { buffer, dtype, offset, shape: swap(shape), strides: swap(strides) }
}

/**
 * Prepares an input [images, channels in all groups, height, width], `channels` of them at a time, for the
 * reads that `layout` describes.
 * @throws {DeviceError} where the planes of one image span more than 2 GiB, which takes a 64-bit memory.
 */
export function planesOf(x: View, channels: number, layout: PlaneLayout, context: WasmContext): Planes {
  const [images, , height, width] = x.shape as [number, number, number, number]
  const [x0, x1, x2, x3] = x.strides as [number, number, number, number]
  const s0 = 4 * x0
  const s1 = 4 * x1
  const s2 = 4 * x2
  const s3 = 4 * x3
  const { rows, columns, columnStep } = layout
  const inside = rows.low >= 0 && rows.high < height && columns.low >= 0 && columns.high < width
  const top = Math.max(rows.low, 0)
  const left = Math.max(columns.low, 0)
  const bottom = Math.min(rows.high, height - 1)
  const right = Math.min(columns.high, width - 1)
  const at = addressOf(x)
  const span = (channels - 1) * Math.abs(s1) + (bottom - top) * Math.abs(s2) + (right - left) * Math.abs(s3)
  checkReach(
    Math.max(4 * channels * layout.size, span),
    () => `the planes of one image, ${channels} × ${formatShape(x.shape.slice(2))}`,
  )
  const rowsApart = s2 >= 4 * (right - left + 1) || top >= bottom
  const imagesApart = s0 >= s2 * (bottom - top + 1) || images === 1
  if (inside && columnStep === 1 && (s3 === 4 || left >= right) && rowsApart && imagesApart) {
    const base = at + top * s2 + left * s3
    return {
      imageStep: s0,
      channelStep: s1,
      rowBytes: s2,
      chunk: Math.max(1, Math.min(images, Math.floor((reach - span) / Math.max(1, Math.abs(s0))))),
      load: (image, _count, channel) => base + image * s0 + channel * s1,
      offset: (row, column) => (row - rows.low) * s2 + 4 * (column - columns.low),
    }
  }
  const channelStep = 4 * layout.size
  const imageStep = channelStep * channels
  const rowBytes = 4 * layout.width
  const chunk = Math.max(1, Math.min(images, Math.floor(chunkBytes / imageStep)))
  const base = context.heap.scratch('conv.planes', chunk * imageStep)
  // Copies overwrite the same elements each time, so zeros around them stay.
  if (!inside || layout.width !== columns.high - columns.low + 1)
    fillBytes(context.kernels)(base, 0, chunk * imageStep)
  return {
    imageStep,
    channelStep,
    rowBytes,
    chunk,
    load(image, count, channel) {
      for (let phase = 0; phase < columnStep; phase++) {
        const first = left + ((((columns.low + phase - left) % columnStep) + columnStep) % columnStep)
        if (first > right || top > bottom) continue
        const to = base + (top - rows.low) * rowBytes + 4 * columnAt(layout, first)
        const from = at + image * s0 + channel * s1 + top * s2 + first * s3
        const perRow = Math.floor((right - first) / columnStep) + 1
        copyBox(
          { at: to, strides: [channels * layout.size, layout.size, layout.width, 1] },
          { at: from, strides: [x0, x1, x2, x3 * columnStep] },
          [count, channels, bottom - top + 1, perRow],
          4,
          context,
        )
      }
      return base
    },
    offset: (row, column) => (row - rows.low) * rowBytes + 4 * columnAt(layout, column),
  }
}
