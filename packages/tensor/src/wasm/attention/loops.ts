import type { Body, FunctionRef, I32, ModuleBuilder, Tuple } from '../asm/index.ts'
import { by, f32, f32x4, i32, i32s, v128 } from '../asm/index.ts'
import { exp2Down } from '../lanes/math.ts'
import { addRun } from '../move/copy-loops.ts'
import { noFinish } from '../product/epilogue.ts'
import type { GemmFunctions } from '../product/gemm.ts'
import { emitGemm } from '../product/gemm.ts'
import type { Tile } from '../runtime/tile.ts'

/** Weights that are added up in float32 before their sum goes to the total. */
const sumLength = 64

/**
 * `weights(s, keys, scale)`: turns a panel of scores [keys × nr], a query per column, into the softmax of
 * scale·s down each column, by powers of two, which need one subtraction where eˣ needs three operations. Queries are
 * lanes: no sum crosses lanes, and a column has the same bits in a panel of any width. pmax drops NaN, which is noted
 * apart: together they cost less than max, which keeps it.
 */
const emitWeights: Body<[tile: Tile], ['i32', 'i32', 'f32']> = (f, { nr }, panel, keys, scale) => {
  const row = () => f.vectors(nr / 4)
  const tops = row()
  const strange = row()
  const sums = row()
  const totals = row()
  const d = f.vector()
  const scales = f.vector(f32x4.splat(f32.mul(scale, Math.LOG2E)))
  const at = f.let(0)
  const end = f.let(i32.add(panel, i32.mul(keys, 4 * nr)))
  const pause = f.let(0)
  const down = (visit: (j: number) => void) => {
    f.while(i32.ltU(at, end), () => {
      for (let j = 0; j < nr / 4; j++) visit(j)
      f.add(at, 4 * nr)
    })
  }
  const gather = () => {
    totals.forEach((total, j) => f.set(total, f32x4.add(total, sums[j]!)))
    f.clear(...sums)
  }
  tops.forEach((top) => f.set(top, f.f32(-Infinity)))
  f.set(at, panel)
  f.clear(...strange, ...sums, ...totals)
  down((j) => {
    f.set(d, f32x4.mul(v128.load(at, 16 * j), scales))
    f.set(tops[j]!, f32x4.pmax(tops[j]!, d))
    f.set(strange[j]!, v128.or(strange[j]!, f32x4.ne(d, d)))
  })
  f.set(at, panel)
  f.set(pause, sumLength)
  f.while(i32.ltU(at, end), () => {
    for (let j = 0; j < nr / 4; j++) {
      f.set(d, f32x4.sub(f32x4.mul(v128.load(at, 16 * j), scales), tops[j]!))
      f.set(d, exp2Down(d, f))
      f.set(sums[j]!, f32x4.add(sums[j]!, d))
      f.emit(v128.store(at, d, 16 * j))
    }
    f.add(at, 4 * nr)
    f.add(pause, -1)
    f.if(i32.eqz(pause), () => {
      gather()
      f.set(pause, sumLength)
    })
  })
  gather()
  totals.forEach((total, j) => {
    // 0, or NaN where the largest is infinite; all ones, of NaN among the scores, are NaN too.
    const nothing = v128.or(f32x4.sub(tops[j]!, tops[j]!), strange[j]!)
    f.set(total, f32x4.add(f32x4.div(f32x4.splat(1), total), nothing))
  })
  f.set(at, panel)
  down((j) => f.emit(v128.store(at, f32x4.mul(v128.load(at, 16 * j), totals[j]!), 16 * j)))
}

/**
 * `slopes(p, dp, keys, scale)`: from weights and their gradients, panels [keys × nr], the gradients of the
 * scores before their scale, scale·p·(dp − Σ p·dp), in place of dp.
 */
