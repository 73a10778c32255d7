import type { View } from '../../device.ts'
import { sizesOfHeads } from '../../reference/attention.ts'
import { sizeOf } from '../../shape.ts'
import { eachPiece, times } from '../../times.ts'
import { pieceOf } from '../product/gemm.ts'
import type { Matrix } from '../product/product.ts'
import { transposed } from '../product/product.ts'
import type { WasmContext, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32, runParts } from '../runtime/kernel.ts'
import type { WasmFunction } from '../runtime/module.ts'
import type { Call, Task } from '../runtime/tasks.ts'
import { callOf, cut, deal, taskOf } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { spillBytes } from '../runtime/tile.ts'
import { emitAttention, emitAttentionGrad } from './loops.ts'

/** Keys per piece of a product that sums over keys: its panel of weights stays in the first-level cache. */
const pieceLimit = 320
/** Bytes of packed keys and values to prepare at a time. */
const chunkBytes = 1 << 23
/** Queries are dealt out by this many: whole panels of every tile. */
const unit = 48

/** The heads of a call, one matrix each for queries, keys, values and the result's gradient. */
interface Heads {
  readonly heads: number
  readonly d: number
  readonly e: number
  readonly queries: number
  readonly keys: number
  /** Matrix of input i for a head. */
  matrix(i: number, head: number): Matrix
}

