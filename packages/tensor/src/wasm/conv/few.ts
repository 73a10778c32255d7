import type { View } from '../../device.ts'
import { isRowMajor, sizeOf } from '../../shape.ts'
import { eachPiece } from '../../times.ts'
import { fillBytes } from '../move/bulk.ts'
import { packTo } from '../move/copy.ts'
import type { Finish } from '../product/epilogue.ts'
import { finishAt } from '../product/epilogue.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import { addressOf } from '../runtime/kernel.ts'
import type { Call } from '../runtime/tasks.ts'
import { callOf, cut, taskOf } from '../runtime/tasks.ts'
import type { Block } from './few-loops.ts'
import { emitFewForward, emitFewWeights } from './few-loops.ts'
import type { ConvKernels } from './loops.ts'
import type { ConvCall } from './plan.ts'
import { convPhases, planeLayout } from './plan.ts'
import { planesOf, tableTaps } from './planes.ts'
import { denseImages, fieldsOf } from './weight.ts'

/** Most output channels (of a group) that the kernels of this file serve: fewer than a register tile has rows. */
export const few = 3

/** Rough, in nanoseconds per multiply-add. */
const timePerProduct = 1 / 12

/** Most vectors of a block, by channels: sums, weights and an input share fifteen registers. */
const widest = [8, 4, 3] as const

/** The block for rows of `columns` outputs: eight sums in flight hide the latency. */
function blockOf(channels: number, columns: number): Block {
  const vectors = Math.ceil(columns / 4)
  const own = Math.ceil(vectors / Math.ceil(vectors / widest[channels - 1]!))
  return { channels, vectors: own, rows: Math.max(1, Math.floor(9 / (channels * own))) }
}

const forwardKernel = ({ kernels }: WasmContext, block: Block) =>
  kernels.get(`conv few ${block.channels}×${block.vectors}×${block.rows}`, (m) =>
    m.procedure('run', emitFewForward, block),
  )

/**
 * A convolution to at most {@link few} channels (per group), with pixels along the lanes: sums of weights times inputs
 * as they lie, where a product would have to pack the pixels for the sake of a row or two. Returns false where there
 * are more channels, or outputs that read in several phases or skip taps.
 */
export function convFew(
  call: ConvCall,
  out: number,
  context: WasmContext,
  kernels: ConvKernels,
  finish: Finish,
): boolean {
  const [x, w] = call.inputs as readonly [View, View]
  const { groups } = call.params
  const [images, outChannels, height, width] = call.shape as [number, number, number, number]
  const [, perGroup, ...kernel] = w.shape as [number, number, number, number]
  const channels = outChannels / groups
  if (channels > few || width < 4) return false
  const phases = convPhases(kernel, [height, width], call.params)
  if (phases[0].length > 1 || phases[1].length > 1) return false
  const r = phases[0][0]!
  const c = phases[1][0]!
  if (r.taps.length < kernel[0] || c.taps.length < kernel[1]) return false
  const taps = kernel[0] * kernel[1]
  const depth = perGroup * taps

  const { heap, threads } = context
  const planes = planesOf(x, perGroup, planeLayout(phases), context)
  const table = heap.scratch('conv.tables', 4 * taps)
  tableTaps(heap.i32, table / 4, [r, c], planes)
  const [weights, across] = denseRows(w, context)

  const block = blockOf(channels, width)
  const run = forwardKernel(context, block)
  const rowStep = r.step * planes.rowBytes
  const size = height * width
  eachPiece(0, images, planes.chunk, (image, count) => {
    for (let group = 0; group < groups; group++) {
      const base = planes.load(image, count, group * perGroup)
      const time = count * size * depth * channels * timePerProduct
      const parts = threads.parts(time, count * Math.ceil(height / block.rows))
      const own = [table, weights + group * channels * across, perGroup, taps]
      const steps = [rowStep, planes.channelStep, across, 4 * size]
      const last = finishAt(finish, group * channels, 0)
      const finishes = last.some((arg) => arg !== 0)
      const strips = cut(height, Math.ceil(parts / count), block.rows)
      const tasks = cut(count, parts).map((some) => {
        const task: Call[][] = strips.map(() => [])
        for (let i = some.from; i < some.to; i++) {
          strips.forEach((rows, k) => {
            const to = out + 4 * (((image + i) * outChannels + group * channels) * size + rows.from * width)
            const from = base + i * planes.imageStep + rows.from * rowStep
            const length = rows.to - rows.from
            task[k]!.push(callOf(run, to, from, ...own, length, width, ...steps))
            if (finishes)
              task[k]!.push(callOf(kernels.finish, to, channels, length * width, 4 * size, ...last))
          })
        }
        return task
      })
      threads.run(tasks.flat())
    }
  })
  return true
}

