import type { KernelCall, View } from '../device.ts'
import { sizeOf } from '../shape.ts'
import type { ConvKernels } from './conv-kernels.ts'
import { copyStrided, spillBytes } from './conv-kernels.ts'
import { convPhases, planeLayout } from './conv-plan.ts'
import { planesOf } from './conv-planes.ts'
import { pieceOf, tileShape } from './gemm.ts'
import type { WasmContext } from './kernel.ts'
import { addressOf } from './kernel.ts'

/** Pixels per packed panel: long enough to hide the addition to the result, short enough for the cache. */
const depthLimit = 256

/**
 * Whether a convolution has the form of a weight gradient: the "kernel" is a field of output gradients
 * [Cout, N, Hout, Wout] larger than the result's planes, and the input is [Cin, N, H, W].
 */
export function isWeightGradient({ inputs, shape, params }: KernelCall<'conv2d'>): boolean {
  const { groups, lhsDilation } = params
  const [, , kernelHeight, kernelWidth] = inputs[1]!.shape as [number, number, number, number]
  const small = kernelHeight * kernelWidth > shape[2]! * shape[3]!
  return small && groups === 1 && lhsDilation[0] === 1 && lhsDilation[1] === 1
}

/**
 * The convolution as a product over pixels: [Cout × pixels] · [pixels × (Cin, taps)]. A "tap" is a position
 * of the result, a "pixel" one of the kernel, and the summed axis N counts images.
 */
export function weightGradient(
  call: KernelCall<'conv2d'>,
  out: number,
  context: WasmContext,
  kernels: ConvKernels,
): void {
  const { heap } = context
  const [x, dy] = call.inputs as readonly [View, View]
  const [channels, outChannels, ...taps] = call.shape as [number, number, number, number]
  const [, images, height, width] = dy.shape as [number, number, number, number]
  const size = height * width
  const { stride, rhsDilation, padding } = call.params
  const phases = convPhases(taps, [height, width], {
    ...{ stride: rhsDilation, rhsDilation: stride, lhsDilation: [1, 1], groups: 1, padding },
  })
  const [r, c] = [phases[0][0]!, phases[1][0]!]
  const swap = ([first, second, ...rest]: readonly number[]) => [second!, first!, ...rest]
  // Spelled out: the buffer of a Tensor is a getter that a spread would lose.
  const byImage = {
    buffer: x.buffer,
    dtype: x.dtype,
    offset: x.offset,
    shape: swap(x.shape),
    strides: swap(x.strides),
  }
  const planes = planesOf(byImage, channels, planeLayout(phases), kernels, context)
  const gradients = denseImages(dy, context, kernels)

  const perChannel = taps[0] * taps[1]
  const columns = channels * perChannel
  const offsets = heap.scratch('conv.tables', 4 * (columns + tileShape.nr))
  const sums = heap.scratch('conv.phase', 4 * outChannels * columns)
  const pixels = heap.scratch('conv.pixels', 4 * (planes.chunk * size + tileShape.nr))
  const left = heap.scratch('conv.weights', 4 * (outChannels + tileShape.mr) * depthLimit)
  const spill = heap.scratch('conv.panel', spillBytes + 4 * tileShape.nr * depthLimit)
  const { i32, f32 } = heap
  let at = offsets / 4
  for (let channel = 0; channel < channels; channel++) {
    for (const u of r.taps) {
      for (const v of c.taps) i32[at++] = channel * planes.channelStep + planes.offset(u.offset, v.offset)
    }
  }
  i32.fill(i32[offsets / 4]!, at, at + tileShape.nr)
  f32.fill(0, sums / 4, sums / 4 + outChannels * columns)

  for (let image = 0; image < images; image += planes.chunk) {
    const count = Math.min(planes.chunk, images - image)
    const base = planes.load(image, count, 0)
    kernels.pixels(pixels, base, count, height, width, planes.imageStep, r.step * planes.rowBytes)
    const total = count * size
    const piece = pieceOf(total, depthLimit, 1)
    for (let first = 0; first < total; first += piece) {
      const depth = Math.min(piece, total - first)
      packGradients(left, gradients, image * size + first, depth, kernels)
      const operands = [left, outChannels, depth, pixels + 4 * first, columns, offsets] as const
      kernels.weightGradient(...operands, sums, spill + spillBytes, spill)
    }
  }
  copyStrided(
    kernels,
    { at: out, steps: [0, 4 * outChannels * perChannel, 4 * perChannel, 4] },
    { at: sums, steps: [0, 4 * perChannel, 4 * columns, 4] },
    [1, channels, outChannels, perChannel],
  )
}

/** Output gradients with the pixels of an image side by side; strides in bytes. */
interface Gradients {
  readonly at: number
  readonly channels: number
  readonly channel: number
  readonly image: number
  readonly imagePixels: number
}

/** Packs pixels `first` … `first + depth − 1`, counted through all images, of all channels. */
function packGradients(to: number, g: Gradients, first: number, depth: number, kernels: ConvKernels): void {
  const panel = 4 * tileShape.mr * depth
  for (let done = 0; done < depth; ) {
    const inImage = (first + done) % g.imagePixels
    const image = (first + done - inImage) / g.imagePixels
    const length = Math.min(depth - done, g.imagePixels - inImage)
    const from = g.at + g.image * image + 4 * inImage
    kernels.packA(to + 4 * tileShape.mr * done, from, g.channels, length, g.channel, 4, panel)
    done += length
  }
}

/** The gradients as they lie, or a copy, so that the pixels of an image follow each other. */
function denseImages(dy: View, { heap }: WasmContext, kernels: ConvKernels): Gradients {
  const [channels, images, height, width] = dy.shape as [number, number, number, number]
  const [s0, s1, s2, s3] = dy.strides.map((s) => 4 * s) as [number, number, number, number]
  const imagePixels = height * width
  const dense = (width === 1 || s3 === 4) && (height === 1 || s2 === 4 * width)
  if (dense) return { at: addressOf(dy), channels, channel: s0, image: s1, imagePixels }
  const at = heap.scratch('conv.gradients', 4 * sizeOf(dy.shape))
  const image = 4 * imagePixels
  const channel = image * images
  copyStrided(
    kernels,
    { at, steps: [channel, image, 4 * width, 4] },
    { at: addressOf(dy), steps: [s0, s1, s2, s3] },
    [channels, images, height, width],
  )
  return { at, channels, channel, image, imagePixels }
}
