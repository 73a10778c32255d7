import type { View } from '../../device.ts'
import { formatShape, isRowMajor, rowMajorStrides, sizeOf } from '../../shape.ts'
import { eachPiece, times } from '../../times.ts'
import { fillBytes } from '../move/bulk.ts'
import { copyBox, weightRows } from '../move/copy.ts'
import type { Epilogue, Finish } from '../product/epilogue.ts'
import { finishAll, finishAt, finishOf, noFinish, withEpilogue } from '../product/epilogue.ts'
import { pieceOf } from '../product/gemm.ts'
import type { WasmContext, WasmKernels } from '../runtime/kernel.ts'
import { onFloat32, runParts } from '../runtime/kernel.ts'
import type { Call, Range } from '../runtime/tasks.ts'
import { callOf, cut, cutGrid, deal } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { spillBytes } from '../runtime/tile.ts'
import { convFew, convFewWeights } from './few.ts'
import type { ConvKernels } from './loops.ts'
import { convKernels } from './loops.ts'
import type { ConvCall, Phase, Phases } from './plan.ts'
import { convPhases, planeLayout } from './plan.ts'
import type { Planes } from './planes.ts'
import { checkReach, planesOf } from './planes.ts'
import { isWeightGradient, weightGradient } from './weight.ts'
import { winograd, winogradWeights } from './winograd/winograd.ts'

/** Longest part of the reduction over channels and taps whose panel stays in the first-level cache. */
const depthLimit = 512

/** One phase of rows with one of columns: a convolution with some of the taps, for some of the outputs. */
interface Job {
  readonly rows: Phase
  readonly columns: Phase
  readonly depth: number
  /** Tables of `depth` byte offsets: into the planes, and into one output channel's weights. */
  readonly offsets: number
  readonly weightOffsets: number
  /** Packed weights, group after group. */
  readonly weights: number
}

function convolve(call: ConvCall, out: number, context: WasmContext, epilogue?: Epilogue): void {
  const { shape } = call.inputs[1]!
  context.tiles.expect((sizeOf(call.shape) * sizeOf(shape)) / Math.max(1, shape[0]!))
  const kernels = convKernels(context)
  const finish = epilogue === undefined ? noFinish : finishOf(epilogue, out)
  const finished = contract(call, out, context, kernels, finish, epilogue)
  if (finished || epilogue === undefined) return
  const [images, channels, height, width] = call.shape as [number, number, number, number]
  finishAll(kernels.finish, out, [images, channels, height * width], finish, context)
}

/** The convolution alone, or finished with the rest, as it returns. */
function contract(
  call: ConvCall,
  out: number,
  context: WasmContext,
  kernels: ConvKernels,
  finish: Finish,
  epilogue: Epilogue | undefined,
): boolean {
  if (sizeOf(call.inputs[1]!.shape) === 0) fillBytes(context.kernels)(out, 0, 4 * sizeOf(call.shape))
  else if (isWeightGradient(call)) {
    if (convFewWeights(call, out, context)) return false
    if (!winogradWeights(call, out, context)) weightGradient(call, out, context, kernels)
  } else if (convFew(call, out, context, kernels, finish)) return true
  else return winograd(call, out, context, epilogue) || forward(call, out, context, kernels, finish)
  return false
}

/** Convolutions of float32, inputs with any strides, as products of packed weights with panels of pixels. */
export const convKernelTable = {
  conv2d: onFloat32<'conv2d'>((call, out, context) => convolve(call, out, context)),
  fusedConv2d: onFloat32<'fusedConv2d'>((call, out, context) =>
    withEpilogue(call.inputs, call.params, context, (epilogue) => convolve(call, out, context, epilogue)),
  ),
} satisfies WasmKernels

/** Working memory of one call. */
interface Scratch {
  readonly pixels: number
  /** Results of one phase of one group, where the phases' outputs interleave and are dealt out afterwards. */
  readonly part: number
}

