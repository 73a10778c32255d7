import type { View } from '../../../device.ts'
import { times } from '../../../times.ts'
import type { WasmContext } from '../../runtime/kernel.ts'
import { runParts } from '../../runtime/kernel.ts'
import type { Call, Range, Rectangle } from '../../runtime/tasks.ts'
import { cutGrid, deal, taskOf } from '../../runtime/tasks.ts'
import type { ConvCall } from '../plan.ts'
import { byImage } from '../planes.ts'
import type { WinogradKernels } from './loops.ts'
import { winogradKernels } from './loops.ts'
import type { Chunk, Patches } from './tiles.ts'
import { chunksOf, copyPlanes, patchesOf, tilingOf, writeTable, xiStepOf } from './tiles.ts'
import type { TileSize } from './transforms.ts'
import { winogradTile } from './transforms.ts'

/** Bytes of transformed inputs and output gradients to sum over at a time. */
const chunkBytes = 4 << 20

/** Rough times of one thread in nanoseconds: per element of a transform, per multiply-add of a product. */
const transformTime = 0.35
const productTime = 1 / 22

/** One of the two factors, and where its transform goes: for each ξ, panels [tiles][width] of channels. */
interface Factor {
  readonly run: Call['run']
  readonly from: View
  readonly to: number
  readonly xiStep: number
  readonly width: 4 | 8
  readonly patches: Patches
  readonly table: number
}

/**
 * The gradient in the weights of a 3×3 convolution at stride 1, of x [Cin, N, H, W] and output gradients
 * [Cout, N, Hout, Wout]: y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A is linear in g, so dg = Σ Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G over
 * tiles; Gᵀ … G is applied once, to the sum.
 */
export function winogradWeightGradient(
  call: ConvCall,
  out: number,
  context: WasmContext,
  size: TileSize,
): void {
  const { heap, threads } = context
  const [x, dy] = call.inputs.map(byImage) as [View, View]
  const [images, channels] = x.shape as [number, number]
  const [, rows, height, width] = dy.shape as [number, number, number, number]
  const kernels = winogradKernels(context, size)
  const xis = (size + 2) ** 2
  const tiling = tilingOf(size, height, width)
  const { padding } = call.params
  const { mr } = winogradTile
  const across = Math.ceil(channels / 8)
  const down = Math.ceil(rows / mr)
  const limit = Math.max(64, Math.floor(chunkBytes / (4 * xis * (channels + rows))))
  const chunks = chunksOf(tiling, images, limit)
  const total = chunks.reduce((sum, { tiles }) => sum + tiles, 0)
  const time = productTime * xis * channels * rows * total
  const grid = cutGrid(rows, across, mr, 1, threads.parts(time, down * across))
  const parts = grid.map(blocksOf)
  const sumXi = xiStepOf(32 * blockPanels * blockRows)
  // With one chunk a block's sums are done with before the next block.
  const single = chunks.length === 1
  const most = single ? 1 : Math.max(...parts.map((blocks) => blocks.length))
  const sums = heap.scratch('winograd.sums', sumXi * xis * most * parts.length)
  chunks.forEach((chunk, index) => {
    const { tiles } = chunk
    const vXi = xiStepOf(32 * across * tiles)
    const zXi = xiStepOf(4 * mr * down * tiles)
    const xPatches = patchesOf(tiling, chunk, 2, [padding[0][0], padding[1][0]])
    const yPatches = patchesOf(tiling, chunk, 0, [0, 0])
    const inputs: Factor = {
      ...{ run: kernels.channels, from: x, width: 8, xiStep: vXi, patches: xPatches },
      to: heap.scratch('winograd.input', vXi * xis),
      table: writeTable(heap, 'winograd.table', tiling, chunk, xPatches),
    }
    const gradients: Factor = {
      ...{ run: kernels.gradients, from: dy, width: 4, xiStep: zXi, patches: yPatches },
      to: heap.scratch('winograd.gradient', zXi * xis),
      table: writeTable(heap, 'winograd.gradientTable', tiling, chunk, yPatches),
    }
    transformChannels([inputs, gradients], chunk, context, kernels, size)

    threads.run(
      parts.map((blocks, i) => {
        return taskOf((launch) => {
          blocks.forEach(({ rows: r, columns: c }, k) => {
            const block = sums + sumXi * xis * (i * most + (single ? 0 : k))
            const sumRow = 32 * (c.to - c.from)
            const left = [gradients.to + 4 * r.from * tiles, zXi]
            const right = [inputs.to + 32 * c.from * tiles, vXi]
            const extents = [xis, r.to - r.from, c.to - c.from, tiles, Number(index > 0)]
            const args = [...left, ...right, block, sumXi, 32, sumRow, ...extents]
            launch(kernels.product, ...args)
            if (index < chunks.length - 1) return
            const target = [out + 36 * (r.from + 8 * c.from * rows), 36, 36 * rows]
            const columns = Math.min(channels, 8 * c.to) - 8 * c.from
            const source = [block, sumXi, sumRow, r.to - r.from, columns]
            launch(kernels.reduce, ...target, ...source)
          })
        })
      }),
    )
  })
}

/** Output channels, and panels of eight input channels, of a block of sums that stays in the second-level cache. */
const blockRows = 32
const blockPanels = 8

/** A rectangle of output channels × panels of input channels, block by block. */
function blocksOf({ rows, columns }: Rectangle): Rectangle[] {
  const blocks = ({ from, to }: Range, length: number) =>
    times(Math.ceil((to - from) / length), (i) => ({
      from: from + i * length,
      to: Math.min(from + (i + 1) * length, to),
    }))
  const panels = blocks(columns, blockPanels)
  return blocks(rows, blockRows).flatMap((own) => panels.map((columns) => ({ rows: own, columns })))
}

/** Transforms both factors, four channels at a time. */
function transformChannels(
  factors: readonly Factor[],
  chunk: Chunk,
  context: WasmContext,
  kernels: WinogradKernels,
  size: TileSize,
): void {
  const { images, tiles } = chunk
  const units = factors.flatMap((factor) => {
    const fours = Math.ceil(factor.from.shape[1]! / factor.width) * (factor.width / 4)
    return times(fours, (i) => ({ factor, channel: 4 * i }))
  })
  const parts = context.threads.parts(
    transformTime * (size + 2) ** 2 * 4 * units.length * tiles,
    units.length,
  )
  // Patches of the last row or column of tiles are loaded as whole vectors.
  const bytes = 4 * images * Math.max(...factors.map(({ patches }) => patches.imageBytes)) + 64
  runParts(context, 'winograd.planes', bytes, deal(units, parts), (own, planes) => {
    return taskOf((launch) => {
      let last: Factor | undefined
      for (const { factor, channel } of own) {
        const { from, width, patches, run, to, xiStep, table } = factor
        if (factor !== last) launch(kernels.clear, planes, bytes)
        last = factor
        const channelBytes = images * patches.imageBytes
        const copied = [channel, Math.min(4, from.shape[1]! - channel)] as const
        copyPlanes(planes, from, copied, channelBytes, chunk, size, patches, context.kernels, launch)
        const panel = Math.floor(channel / width)
        const target = [to + 4 * (panel * width * tiles + (channel % width)), xiStep, 4 * width]
        launch(run, ...target, planes, channelBytes, patches.rowBytes, table, tiles)
      }
    })
  })
}