const emitSlopes: Body<[tile: Tile], ['i32', 'i32', 'i32', 'f32']> = (
  f,
  { nr },
  panel,
  slopes,
  keys,
  scale,
) => {
  const inner = f.vectors(nr / 4)
  const scales = f.vector(f32x4.splat(scale))
  const p = f.let(panel)
  const dp = f.let(slopes)
  const end = f.let(i32.add(panel, i32.mul(keys, 4 * nr)))
  const down = (visit: (j: number) => void) => {
    f.set(p, panel)
    f.set(dp, slopes)
    f.while(i32.ltU(p, end), () => {
      for (let j = 0; j < nr / 4; j++) visit(j)
      f.add(p, 4 * nr)
      f.add(dp, 4 * nr)
    })
  }
  down((j) => f.set(inner[j]!, f.madd(v128.load(p, 16 * j), v128.load(dp, 16 * j), inner[j]!)))
  down((j) => {
    const apart = f32x4.sub(v128.load(dp, 16 * j), inner[j]!)
    f.emit(v128.store(dp, f32x4.mul(f32x4.mul(v128.load(p, 16 * j), scales), apart), 16 * j))
  })
}

/** What the kernels of both directions do with panels of one head. */
function prepare(m: ModuleBuilder, shape: Tile) {
  const { mr, nr } = shape
  const gemm: GemmFunctions = emitGemm(m, shape)
  const panelBytes = 4 * nr
  return {
    gemm,
    weights: m.func('weights', ['i32', 'i32', 'f32'], emitWeights, shape),
    /** Bytes of a packed left factor's panel, and of all its panels. */
    left: (depth: I32) => i32.mul(depth, 4 * mr),
    /** Rows in whole panels. */
    whole: (rows: I32) => i32.mul(i32.divU(i32.add(rows, mr - 1), mr), mr),
    panelBytes,
  }
}

type Parts = ReturnType<typeof prepare>

/**
 * Defines `attention(k, v, q, qRow, qColumn, out, outRow, queries, keys, d, e, piece, panel, scores, spill,
 * scale)`: attention of some queries of one head. `k` is Kᵀ [keys × d] and `v` is V [e × keys], both packed
 * as left factors, V in pieces of `piece` keys; q [d × queries] has byte strides. Panel by panel of nr
 * queries: scores = Kᵀ·q, a softmax down the columns, and V times that. The panel of scores is at once the
 * packed right factor of the second product. Scratch: `panel` [d × nr], `scores` [keys × nr], a tile at `spill`.
 */
const emitForward: Body<[tile: Tile, parts: Parts], [...Tuple<'i32', 15>, 'f32']> = (
  f,
  { nr },
  { gemm, weights, left, whole, panelBytes },
  k,
  v,
  q,
  qRow,
  qColumn,
  out,
  outRow,
  queries,
  keys,
  d,
  e,
  piece,
  panel,
  scores,
  spill,
  scale,
) => {
  const valueBytes = f.let(i32.mul(whole(e), 4))
  f.pieces(queries, nr, [by(q, i32.mul(qColumn, nr)), by(out, 4 * nr)], (width) => {
    f.run(gemm.packB, panel, q, width, d, qColumn, qRow, 0)
    const strides = [left(d), panelBytes, panelBytes, 0, spill]
    f.run(gemm.rows, k, panel, scores, keys, nr, d, ...strides, ...noFinish)
    f.run(weights, scores, keys, scale)
    f.pieces(keys, piece, [], (deep, first) => {
      const factors = [i32.add(v, i32.mul(valueBytes, first)), i32.add(scores, i32.mul(first, panelBytes))]
      const rest = [left(deep), panelBytes, outRow, i32.gtS(first, 0), spill]
      f.run(gemm.rows, ...factors, out, e, width, deep, ...rest, ...noFinish)
    })
  })
}

/**
 * Defines `attentionGrad(kt, k, vt, q, qRow, qColumn, dy, dyRow, dyColumn, dq, dqRow, dk, dv, queries, keys, d,
 * e, piece, block, weights, slopes, left, right, spill, scale)`: what some queries of one head add to its
 * gradients (arXiv 2205.14135, Algorithm 4, with the weights computed again). `kt` and `vt` are Kᵀ [keys × d]
 * and Vᵀ [keys × e], `k` is K [d × keys] in pieces of `piece` keys, all packed as left factors. dq [d ×
 * queries] is written, dk [keys × d] and dv [keys × e] too: the sums over the queries given here.
 *
 * A block of `block` queries at a time: panel by panel its weights and the slopes of its scores, kept in
 * `weights` and `slopes` [keys × block each], and dq; then dv += weights·dyᵀ and dk += slopes·qᵀ, whose left
 * factors are packed in `left`. `right` holds a panel, or the right factors.
 */
