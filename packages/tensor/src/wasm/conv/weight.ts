import type { View } from '../../device.ts'
import { sizeOf } from '../../shape.ts'
import { eachPiece } from '../../times.ts'
import { fillBytes } from '../move/bulk.ts'
import { copyBox, packTo } from '../move/copy.ts'
import { pieceOf } from '../product/gemm.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import { addressOf, runParts } from '../runtime/kernel.ts'
import type { Launch, Range } from '../runtime/tasks.ts'
import { cutGrid, taskOf } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { spillBytes } from '../runtime/tile.ts'
import type { ConvKernels } from './loops.ts'
import type { ConvCall, Phase } from './plan.ts'
import { convPhases, planeLayout } from './plan.ts'
import type { Planes } from './planes.ts'
import { byImage, planesOf, tableTaps } from './planes.ts'

/** Pixels per packed panel: long enough to hide the addition to the result, short enough for the cache. */
const depthLimit = 256

/** Most taps of the kernels that networks have over pictures of fewer pixels, and fewest channels that they sum over. */
const [networkTaps, networkChannels] = [9, 16]

/**
 * Whether a convolution has the form of a weight gradient: the "kernel" is a field of output gradients
 * [Cout, N, Hout, Wout] larger than the result's planes, and the input is [Cin, N, H, W]. At the deepest levels of a
 * network, weights are larger than the planes too; those are used again, so that they are better packed, and kept.
 */
export function isWeightGradient({ inputs, shape, params }: ConvCall): boolean {
  const { groups, lhsDilation } = params
  const [, channels, kernelHeight, kernelWidth] = inputs[1]!.shape as [number, number, number, number]
  const taps = kernelHeight * kernelWidth
  const small = taps > shape[2]! * shape[3]! && (taps > networkTaps || channels < networkChannels)
  return small && groups === 1 && lhsDilation[0] === 1 && lhsDilation[1] === 1
}

/** The inputs of a weight gradient laid out by image, and the phases in which "taps" read along rows and columns. */
export function fieldsOf(
  call: ConvCall,
  context: WasmContext,
): { readonly planes: Planes; readonly phases: readonly [Phase, Phase] } {
  const [x, dy] = call.inputs as readonly [View, View]
  const [channels, , ...taps] = call.shape as [number, number, number, number]
  const [, , height, width] = dy.shape as [number, number, number, number]
  const { stride, rhsDilation, padding } = call.params
  const phases = convPhases(taps, [height, width], {
    ...{ stride: rhsDilation, rhsDilation: stride, lhsDilation: [1, 1], groups: 1, padding },
  })
  const planes = planesOf(byImage(x), channels, planeLayout(phases), context)
  return { planes, phases: [phases[0][0]!, phases[1][0]!] }
}

/**
 * The convolution as a product over pixels: [Cout × pixels] · [pixels × (Cin, taps)]. A "tap" is a position
 * of the result, a "pixel" one of the kernel, and the summed axis N counts images.
 */
export function weightGradient(
  call: ConvCall,
  out: number,
  context: WasmContext,
  kernels: ConvKernels,
): void {
  const { heap } = context
  const { nr } = context.tiles.tile
  const dy = call.inputs[1]!
  const [channels, outChannels, ...taps] = call.shape as [number, number, number, number]
  const [, images, height, width] = dy.shape as [number, number, number, number]
  const size = height * width
  const { planes, phases } = fieldsOf(call, context)
  const gradients = denseImages(dy, context)

  const perChannel = taps[0] * taps[1]
  const columns = channels * perChannel
  const offsets = heap.scratch('conv.tables', 4 * (columns + nr))
  const sums = heap.scratch('conv.phase', 4 * outChannels * columns)
  const pixels = heap.scratch('conv.pixels', 4 * (planes.chunk * size + nr))
  const { i32 } = heap
  let at = offsets / 4
  for (let channel = 0; channel < channels; channel++) {
    at = tableTaps(i32, at, phases, planes, channel * planes.channelStep)
  }
  i32.fill(i32[offsets / 4]!, at, at + nr)
  fillBytes(context.kernels)(sums, 0, 4 * outChannels * columns)

  eachPiece(0, images, planes.chunk, (image, count) => {
    const base = planes.load(image, count, 0)
    kernels.pixels(pixels, count, height, width, planes.imageStep, phases[0].step * planes.rowBytes)
    const total = count * size
    const reads = { base, pixels, offsets, columns }
    addProducts({ gradients, first: image * size, total, ...reads, sums }, context, kernels)
  })
  copyBox(
    { at: out, strides: [outChannels * perChannel, perChannel, 1] },
    { at: sums, strides: [perChannel, columns, 1] },
    [channels, outChannels, perChannel],
    4,
    context,
  )
}

