import type { WasmContext } from '../runtime/kernel.ts'
import type { WasmFunction } from '../runtime/module.ts'
import { cutGrid } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { spillBytes } from '../runtime/tile.ts'
import { emitDots } from './dots.ts'
import type { Finish } from './epilogue.ts'
import { finishAt, noFinish } from './epilogue.ts'
import { emitGemm, pieceOf } from './gemm.ts'

/** Tile for products of one or two rows, which read b in place: whole cache lines of it. */
const flatTile = { mr: 2, nr: 16 } as const

export const gemmKernels = ({ kernels }: WasmContext, tile: Tile) =>
  kernels.all(`gemm ${tile.mr}×${tile.nr}`, ['block', 'packA', 'packB', 'finish'], (m) => emitGemm(m, tile))

/** A float32 matrix in wasm memory: byte address of its first element, byte strides of rows and columns. */
export interface Matrix {
  readonly at: number
  readonly row: number
  readonly column: number
}

/** The transpose, of the same memory. */
export const transposed = ({ at, row, column }: Matrix): Matrix => ({ at, row: column, column: row })

/** c [m × n, rows `cRow` bytes apart, dense along them] = a [m × k] · b [k × n], k > 0. */
export interface Product {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Matrix
  readonly b: Matrix
  readonly c: number
  readonly cRow: number
  readonly finish: Finish
  /** Whether this is the transpose of a matrix with dense rows times a dense vector: see {@link emitDots}. */
  readonly byDots?: boolean
}

/** A column is a row of the transposed product: full tiles instead of an eighth of each. */
export const asRow = (p: Product): Product =>
  p.n === 1 && p.cRow === 4
    ? {
        byDots: p.a.column === 4 && p.b.row === 4,
        ...{ m: 1, n: p.m, k: p.k, a: transposed(p.b), b: transposed(p.a), c: p.c, cRow: 4 * p.m },
        finish: [p.finish[1], p.finish[0], p.finish[2], p.finish[3]],
      }
    : p

/** Rough time on one thread, in nanoseconds. */
export const timeOf = ({ m, n, k }: Product): number => (m * n * k) / (m <= 2 || n <= 2 ? 8 : 20)

/** Cache blocks: depth of a panel (L1), rows of the left block (L2), floats of the right block (L2 and L3). */
export const blocking = { depth: 320, rows: 160, right: 1 << 18 } as const

/** How a product is cut for the caches; `bytes` is the working memory that takes. */
function blocksOf({ m, n, k, b }: Product, own: Tile) {
  const tile = m <= flatTile.mr && b.column === 4 ? flatTile : own
  const { mr, nr } = tile
  const depth = pieceOf(k, blocking.depth, 1)
  const rows = pieceOf(m, blocking.rows, mr)
  // Packing b pays where its panels serve many rows, or where its rows are not contiguous.
  const inPlace = b.column === 4 && (m <= 4 * mr || k * n <= 4096)
  const columns = inPlace ? n : pieceOf(n, Math.max(nr, Math.floor(blocking.right / depth)), nr)
  const leftBytes = 4 * depth * rows
  const bytes = spillBytes + leftBytes + (inPlace ? 0 : 4 * depth * (columns + nr))
  return { tile, depth, rows, columns, inPlace, leftBytes, bytes }
}

/** Working memory of a product, in bytes. */
export const workBytes = (product: Product, tile: Tile): number => blocksOf(product, tile).bytes

/** Hands `call` the calls of a product, which use working memory at `work`. */
export function multiply(
  product: Product,
  work: number,
  context: WasmContext,
  call: (run: WasmFunction, ...args: number[]) => void,
): void {
  const { m, n, k, a, b, c, cRow, finish } = product
  if (product.byDots === true) {
    call(
      context.kernels.get('dots', (m) => m.procedure('run', emitDots)),
      c,
      b.at,
      a.at,
      n,
      k,
      b.column,
    )
    if (finish.some((arg) => arg !== 0))
      call(gemmKernels(context, context.tiles.tile).finish, c, 1, n, cRow, ...finish)
    return
  }
  const { tile, depth, rows, columns, inPlace, leftBytes } = blocksOf(product, context.tiles.tile)
  const { block, packA, packB } = gemmKernels(context, tile)
  const { mr, nr } = tile
  const left = work + spillBytes
  const right = left + leftBytes
  for (let j = 0; j < n; j += columns) {
    const width = Math.min(columns, n - j)
    for (let l = 0; l < k; l += depth) {
      const deep = Math.min(depth, k - l)
      const from = b.at + l * b.row + j * b.column
      if (!inPlace) call(packB, right, from, width, deep, b.column, b.row, 4 * nr * deep)
      for (let i = 0; i < m; i += rows) {
        const height = Math.min(rows, m - i)
        call(packA, left, a.at + i * a.row + l * a.column, height, deep, a.row, a.column, 4 * mr * deep)
        const to = c + i * cRow + 4 * j
        const accumulate = l === 0 ? 0 : 1
        const operands = [left, inPlace ? from : right, to, height, width, deep] as const
        const [bPanel, bStep] = inPlace ? [4 * nr, b.row] : [4 * nr * deep, 4 * nr]
        const last = l + deep === k ? finishAt(finish, i, j) : noFinish
        call(block, ...operands, 4 * mr * deep, bPanel, bStep, cRow, accumulate, work, ...last)
      }
    }
  }
}

/** Tiles of a product: the most parts {@link cutProduct} may give. */
export const tilesOf = ({ m, n }: Product, { mr }: Tile): number =>
  Math.ceil(m / mr) * Math.ceil(n / flatTile.nr)

/** A product as a grid of at most `parts` products. Every element is the same sum in the same order. */
export function cutProduct(product: Product, { mr }: Tile, parts: number): Product[] {
  if (parts === 1) return [product]
  const { m, n, a, b, c, cRow, finish } = product
  return cutGrid(m, n, mr, flatTile.nr, parts).map(({ rows, columns }) => ({
    ...product,
    m: rows.to - rows.from,
    n: columns.to - columns.from,
    a: { ...a, at: a.at + rows.from * a.row },
    b: { ...b, at: b.at + columns.from * b.column },
    c: c + rows.from * cRow + 4 * columns.from,
    finish: finishAt(finish, rows.from, columns.from),
  }))
}