const emitBackward: Body<
  [tile: Tile, parts: Parts, scoreSlopes: FunctionRef],
  [...Tuple<'i32', 24>, 'f32']
> = (
  f,
  { mr, nr },
  { gemm, weights: softmax, left: leftBytes, whole, panelBytes },
  scoreSlopes,
  kt,
  k,
  vt,
  q,
  qRow,
  qColumn,
  dy,
  dyRow,
  dyColumn,
  dq,
  dqRow,
  dk,
  dv,
  queries,
  keys,
  d,
  e,
  piece,
  block,
  weights,
  slopes,
  left,
  right,
  spill,
  scale,
) => {
  const [qBlock, dyBlock, w, s, to] = f.locals('i32', 5)
  const step = f.let(i32.mul(keys, panelBytes))
  const pieceBytes = f.let(i32.mul(whole(d), 4))
  const square = [panelBytes, panelBytes, 0, spill, ...noFinish]
  f.pieces(queries, block, [], (count, done) => {
    f.set(qBlock, q)
    f.set(dyBlock, dy)
    f.set(w, weights)
    f.set(s, slopes)
    const cursors = [by(q, i32.mul(qColumn, nr)), by(dy, i32.mul(dyColumn, nr)), by(dq, 4 * nr)]
    f.pieces(count, nr, [...cursors, by(w, step), by(s, step)], (width) => {
      f.run(gemm.packB, right, q, width, d, qColumn, qRow, 0)
      f.run(gemm.rows, kt, right, w, keys, nr, d, leftBytes(d), ...square)
      f.run(softmax, w, keys, scale)
      f.run(gemm.packB, right, dy, width, e, dyColumn, dyRow, 0)
      f.run(gemm.rows, vt, right, s, keys, nr, e, leftBytes(e), ...square)
      f.run(scoreSlopes, w, s, keys, scale)
      f.pieces(keys, piece, [], (deep, first) => {
        const sides = [i32.add(k, i32.mul(pieceBytes, first)), i32.add(s, i32.mul(first, panelBytes))]
        const others = [leftBytes(deep), panelBytes, dqRow, i32.gtS(first, 0), spill]
        f.run(gemm.rows, ...sides, dq, d, width, deep, ...others, ...noFinish)
      })
    })
    /** result [keys × columns] (+)= panels·factorᵀ over the queries of the block. */
    const update = (result: I32, panels: I32, factor: I32, across: I32, along: I32, columns: I32) => {
      f.set(w, panels)
      f.set(to, left)
      f.pieces(count, nr, [by(to, 4 * mr * nr), by(w, step)], (width) =>
        f.run(gemm.packA, to, w, keys, width, panelBytes, 4, leftBytes(count)),
      )
      const rightPanel = i32.mul(count, panelBytes)
      f.run(gemm.packB, right, factor, columns, count, across, along, rightPanel)
      const sizes = [keys, columns, count, leftBytes(count), rightPanel, panelBytes, i32.shl(columns, 2)]
      f.run(gemm.block, left, right, result, ...sizes, i32.gtS(done, 0), spill, ...noFinish)
    }
    update(dv, weights, dyBlock, dyRow, dyColumn, e)
    update(dk, slopes, qBlock, qRow, qColumn, d)
  })
}

/** The module of attention: `attention`, and `packA` for its left factors. */
export function emitAttention(m: ModuleBuilder, tile: Tile): void {
  m.func('attention', [...i32s(15), 'f32'], emitForward, tile, prepare(m, tile))
}

/** The module of its gradients: `attentionGrad`, `packA`, and `sum(to, from, bytes)`, which adds float32. */
export function emitAttentionGrad(m: ModuleBuilder, tile: Tile): void {
  const slopes = m.func('slopes', ['i32', 'i32', 'i32', 'f32'], emitSlopes, tile)
  m.func('attentionGrad', [...i32s(24), 'f32'], emitBackward, tile, prepare(m, tile), slopes)
  m.procedure('sum', addRun)
}