/** Whether the results are finished: phases that have to be dealt out, and empty ones, are not. */
function forward(
  call: ConvCall,
  out: number,
  context: WasmContext,
  kernels: ConvKernels,
  finish: Finish,
): boolean {
  const { heap } = context
  const [x, w] = call.inputs as readonly [View, View]
  const { groups } = call.params
  const [images, outChannels, height, width] = call.shape as [number, number, number, number]
  const [, perGroup, kernelHeight, kernelWidth] = w.shape as [number, number, number, number]
  const rows = outChannels / groups
  const [inHeight, inWidth] = x.shape.slice(2) as [number, number]
  const phases = convPhases([kernelHeight, kernelWidth], [height, width], call.params, [inHeight, inWidth])
  const planes = planesOf(x, perGroup, planeLayout(phases), context)
  const whole = phases[0].length === 1 && phases[1].length === 1
  const jobs = makeJobs(w, groups, phases, planes, context, kernels)
  const finishes = whole && jobs[0]!.depth > 0
  const largest = planes.chunk * phases[0][0]!.count * phases[1][0]!.count
  const scratch: Scratch = {
    pixels: heap.scratch('conv.pixels', 4 * (largest + context.tiles.tile.nr)),
    part: whole ? 0 : heap.scratch('conv.phase', 4 * rows * largest),
  }
  const ofImage = outChannels * height * width
  const ofChannel = height * width
  eachPiece(0, images, planes.chunk, (image, count) => {
    for (let group = 0; group < groups; group++) {
      const base = planes.load(image, count, group * perGroup)
      const target = out + 4 * (image * ofImage + group * rows * ofChannel)
      const own = finishes ? finishAt(finish, group * rows, 0) : noFinish
      for (const job of jobs) {
        const r = job.rows
        const c = job.columns
        const size = r.count * c.count
        kernels.pixels(scratch.pixels, count, r.count, c.count, planes.imageStep, r.step * planes.rowBytes)
        const to = whole
          ? { at: target, imageStep: 4 * ofImage }
          : { at: scratch.part, imageStep: 4 * rows * size }
        multiply(job, group, rows, base, count, size, to, scratch, context, kernels, own)
        if (whole) continue
        const extents = [count, rows, r.count, c.count]
        const strides = [ofImage, ofChannel, r.every * width, c.every]
        copyBox(
          { at: target + 4 * (r.first * width + c.first), strides },
          { at: to.at, strides: rowMajorStrides(extents) },
          extents,
          4,
          context,
        )
      }
    }
  })
  return finishes
}

/** Where the results of a job go: images `imageStep` bytes apart, with their channels side by side. */
interface Target {
  readonly at: number
  readonly imageStep: number
}

/** Scratch of one part: a tile, and a panel of pixels. */
const partBytes = ({ nr }: Tile): number => spillBytes + 4 * nr * depthLimit

/** One group's results of one job for `count` images of `size` outputs whose first reads, from `base`, are tabled. */
function multiply(
  job: Job,
  group: number,
  rows: number,
  base: number,
  count: number,
  size: number,
  to: Target,
  { pixels }: Scratch,
  context: WasmContext,
  kernels: ConvKernels,
  finish: Finish,
): void {
  const { depth, offsets } = job
  if (depth === 0) {
    // No tap meets an element: all outputs are zero.
    const fill = fillBytes(context.kernels)
    for (let i = 0; i < count; i++) fill(to.at + i * to.imageStep, 0, 4 * rows * size)
    return
  }
  const { tile } = context.tiles
  const weights = job.weights + group * packedBytes(tile, rows, depth)
  const piece = pieceOf(depth, depthLimit, 1)
  const tiles = Math.ceil(rows / tile.mr) * Math.ceil(size / tile.nr)
  const parts = cutJob(
    tile,
    rows,
    count,
    size,
    context.threads.parts((count * rows * size * depth) / 20, count * tiles),
  )
  runParts(context, 'conv.panel', partBytes(tile), parts, (part, spill) => {
    const height = part.rows.to - part.rows.from
    const left = weights + 4 * part.rows.from * depth
    const first = part.image * size + part.pixels.from
    const length = part.pixels.to - part.pixels.from
    const place = to.at + part.image * to.imageStep + 4 * (part.rows.from * size + part.pixels.from)
    const product = [left, height, depth, piece, offsets]
    const reads = [base, pixels + 4 * first, length, part.imagePixels]
    const last = finishAt(finish, part.rows.from, 0)
    const args = [...product, ...reads, place, 4 * size, to.imageStep, spill + spillBytes, spill, ...last]
    return [callOf(kernels.forward, ...args)]
  })
}

/** Some rows of the results at some pixels, counted from the start of an image and maybe through several. */
interface Part {
  readonly image: number
  readonly rows: Range
  readonly pixels: Range
  /** Pixels from the part's first one to the end of its image, or more where it does not reach that. */
  readonly imagePixels: number
}

