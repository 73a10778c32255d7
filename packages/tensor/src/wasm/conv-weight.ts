import type { KernelCall, View } from '../device.ts'
import { sizeOf } from '../shape.ts'
import type { ConvKernels } from './conv.ts'
import { convPhases, planeLayout } from './conv-plan.ts'
import { planesOf } from './conv-planes.ts'
import type { WasmContext } from './kernel.ts'
import { addressOf } from './kernel.ts'
import { tileShape } from './matmul.ts'

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
export function weightGradient(call: KernelCall<'conv2d'>, out: number, context: WasmContext, kernels: ConvKernels): void {
  const { heap } = context
  const [x, dy] = call.inputs as readonly [View, View]
  const [channels, outChannels, ...taps] = call.shape as [number, number, number, number]
  const [, images, height, width] = dy.shape as [number, number, number, number]
  const { stride, rhsDilation, padding } = call.params
  const phases = convPhases(taps, [height, width], {
    ...{ stride: rhsDilation, rhsDilation: stride, lhsDilation: [1, 1], groups: 1, padding },
  })
  const byImage = {
    ...x,
    shape: [images, channels, x.shape[2]!, x.shape[3]!],
    strides: [x.strides[1]!, x.strides[0]!, x.strides[2]!, x.strides[3]!],
  }
  const planes = planesOf(byImage, channels, planeLayout(phases), kernels.copy, context)
  const [r, c] = [phases[0][0]!, phases[1][0]!]
  const size = height * width
  const gradients = denseImages(dy, context, kernels)

  const columns = channels * taps[0] * taps[1]
  const offsets = heap.scratch('conv.tables', 4 * (columns + tileShape.nr))
  const sums = heap.scratch('conv.phase', 4 * outChannels * columns)
  const pixels = heap.scratch('conv.pixels', 4 * (planes.chunk * size + 8))
  const left = heap.scratch('conv.weights', 4 * (outChannels + tileShape.mr) * depthLimit)
  const spillBytes = 4 * tileShape.mr * tileShape.nr
  const spill = heap.scratch('conv.panel', spillBytes + 4 * tileShape.nr * depthLimit)
  const { i32, f32 } = heap
  let at = offsets / 4
  for (let channel = 0; channel < channels; channel++) {
    for (const u of r.taps) {
      for (const v of c.taps) i32[at++] = channel * planes.channelStep + planes.offset(u.offset, v.offset)
    }
  }
  for (let i = 0; i < tileShape.nr; i++) i32[at++] = i32[offsets / 4]!
  f32.fill(0, sums / 4, sums / 4 + outChannels * columns)

  for (let image = 0; image < images; image += planes.chunk) {
    const count = Math.min(planes.chunk, images - image)
    const base = planes.load(image, count, 0)
    kernels.pixels(pixels, base, count, height, width, planes.imageStep, r.step * planes.rowBytes)
    const total = count * size
    const piece = Math.ceil(total / Math.ceil(total / depthLimit))
    for (let first = 0; first < total; first += piece) {
      const depth = Math.min(piece, total - first)
      const panel = 4 * tileShape.mr * depth
      for (let done = 0; done < depth; ) {
        const inImage = (first + done) % size
        const length = Math.min(depth - done, size - inImage)
        const from = gradients.at + gradients.image * (image + Math.floor((first + done) / size)) + 4 * inImage
        kernels.packA(left + 4 * tileShape.mr * done, from, outChannels, length, gradients.channel, 4, panel)
        done += length
      }
      kernels.weightGradient(left, outChannels, depth, pixels + 4 * first, columns, offsets, sums, spill + spillBytes, spill)
    }
  }
  const perChannel = taps[0] * taps[1]
  const steps = [4 * outChannels * perChannel, 4 * perChannel, 4]
  kernels.copy(out, 0, ...steps, sums, 0, 4 * perChannel, 4 * columns, 4, 1, channels, outChannels, perChannel)
}

/** Output gradients whose pixels lie row after row without gaps: as they are, or copied so. */
function denseImages(dy: View, { heap }: WasmContext, kernels: ConvKernels): { at: number; channel: number; image: number } {
  const [channels, images, height, width] = dy.shape as [number, number, number, number]
  const [s0, s1, s2, s3] = dy.strides.map((s) => 4 * s) as [number, number, number, number]
  const dense = (width === 1 || s3 === 4) && (height === 1 || s2 === 4 * width)
  if (dense) return { at: addressOf(dy), channel: s0, image: s1 }
  const at = heap.scratch('conv.gradients', 4 * sizeOf(dy.shape))
  const image = 4 * height * width
  const channel = image * images
  kernels.copy(at, channel, image, 4 * width, 4, addressOf(dy), s0, s1, s2, s3, channels, images, height, width)
  return { at, channel, image }
}
