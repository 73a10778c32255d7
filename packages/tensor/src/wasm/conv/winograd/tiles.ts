import type { View } from '../../../device.ts'
import { copyWords } from '../../move/copy.ts'
import type { Heap } from '../../runtime/heap.ts'
import { addressOf } from '../../runtime/kernel.ts'
import type { KernelCache } from '../../runtime/module.ts'
import type { Launch } from '../../runtime/tasks.ts'
import type { TileSize } from './transforms.ts'

/** Bytes by which arrays for each ξ are set apart, so that their elements fall into different cache sets. */
const apart = 64

/** Byte step between arrays of `bytes` bytes for each ξ, an odd number of cache lines. */
export const xiStepOf = (bytes: number): number => {
  const lines = Math.ceil(bytes / apart)
  return apart * (lines + 1 - (lines % 2))
}

/** An image plane [height × width] covered by tiles of m × m. */
export interface Tiling {
  readonly size: TileSize
  readonly height: number
  readonly width: number
  /** Tiles per column and per row. */
  readonly down: number
  readonly across: number
}

export const tilingOf = (size: TileSize, height: number, width: number): Tiling => ({
  ...{ size, height, width },
  ...{ down: Math.ceil(height / size), across: Math.ceil(width / size) },
})

/** Tiles to be worked on together: some whole images, or some rows of tiles of one. */
export interface Chunk {
  readonly image: number
  readonly images: number
  /** Rows of tiles, `to` excluded. */
  readonly from: number
  readonly to: number
  readonly tiles: number
}

/** Images cut into chunks of about `limit` tiles: of the shapes alone, never of the number of threads. */
export function chunksOf({ down, across }: Tiling, images: number, limit: number): Chunk[] {
  const chunks: Chunk[] = []
  const each = Math.floor(limit / (down * across))
  if (each >= 1) {
    const pieces = Math.ceil(images / each)
    const length = Math.ceil(images / pieces)
    for (let image = 0; image < images; image += length) {
      const count = Math.min(length, images - image)
      chunks.push({ image, images: count, from: 0, to: down, tiles: count * down * across })
    }
    return chunks
  }
  const pieces = Math.ceil(down / Math.max(1, Math.floor(limit / across)))
  const length = Math.ceil(down / pieces)
  for (let image = 0; image < images; image++) {
    for (let from = 0; from < down; from += length) {
      const to = Math.min(down, from + length)
      chunks.push({ image, images: 1, from, to, tiles: (to - from) * across })
    }
  }
  return chunks
}

/** Padded copies of a chunk's part of the planes of some channels, in which every patch is inside. */
export interface Patches {
  /** Extents of a patch, and where the first one starts in the plane, at most 0. */
  readonly extent: number
  readonly top: number
  readonly left: number
  readonly rowBytes: number
  readonly imageBytes: number
}

/** Layout of the patches of m + `more` elements per axis that begin `padding` before the tiles. */
export function patchesOf(
  { size, across }: Tiling,
  chunk: Chunk,
  more: number,
  [top, left]: readonly [number, number],
): Patches {
  const extent = size + more
  const rowBytes = 4 * (across * size + more)
  const imageBytes = rowBytes * ((chunk.to - chunk.from) * size + more)
  return { extent, top: -top, left: -left, rowBytes, imageBytes }
}

/** Copies channels of a chunk into padded planes, `channelBytes` apart, where anything of them is inside. */
export function copyPlanes(
  to: number,
  x: View,
  [first, count]: readonly [number, number],
  channelBytes: number,
  chunk: Chunk,
  size: number,
  p: Patches,
  kernels: KernelCache,
  launch: Launch,
): void {
  const [, , height, width] = x.shape as [number, number, number, number]
  const [s0, s1, s2, s3] = x.strides as [number, number, number, number]
  const top = chunk.from * size + p.top
  const rows = p.imageBytes / p.rowBytes
  const y0 = Math.max(0, top)
  const y1 = Math.min(height, top + rows)
  const x0 = Math.max(0, p.left)
  const x1 = Math.min(width, p.left + p.rowBytes / 4)
  if (y1 <= y0 || x1 <= x0 || count <= 0) return
  copyWords(
    {
      at: to + (y0 - top) * p.rowBytes + 4 * (x0 - p.left),
      strides: [p.imageBytes / 4, channelBytes / 4, p.rowBytes / 4, 1],
    },
    { at: addressOf(x) + 4 * (chunk.image * s0 + first * s1 + y0 * s2 + x0 * s3), strides: x.strides },
    [chunk.images, count, y1 - y0, x1 - x0],
    kernels,
    launch,
  )
}

/**
 * Writes the table of a chunk's tiles, padded with empty ones to a multiple of eight: offset of the patch in the padded
 * planes, offset of the tile in the output, and how much of it is inside.
 */
export function writeTable(
  heap: Heap,
  name: string,
  { size, height, width, down, across }: Tiling,
  chunk: Chunk,
  { rowBytes, imageBytes }: Patches,
  imageStep = 0,
): number {
  const padded = 8 * Math.ceil(chunk.tiles / 8)
  const table = heap.scratch(name, 16 * padded)
  const { i32 } = heap
  let at = table / 4
  for (let image = 0; image < chunk.images; image++) {
    for (let y = chunk.from; y < chunk.to; y++) {
      const rows = y === down - 1 ? height - y * size : size
      for (let x = 0; x < across; x++) {
        i32[at++] = image * imageBytes + (y - chunk.from) * size * rowBytes + 4 * x * size
        i32[at++] = image * imageStep + 4 * size * (y * width + x)
        i32[at++] = rows
        i32[at++] = x === across - 1 ? width - x * size : size
      }
    }
  }
  for (const last = i32[at - 4]!; at < table / 4 + 4 * padded; at += 4) {
    i32[at] = last
    i32[at + 1] = i32[at + 2] = i32[at + 3] = 0
  }
  return table
}