/** Cuts a job by images where there are enough of them, else each image by pixels and channels. */
function cutJob({ mr, nr }: Tile, rows: number, count: number, size: number, parts: number): Part[] {
  if (count >= parts) {
    return cut(count, parts).map(({ from, to }) => ({
      image: from,
      rows: { from: 0, to: rows },
      pixels: { from: 0, to: (to - from) * size },
      imagePixels: size,
    }))
  }
  const grid = cutGrid(rows, size, mr, nr, Math.ceil(parts / count))
  return times(count, (image) =>
    grid.map(({ rows, columns }) => ({
      image,
      rows,
      pixels: columns,
      imagePixels: columns.to - columns.from,
    })),
  ).flat()
}

const packedBytes = ({ mr }: Tile, rows: number, depth: number): number =>
  4 * Math.ceil(rows / mr) * mr * depth

/** Kernels with more taps are no weights of a network, but fields of gradients. */
const mostKeptTaps = 64

/** What the layout of packed weights depends on: the tile, and which taps belong together. */
function packedKind({ mr }: Tile, groups: number, ...axes: readonly (readonly Phase[])[]): string {
  const taps = axes.map((phases) =>
    phases.map((phase) => phase.taps.map(({ index }) => index).join()).join(';'),
  )
  return `conv ${mr} ${groups} ${taps.join('|')}`
}

/** Tables and packed weights of every pair of phases. */
function makeJobs(
  w: View,
  groups: number,
  [rowPhases, columnPhases]: Phases,
  planes: Planes,
  context: WasmContext,
  kernels: ConvKernels,
): Job[] {
  const {
    heap,
    threads,
    tiles: { tile },
  } = context
  const [outChannels, channels, ...kernel] = w.shape as [number, number, number, number]
  const source = weightRows(w, tile.mr, context)
  const [across, s1, s2, s3] = source.strides.map((s) => 4 * s) as [number, number, number, number]
  const rows = outChannels / groups
  const taps = kernel[0] * kernel[1]
  checkReach(
    channels * Math.abs(s1) + kernel[0] * Math.abs(s2) + kernel[1] * Math.abs(s3),
    () => `the weights of one output channel, of ${formatShape(w.shape)}`,
  )
  const tables = heap.scratch('conv.tables', 8 * channels * taps)
  const used = [rowPhases, columnPhases].map((phases) =>
    phases.reduce((sum, { taps }) => sum + taps.length, 0),
  )
  const bytes = groups * packedBytes(tile, rows, channels * used[0]! * used[1]!)
  const kept =
    taps > mostKeptTaps
      ? undefined
      : context.weights.find(w, packedKind(tile, groups, rowPhases, columnPhases), bytes)
  let weights = kept?.at ?? heap.scratch('conv.weights', bytes)
  const { i32 } = heap
  const contiguous = isRowMajor(w.shape.slice(1), source.strides.slice(1))
  const jobs: Job[] = []
  const parts = threads.parts(0.7 * sizeOf(w.shape), outChannels)
  const packing: ((work: number) => Call[])[] = []
  let at = tables / 4
  for (const r of rowPhases) {
    for (const c of columnPhases) {
      const depth = channels * r.taps.length * c.taps.length
      const job = { rows: r, columns: c, depth, offsets: 4 * at, weightOffsets: 4 * (at + depth), weights }
      for (let channel = 0; channel < channels; channel++) {
        for (const u of r.taps) {
          for (const v of c.taps) {
            i32[at + depth] = channel * s1 + u.index * s2 + v.index * s3
            i32[at++] = channel * planes.channelStep + planes.offset(u.offset, v.offset)
          }
        }
      }
      at += depth
      for (let group = 0; group < groups; group++) {
        const first = group * rows
        const to = weights
        const panel = 4 * tile.mr * depth
        const pack = (from: number, range: Range): Call => {
          const operands = [to + 4 * (range.from - first) * depth, from, range.to - range.from, depth, across]
          return contiguous && depth === channels * taps
            ? callOf(kernels.packA, ...operands, 4, panel)
            : callOf(kernels.packIndexed, ...operands, job.weightOffsets)
        }
        for (const own of cut(rows, Math.ceil(parts / groups), tile.mr))
          packing.push((work) => source.calls({ from: first + own.from, to: first + own.to }, work, pack))
        weights += packedBytes(tile, rows, depth)
      }
      jobs.push(job)
    }
  }
  if (kept?.ready !== true)
    runParts(context, 'conv.widened', source.work, deal(packing, parts), (own, work) =>
      own.flatMap((pack) => pack(work)),
    )
  return jobs
}
