import type { KernelCall } from '../device.ts'
import { sizeOf } from '../shape.ts'
import type { TileShape } from './gemm.ts'
import { emitGemm, pieceOf, tileShape } from './gemm.ts'
import type { WasmContext } from './kernel.ts'
import { addressOf } from './kernel.ts'

/** Tile for products of one or two rows, which read b in place: whole cache lines of it. */
const flatTile = { mr: 2, nr: 16 } as const

function gemmKernels({ kernels, relaxedSimd: relaxed }: WasmContext, tile: Pick<TileShape, 'mr' | 'nr'>) {
  const key = tile === flatTile ? 'gemm-flat' : 'gemm'
  return kernels.all(relaxed ? `${key}+` : key, ['block', 'packA', 'packB'], (m) => {
    emitGemm(m, { ...tile, relaxed })
  })
}

/** A float32 matrix in wasm memory: byte address of its first element, byte strides of rows and columns. */
interface Matrix {
  readonly at: number
  readonly row: number
  readonly column: number
}

const transposed = ({ at, row, column }: Matrix): Matrix => ({ at, row: column, column: row })

/** Cache blocks: depth of a panel (L1), rows of the left block (L2), floats of the right block (L2 and L3). */
const blocking = { depth: 320, rows: 160, right: 1 << 18 } as const

/** c [m × n, row-major] = a [m × k] · b [k × n], k > 0. */
function multiply(
  context: WasmContext,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: number,
): void {
  if (n === 1 && m > 1) {
    // A column is a row of the transposed product: full tiles instead of an eighth of each.
    multiply(context, 1, m, k, transposed(b), transposed(a), c)
    return
  }
  const tile = m <= flatTile.mr && b.column === 4 ? flatTile : tileShape
  const { block, packA, packB } = gemmKernels(context, tile)
  const { mr, nr } = tile
  const depth = pieceOf(k, blocking.depth, 1)
  const rows = pieceOf(m, blocking.rows, mr)
  // Packing b pays where its panels serve many rows, or where its rows are not contiguous.
  const inPlace = b.column === 4 && (m <= 4 * mr || k * n <= 4096)
  const columns = inPlace ? n : pieceOf(n, Math.max(nr, Math.floor(blocking.right / depth)), nr)
  const spillBytes = 4 * mr * nr
  const leftBytes = 4 * depth * rows
  const spill = context.heap.scratch(
    'gemm',
    spillBytes + leftBytes + (inPlace ? 0 : 4 * depth * (columns + nr)),
  )
  const left = spill + spillBytes
  const right = left + leftBytes
  for (let j = 0; j < n; j += columns) {
    const width = Math.min(columns, n - j)
    for (let l = 0; l < k; l += depth) {
      const deep = Math.min(depth, k - l)
      const from = b.at + l * b.row + j * b.column
      if (!inPlace) packB(right, from, width, deep, b.column, b.row, 4 * nr * deep)
      for (let i = 0; i < m; i += rows) {
        const height = Math.min(rows, m - i)
        packA(left, a.at + i * a.row + l * a.column, height, deep, a.row, a.column, 4 * mr * deep)
        const to = c + 4 * (i * n + j)
        const accumulate = l === 0 ? 0 : 1
        const operands = [left, inPlace ? from : right, to, height, width, deep] as const
        const [bPanel, bStep] = inPlace ? [4 * nr, b.row] : [4 * nr * deep, 4 * nr]
        block(...operands, 4 * mr * deep, bPanel, bStep, 4 * n, accumulate, spill)
      }
    }
  }
}

/** Matrix products of float32, batched, inputs with any strides. */
export function matmul(call: KernelCall<'matmul'>, out: number, context: WasmContext): boolean {
  const [x, y] = call.inputs as [KernelCall['inputs'][number], KernelCall['inputs'][number]]
  if (x.dtype !== 'float32') return false
  const rank = x.shape.length
  const [m, k, n] = [x.shape[rank - 2]!, x.shape[rank - 1]!, y.shape[rank - 1]!]
  const size = sizeOf(call.shape)
  if (k === 0) {
    context.heap.f32.fill(0, out / 4, out / 4 + size)
    return true
  }
  const a = { at: addressOf(x), row: 4 * x.strides[rank - 2]!, column: 4 * x.strides[rank - 1]! }
  const b = { at: addressOf(y), row: 4 * y.strides[rank - 2]!, column: 4 * y.strides[rank - 1]! }
  const batch = size / (m * n)
  if (batch === 1) {
    multiply(context, m, n, k, a, b, out)
    return true
  }
  if (rank === 3 && y.strides[0] === 0 && 4 * x.strides[0]! === m * a.row) {
    // One right factor for the whole batch, and the left factors stacked: a single tall product.
    multiply(context, batch * m, n, k, a, b, out)
    return true
  }
  const index = new Array<number>(rank - 2).fill(0)
  for (let s = 0; s < batch; s++) {
    let [ax, by] = [0, 0]
    for (let axis = 0; axis < rank - 2; axis++) {
      ax += index[axis]! * x.strides[axis]!
      by += index[axis]! * y.strides[axis]!
    }
    multiply(context, m, n, k, { ...a, at: a.at + 4 * ax }, { ...b, at: b.at + 4 * by }, out + 4 * s * m * n)
    for (let axis = rank - 3; axis >= 0 && ++index[axis]! === x.shape[axis]; axis--) index[axis] = 0
  }
  return true
}
