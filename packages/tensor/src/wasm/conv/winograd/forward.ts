import type { View } from '../../../device.ts'
import { eachPiece } from '../../../times.ts'
import { weightRows } from '../../move/copy.ts'
import type { Epilogue } from '../../product/epilogue.ts'
import { noEpilogue } from '../../product/epilogue.ts'
import type { WasmContext } from '../../runtime/kernel.ts'
import { runParts } from '../../runtime/kernel.ts'
import { callOf, cut, cutGrid, deal, taskOf } from '../../runtime/tasks.ts'
import type { ConvCall } from '../plan.ts'
import type { WinogradKernels } from './loops.ts'
import { winogradKernels } from './loops.ts'
import { chunksOf, copyPlanes, patchesOf, tilingOf, writeTable, xiStepOf } from './tiles.ts'
import type { TileSize } from './transforms.ts'
import { winogradTile } from './transforms.ts'

/** Bytes of transformed input to prepare at a time: a share of the last-level cache. */
const chunkBytes = 3 << 20
/** Bytes of padded planes that a task transforms at a time, and of products between two transforms of outputs. */
const planeBytes = 1 << 16
const productBytes = 160 << 10
/** Panels of tiles in one block of products. */
const blockPanels = 4

/** Rough times of one thread in nanoseconds: per element of a transform, per multiply-add of a product. */
const transformTime = 0.35
const productTime = 1 / 22

/** The convolution of a 3×3 kernel at stride 1 by F(m×m, 3×3): m² outputs for (m + 2)² products (arXiv 1509.09308). */
export function winogradForward(
  call: ConvCall,
  out: number,
  context: WasmContext,
  size: TileSize,
  { bias, residual, silu }: Epilogue = noEpilogue,
): void {
  const { heap, threads } = context
  const [x, w] = call.inputs as readonly [View, View]
  const [images, rows, height, width] = call.shape as [number, number, number, number]
  const channels = x.shape[1]!
  const kernels = winogradKernels(context, size)
  const xis = (size + 2) ** 2
  const tiling = tilingOf(size, height, width)
  const { padding } = call.params
  const plane = 4 * height * width
  const imageStep = rows * plane
  const weights = transformWeights(w, context, kernels, size)
  const limit = Math.max(32, Math.floor(chunkBytes / (4 * xis * channels)))
  for (const chunk of chunksOf(tiling, images, limit)) {
    const panels = Math.ceil(chunk.tiles / 8)
    const patches = patchesOf(tiling, chunk, 2, [padding[0][0], padding[1][0]])
    const table = writeTable(heap, 'winograd.table', tiling, chunk, patches, imageStep)
    const vXi = xiStepOf(32 * channels * panels)
    const v = heap.scratch('winograd.input', vXi * xis)

    const channelBytes = chunk.images * patches.imageBytes
    const perBlock = Math.max(1, Math.min(channels, Math.floor(planeBytes / channelBytes)))
    const blocks = cut(channels, Math.ceil(channels / perBlock))
    const parts = threads.parts(transformTime * xis * channels * panels * 8, blocks.length)
    // Patches of the last row or column of tiles are loaded as whole vectors.
    const bytes = channelBytes * perBlock + 64
    runParts(context, 'winograd.planes', bytes, deal(blocks, parts), (own, planes) => {
      return taskOf((launch) => {
        launch(kernels.clear, planes, bytes)
        for (const { from, to } of own) {
          const copied = [from, to - from] as const
          copyPlanes(planes, x, copied, channelBytes, chunk, size, patches, context.kernels, launch)
          const target = [v + 32 * from, vXi, 32 * channels]
          const source = [planes, channelBytes, patches.rowBytes, table, panels, to - from]
          launch(kernels.tiles, ...target, ...source)
        }
      })
    })

    const time = productTime * xis * channels * rows * panels * 8
    const tiles = Math.ceil(rows / winogradTile.mr) * panels
    const grid = cutGrid(rows, panels, winogradTile.mr, 1, threads.parts(time, tiles))
    const perRow = 4 * xis * 8 * blockPanels
    const most = Math.max(
      winogradTile.mr,
      Math.floor(productBytes / perRow / winogradTile.mr) * winogradTile.mr,
    )
    const stageAt = perRow * Math.min(most, Math.ceil(rows / winogradTile.mr) * winogradTile.mr)
    runParts(context, 'winograd.products', stageAt + 256, grid, ({ rows: r, columns: c }, m) => {
      return taskOf((launch) => {
        eachPiece(r.from, r.to, most, (row, own) => {
          eachPiece(c.from, c.to, blockPanels, (panel, count) => {
            const step = 32 * count
            const left = [weights.at + 4 * row * channels, weights.xiStep, v + 32 * channels * panel, vXi]
            const to = [m, step, 32, xis * step]
            launch(kernels.product, ...left, ...to, xis, own, count, channels, 0)
            const target = out + chunk.image * imageStep + row * plane
            const added = [bias === 0 ? 0 : bias + 4 * row, residual === 0 ? 0 : residual + (target - out)]
            const place = [m, table + 128 * panel, own, 2 * count, target, plane]
            launch(kernels.output, ...place, 4 * width, ...added, Number(silu), m + stageAt)
          })
        })
      })
    })
  }
}

/** Transformed weights: for each ξ, panels [channels][mr] of output channels. */
export interface Transformed {
  readonly at: number
  readonly xiStep: number
}

function transformWeights(
  w: View,
  context: WasmContext,
  kernels: WinogradKernels,
  size: TileSize,
): Transformed {
  const { heap, threads, weights } = context
  const [rows, channels] = w.shape as [number, number]
  const { mr } = winogradTile
  const source = weightRows(w, mr, context)
  const steps = source.strides.map((s) => 4 * s)
  const xis = (size + 2) ** 2
  const panels = Math.ceil(rows / mr)
  const xiStep = xiStepOf(4 * mr * panels * channels)
  const kept = weights.find(w, `winograd ${size}`, xiStep * xis)
  if (kept?.ready) return { at: kept.at, xiStep }
  const at = kept?.at ?? heap.scratch('winograd.weights', xiStep * xis)
  const parts = threads.parts(transformTime * xis * rows * channels, panels)
  runParts(context, 'conv.widened', source.work, cut(rows, parts, mr), (range, work) =>
    source.calls(range, work, (start, { from, to }) => {
      const target = [at + 4 * from * channels, xiStep]
      return callOf(kernels.weights, ...target, start, ...steps, to - from, channels)
    }),
  )
  return { at, xiStep }
}