/** Pixels to sum over, and the sums. */
interface Products {
  readonly gradients: Gradients
  /** The first of `total` pixels, counted through all images; `pixels` tables where they lie from `base` on. */
  readonly first: number
  readonly total: number
  readonly base: number
  readonly pixels: number
  /** From pixels to the `columns` inputs of each. */
  readonly offsets: number
  readonly columns: number
  /** [channels of the gradients × columns]. */
  readonly sums: number
}

/** Adds the products over some pixels, piece by piece: each thread for a rectangle of the sums. */
function addProducts(p: Products, context: WasmContext, kernels: ConvKernels): void {
  const { tile } = context.tiles
  const { mr, nr } = tile
  const { channels } = p.gradients
  const tiles = Math.ceil(channels / mr) * Math.ceil(p.columns / nr)
  const parts = context.threads.parts((channels * p.columns * p.total) / 18, tiles)
  const grid = cutGrid(channels, p.columns, mr, nr, parts)
  const tallest = Math.max(...grid.map(({ rows }) => rows.to - rows.from))
  const spillAt = 4 * (tallest + mr) * depthLimit
  const each = spillAt + spillBytes + 4 * nr * depthLimit
  const piece = pieceOf(p.total, depthLimit, 1)
  runParts(context, 'conv.weights', each, grid, ({ rows, columns }, left) => {
    return taskOf((launch) => {
      const spill = left + spillAt
      const to = p.sums + 4 * (rows.from * p.columns + columns.from)
      eachPiece(0, p.total, piece, (first, depth) => {
        packGradients(tile, left, p.gradients, rows, p.first + first, depth, kernels, launch)
        const sizes = [rows.to - rows.from, depth, p.base, p.pixels + 4 * first, columns.to - columns.from]
        const args = [
          left,
          ...sizes,
          p.offsets + 4 * columns.from,
          to,
          4 * p.columns,
          spill + spillBytes,
          spill,
        ]
        launch(kernels.weightGradient, ...args)
      })
    })
  })
}

/** Output gradients with the pixels of an image side by side; strides in bytes. */
export interface Gradients {
  readonly at: number
  readonly channels: number
  readonly channel: number
  readonly image: number
  readonly imagePixels: number
}

/** Packs pixels `first` … `first + depth − 1`, counted through all images, of some channels. */
function packGradients(
  { mr }: Tile,
  to: number,
  g: Gradients,
  channels: Range,
  first: number,
  depth: number,
  kernels: ConvKernels,
  launch: Launch,
): void {
  const panel = 4 * mr * depth
  for (let done = 0; done < depth; ) {
    const inImage = (first + done) % g.imagePixels
    const image = (first + done - inImage) / g.imagePixels
    const length = Math.min(depth - done, g.imagePixels - inImage)
    const from = g.at + channels.from * g.channel + g.image * image + 4 * inImage
    const target = to + 4 * mr * done
    const args = [target, from, channels.to - channels.from, length, g.channel, 4, panel]
    launch(kernels.packA, ...args)
    done += length
  }
}

/** The gradients as they lie, or a copy, so that the pixels of an image follow each other. */
export function denseImages(dy: View, context: WasmContext): Gradients {
  const [channels, images, height, width] = dy.shape as [number, number, number, number]
  const [s0, s1, s2, s3] = dy.strides.map((s) => 4 * s) as [number, number, number, number]
  const imagePixels = height * width
  const dense = (width === 1 || s3 === 4) && (height === 1 || s2 === 4 * width)
  if (dense) return { at: addressOf(dy), channels, channel: s0, image: s1, imagePixels }
  const at = context.heap.scratch('conv.gradients', 4 * sizeOf(dy.shape))
  const image = 4 * imagePixels
  const channel = image * images
  packTo(at, dy, context)
  return { at, channels, channel, image, imagePixels }
}