function headsOf(inputs: readonly View[]): Heads {
  const lead = inputs[0]!.shape.slice(0, -2)
  return {
    ...sizesOfHeads(inputs),
    matrix(i, head) {
      const x = inputs[i]!
      let [rest, at] = [head, addressOf(x)]
      for (let axis = lead.length - 1; axis >= 0; axis--) {
        const index = rest % lead[axis]!
        at += 4 * index * x.strides[axis]!
        rest = (rest - index) / lead[axis]!
      }
      return { at, row: 4 * x.strides.at(-2)!, column: 4 * x.strides.at(-1)! }
    },
  }
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Bytes of a left factor [rows × depth], packed. */
const leftBytes = (rows: number, depth: number, { mr }: Tile): number => 4 * roundUp(rows, mr) * depth

/** The calls that pack a left factor [rows × depth], in pieces of the depth. */
function packing(
  packA: WasmFunction,
  to: number,
  { at, row, column }: Matrix,
  [rows, depth]: readonly [number, number],
  { mr }: Tile,
  piece = depth,
): Call[] {
  return taskOf((launch) => {
    eachPiece(0, depth, piece, (first, deep) => {
      const target = to + 4 * roundUp(rows, mr) * first
      launch(packA, target, at + first * column, rows, deep, row, column, 4 * mr * deep)
    })
  })
}

/** A head, and where what is packed of it lies. */
interface Packed {
  readonly head: number
  readonly at: number
}

/** Visits all heads, as many at a time as may be packed together, `bytes` each, by the calls of `pack`. */
function overHeads(
  count: number,
  bytes: number,
  parts: number,
  { heap, threads }: WasmContext,
  pack: (own: Packed) => Call[],
  visit: (heads: readonly Packed[]) => void,
): void {
  const chunk = Math.max(1, Math.min(count, Math.floor(chunkBytes / Math.max(1, bytes))))
  const packed = heap.scratch('attention.packed', chunk * bytes)
  eachPiece(0, count, chunk, (from, length) => {
    const own = times(length, (i) => ({ head: from + i, at: packed + i * bytes }))
    threads.run(deal(own.flatMap(pack), parts))
    visit(own)
  })
}

/** Runs units of work, those of one task in order and with one working area. */
const runUnits = <Unit>(
  context: WasmContext,
  area: string,
  bytes: number,
  tasks: readonly (readonly Unit[])[],
  make: (unit: Unit, at: number) => Call,
): void => runParts(context, area, bytes, tasks, (units, at) => units.map((unit) => make(unit, at)))

/** Rough time of some multiply-adds, in nanoseconds. */
const timeOf = (multiplyAdds: number): number => multiplyAdds / 18

const kernelsOf = (context: WasmContext) => {
  const { kernels, tiles } = context
  const { tile } = tiles
  const key = `${tile.mr}×${tile.nr}`
  return {
    forward: () => kernels.all(`attention ${key}`, ['attention', 'packA'], (m) => emitAttention(m, tile)),
    backward: () =>
      kernels.all(`attentionGrad ${key}`, ['attentionGrad', 'packA', 'sum'], (m) => {
        emitAttentionGrad(m, tile)
      }),
  }
}

const attention = onFloat32<'attention'>((call, out, context) => {
  const { threads, tiles } = context
  const { heads, d, e, queries, keys, matrix } = headsOf(call.inputs)
  const work = heads * queries * keys * (d + e)
  tiles.expect(work)
  const { tile } = tiles
  const { attention: run, packA } = kernelsOf(context).forward()
  const piece = pieceOf(keys, pieceLimit, 1)
  const keyBytes = leftBytes(keys, d, tile)
  const panel = 4 * tile.nr * d
  const scores = 4 * tile.nr * keys
  const parts = threads.parts(timeOf(work), heads * Math.ceil(queries / unit))
  overHeads(
    heads,
    keyBytes + leftBytes(e, keys, tile),
    parts,
    context,
    ({ head, at }) => [
      ...packing(packA, at, transposed(matrix(1, head)), [keys, d], tile),
      ...packing(packA, at + keyBytes, matrix(2, head), [e, keys], tile, piece),
    ],
    (heads) => {
      const units = heads.flatMap((own) =>
        cut(queries, Math.ceil(parts / heads.length), unit).map((range) => ({ ...own, ...range })),
      )
      runUnits(context, 'attention.scores', panel + scores + spillBytes, deal(units, parts), (u, scratch) => {
        const q = matrix(0, u.head)
        const to = out + 4 * (u.head * e * queries + u.from)
        const input = [u.at, u.at + keyBytes, q.at + u.from * q.column, q.row, q.column]
        const sizes = [to, 4 * queries, u.to - u.from, keys, d, e, piece]
        const places = [scratch, scratch + panel, scratch + panel + scores]
        return callOf(run, ...input, ...sizes, ...places, call.params.scale)
      })
    },
  )
})

/** Queries per block of the gradients: two strips of weights near the size of the second-level cache. */
const blockOf = (keys: number): number => (keys <= 512 ? 2 * unit : unit)

/**
 * Into how many runs of queries a head's gradients are cut, whose sums over queries are then added, so that one head
 * keeps several threads busy. It depends on the number of queries only: a head's gradients depend neither on threads
 * nor on how many other heads and samples there are.
 */
const runsOf = (queries: number): number => Math.max(1, Math.min(4, Math.floor(queries / (4 * unit))))

const attentionGrad = onFloat32<'attentionGrad'>((call, out, context) => {
  const { heap, threads, tiles } = context
  const { heads, d, e, queries, keys, matrix } = headsOf(call.inputs)
  const work = heads * queries * keys * (3 * d + 2 * e)
  tiles.expect(work)
  const { tile } = tiles
  const { attentionGrad: run, packA, sum } = kernelsOf(context).backward()
  const dqOut = out
  const dkOut = out + 4 * heads * d * queries
  const dvOut = dkOut + 4 * heads * keys * d
  if (queries === 0) {
    heap.view('float32', out, sizeOf(call.shape)).fill(0)
    return
  }
  const piece = pieceOf(keys, pieceLimit, 1)
  const block = blockOf(keys)
  const runs = cut(queries, runsOf(queries), block)
  // Packed: Kᵀ, K and Vᵀ, then the sums of all runs but the first, which is added to in place.
  const kAt = leftBytes(keys, d, tile)
  const vtAt = kAt + leftBytes(d, keys, tile)
  const partialAt = vtAt + leftBytes(keys, e, tile)
  const sumBytes = 4 * keys * (d + e)
  const parts = threads.parts(timeOf(work), heads * runs.length)
  const strip = 4 * keys * roundUp(block, tile.nr)
  const left = leftBytes(keys, block, tile)
  const right = 4 * block * (Math.max(d, e) + tile.nr) + 4 * tile.nr * Math.max(d, e)
  /** Sums of a head's run: dK, then dV. */
  const sumsOf = ({ head, at }: Packed, index: number): readonly [number, number] => {
    if (index === 0) return [dkOut + 4 * head * keys * d, dvOut + 4 * head * keys * e]
    const partial = at + partialAt + (index - 1) * sumBytes
    return [partial, partial + 4 * keys * d]
  }
  overHeads(
    heads,
    partialAt + (runs.length - 1) * sumBytes,
    parts,
    context,
    ({ head, at }) => [
      ...packing(packA, at, transposed(matrix(1, head)), [keys, d], tile),
      ...packing(packA, at + kAt, matrix(1, head), [d, keys], tile, piece),
      ...packing(packA, at + vtAt, transposed(matrix(2, head)), [keys, e], tile),
    ],
    (heads) => {
      const units = heads.flatMap((own) => runs.map((range, index) => ({ ...own, ...range, index })))
      const bytes = 2 * strip + left + right + spillBytes
      runUnits(context, 'attention.strips', bytes, deal(units, parts), (u, scratch) => {
        const q = matrix(0, u.head)
        const dy = matrix(3, u.head)
        const factors = [u.at, u.at + kAt, u.at + vtAt, q.at + u.from * q.column, q.row, q.column]
        const gradient = [dy.at + u.from * dy.column, dy.row, dy.column]
        const dq = dqOut + 4 * (u.head * d * queries + u.from)
        const results = [dq, 4 * queries, ...sumsOf(u, u.index)]
        const sizes = [u.to - u.from, keys, d, e, piece, block]
        const slopes = scratch + strip
        const places = [scratch, slopes, slopes + strip, slopes + strip + left, slopes + strip + left + right]
        return callOf(run, ...factors, ...gradient, ...results, ...sizes, ...places, call.params.scale)
      })
      if (runs.length === 1) return
      const additions = heads.map((own): Task => {
        const [dk, dv] = sumsOf(own, 0)
        return runs.slice(1).flatMap((_, i) => {
          const [moreDk, moreDv] = sumsOf(own, i + 1)
          return [callOf(sum, dk, moreDk, 4 * keys * d), callOf(sum, dv, moreDv, 4 * keys * e)]
        })
      })
      threads.run(additions)
    },
  )
})

/**
 * Attention of float32 and its gradients, over inputs with any strides. Per thread a panel of nr queries'
 * scores is held at a time, in the gradients two strips of some dozen: memory grows with keys, not with their
 * square.
 */
export const attentionKernels = { attention, attentionGrad } satisfies WasmKernels