/** Weights of which those of an output channel follow each other, and the bytes from one channel to the next. */
function denseRows(w: View, context: WasmContext): [at: number, across: number] {
  if (isRowMajor(w.shape.slice(1), w.strides.slice(1))) return [addressOf(w), 4 * w.strides[0]!]
  const at = context.heap.scratch('conv.weights', 4 * sizeOf(w.shape))
  packTo(at, w, context)
  return [at, 4 * sizeOf(w.shape.slice(1))]
}

/** Elements of a row of float32 lanes' sums before they go to memory. */
const bandSize = 2048

/** Taps per sweep, by channels: as many sums as stay in registers. */
const tapsAtOnce = [9, 5, 3] as const

/**
 * The weight gradient for at most {@link few} output channels, as sums over pixels for each tap: x [Cin, N, H, W],
 * output gradients [Cout, N, Hout, Wout]. Returns false where there are more channels.
 */
export function convFewWeights(call: ConvCall, out: number, context: WasmContext): boolean {
  const dy = call.inputs[1]!
  const [channels, outChannels, ...taps] = call.shape as [number, number, number, number]
  const [, images, height, width] = dy.shape as [number, number, number, number]
  if (outChannels > few || width < 4) return false
  const { heap, threads } = context
  const { planes, phases } = fieldsOf(call, context)
  const gradients = denseImages(dy, context)
  const perChannel = taps[0] * taps[1]
  const offsets = heap.scratch('conv.tables', 4 * perChannel)
  tableTaps(heap.i32, offsets / 4, phases, planes)
  const sweeps = cut(perChannel, Math.ceil(perChannel / tapsAtOnce[outChannels - 1]!)).map(({ from, to }) => {
    const key = `conv few weights ${outChannels}×${to - from}`
    return {
      from,
      run: context.kernels.get(key, (m) => m.procedure('run', emitFewWeights, outChannels, to - from)),
    }
  })
  fillBytes(context.kernels)(out, 0, 4 * channels * outChannels * perChannel)
  const band = Math.max(1, Math.floor(bandSize / width))
  const rowStep = phases[0].step * planes.rowBytes
  eachPiece(0, images, planes.chunk, (image, count) => {
    const base = planes.load(image, count, 0)
    const time = count * channels * outChannels * perChannel * height * width * timePerProduct
    const tasks = cut(channels, threads.parts(time, channels)).map((some) => {
      return taskOf((launch) => {
        for (let i = 0; i < count; i++) {
          const x = base + i * planes.imageStep + some.from * planes.channelStep
          const field = gradients.at + (image + i) * gradients.image
          for (const { from, run } of sweeps) {
            const to = out + 4 * (some.from * outChannels * perChannel + from)
            const sizes = [some.to - some.from, height, width, band, rowStep, gradients.channel]
            const steps = [4 * perChannel, planes.channelStep, 4 * outChannels * perChannel]
            launch(run, to, x, field, offsets + 4 * from, ...sizes, ...steps)
          }
        }
      })
    })
    threads.run(tasks)
  })
  return true
}
