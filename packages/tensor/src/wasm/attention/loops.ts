import type { FunctionRef, I32, Local, ModuleBuilder } from '../asm/index.ts'
import { f32, f32x4, i32, i32Params, v128 } from '../asm/index.ts'
import { exp2Down, Lanes } from '../lanes/math.ts'
import { noFinishArgs } from '../product/epilogue.ts'
import type { GemmFunctions, TileShape } from '../product/gemm.ts'
import { emitGemm } from '../product/gemm.ts'

/** Weights that are added up in float32 before their sum goes to the total. */
const sumLength = 64

/** Locals for the vectors of one row of a panel. */
const rowOf = (make: () => Local<'v128'>, nr: number) => Array.from({ length: nr / 4 }, make)

/**
 * `weights(s, keys, scale)`: turns a panel of scores [keys × nr], a query per column, into the softmax of
 * scale·s down each column, by powers of two, which need one subtraction where eˣ needs three operations. Queries are
 * lanes: no sum crosses lanes, and a column has the same bits in a panel of any width. pmax drops NaN, which is noted
 * apart: together they cost less than max, which keeps it.
 */
function emitWeights(m: ModuleBuilder, { nr, relaxed }: TileShape): FunctionRef {
  return m.func('weights', { s: 'i32', keys: 'i32', scale: 'f32' }, [], (f, p) => {
    const k = new Lanes(f, relaxed)
    const exponential = exp2Down(f, k)
    const lowest = k.f32(Number.NEGATIVE_INFINITY)
    k.seal()
    const row = () => rowOf(() => f.local('v128'), nr)
    const [tops, strange, sums, totals, d] = [row(), row(), row(), row(), f.local('v128')]
    const scales = f.local('v128', f32x4.splat(f32.mul(p.scale, Math.LOG2E)))
    const [at, end, pause] = [f.let(0), f.let(i32.add(p.s, i32.mul(p.keys, 4 * nr))), f.let(0)]
    const clear = (list: readonly Local<'v128'>[]) => list.forEach((local) => f.set(local, v128.zero()))
    const down = (visit: (j: number) => void) => {
      f.while(i32.ltU(at, end), () => {
        for (let j = 0; j < nr / 4; j++) visit(j)
        f.increment(at, 4 * nr)
      })
    }
    const gather = () => {
      totals.forEach((total, j) => f.set(total, f32x4.add(total, sums[j]!)))
      clear(sums)
    }
    tops.forEach((top) => f.set(top, lowest))
    f.set(at, p.s)
    for (const zero of [strange, sums, totals]) clear(zero)
    down((j) => {
      f.set(d, f32x4.mul(v128.load(at, 16 * j), scales))
      f.set(tops[j]!, f32x4.pmax(tops[j]!, d))
      f.set(strange[j]!, v128.or(strange[j]!, f32x4.ne(d, d)))
    })
    f.set(at, p.s)
    f.set(pause, sumLength)
    f.while(i32.ltU(at, end), () => {
      for (let j = 0; j < nr / 4; j++) {
        f.set(d, f32x4.sub(f32x4.mul(v128.load(at, 16 * j), scales), tops[j]!))
        f.set(d, exponential(d))
        f.set(sums[j]!, f32x4.add(sums[j]!, d))
        f.emit(v128.store(at, d, 16 * j))
      }
      f.increment(at, 4 * nr)
      f.increment(pause, -1)
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
    f.set(at, p.s)
    down((j) => f.emit(v128.store(at, f32x4.mul(v128.load(at, 16 * j), totals[j]!), 16 * j)))
  })
}

/**
 * `slopes(p, dp, keys, scale)`: from weights and their gradients, panels [keys × nr], the gradients of the
 * scores before their scale, scale·p·(dp − Σ p·dp), in place of dp.
 */
function emitSlopes(m: ModuleBuilder, { nr, relaxed }: TileShape): FunctionRef {
  return m.func('slopes', { p: 'i32', dp: 'i32', keys: 'i32', scale: 'f32' }, [], (f, a) => {
    const k = new Lanes(f, relaxed)
    const inner = rowOf(() => f.local('v128', v128.zero()), nr)
    const scales = f.local('v128', f32x4.splat(a.scale))
    const [p, dp, end] = [f.let(a.p), f.let(a.dp), f.let(i32.add(a.p, i32.mul(a.keys, 4 * nr)))]
    const down = (visit: (j: number) => void) => {
      f.set(p, a.p)
      f.set(dp, a.dp)
      f.while(i32.ltU(p, end), () => {
        for (let j = 0; j < nr / 4; j++) visit(j)
        f.increment(p, 4 * nr)
        f.increment(dp, 4 * nr)
      })
    }
    down((j) => f.set(inner[j]!, k.madd(v128.load(p, 16 * j), v128.load(dp, 16 * j), inner[j]!)))
    down((j) => {
      const apart = f32x4.sub(v128.load(dp, 16 * j), inner[j]!)
      f.emit(v128.store(dp, f32x4.mul(f32x4.mul(v128.load(p, 16 * j), scales), apart), 16 * j))
    })
  })
}

/** What the kernels of both directions do with panels of one head. */
function prepare(m: ModuleBuilder, shape: TileShape) {
  const { mr, nr } = shape
  const gemm: GemmFunctions = emitGemm(m, shape)
  const panelBytes = 4 * nr
  return {
    gemm,
    weights: emitWeights(m, shape),
    /** Bytes of a packed left factor's panel, and of all its panels. */
    left: (depth: I32) => i32.mul(depth, 4 * mr),
    /** Rows in whole panels. */
    whole: (rows: I32) => i32.mul(i32.divU(i32.add(rows, mr - 1), mr), mr),
    panelBytes,
  }
}

/**
 * Defines `attention(k, v, q, qRow, qColumn, out, outRow, queries, keys, d, e, piece, panel, scores, spill,
 * scale)`: attention of some queries of one head. `k` is Kᵀ [keys × d] and `v` is V [e × keys], both packed
 * as left factors, V in pieces of `piece` keys; q [d × queries] has byte strides. Panel by panel of nr
 * queries: scores = Kᵀ·q, a softmax down the columns, and V times that. The panel of scores is at once the
 * packed right factor of the second product. Scratch: `panel` [d × nr], `scores` [keys × nr], a tile at `spill`.
 */
function emitForward(m: ModuleBuilder, shape: TileShape): void {
  const { gemm, weights, left, whole, panelBytes } = prepare(m, shape)
  const { nr } = shape
  const names = ['k', 'v', 'q', 'qRow', 'qColumn', 'out', 'outRow', 'queries', 'keys', 'd', 'e'] as const
  const params = i32Params(...names, 'piece', 'panel', 'scores', 'spill')
  m.func('attention', { ...params, scale: 'f32' }, [], (f, p) => {
    const [width, first, deep] = f.locals('i32', 3)
    const valueBytes = f.let(i32.mul(whole(p.e), 4))
    f.while(i32.gtS(p.queries, 0), () => {
      f.set(width, p.queries)
      f.if(i32.gtS(width, nr), () => f.set(width, nr))
      f.callStatement(gemm.packB, p.panel, p.q, width, p.d, p.qColumn, p.qRow, 0)
      const strides = [left(p.d), panelBytes, panelBytes, 0, p.spill]
      f.callStatement(gemm.rows, p.k, p.panel, p.scores, p.keys, nr, p.d, ...strides, ...noFinishArgs)
      f.callStatement(weights, p.scores, p.keys, p.scale)
      f.loop(first, 0, p.keys, p.piece, () => {
        f.set(deep, i32.sub(p.keys, first))
        f.if(i32.gtS(deep, p.piece), () => f.set(deep, p.piece))
        const factors = [
          i32.add(p.v, i32.mul(valueBytes, first)),
          i32.add(p.scores, i32.mul(first, panelBytes)),
        ]
        const rest = [left(deep), panelBytes, p.outRow, i32.gtS(first, 0), p.spill]
        f.callStatement(gemm.rows, ...factors, p.out, p.e, width, deep, ...rest, ...noFinishArgs)
      })
      f.increment(p.q, i32.mul(p.qColumn, nr))
      f.increment(p.out, 4 * nr)
      f.increment(p.queries, -nr)
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
function emitBackward(m: ModuleBuilder, shape: TileShape): void {
  const { gemm, weights, left, whole, panelBytes } = prepare(m, shape)
  const slopes = emitSlopes(m, shape)
  const { mr, nr } = shape
  const factors = ['kt', 'k', 'vt', 'q', 'qRow', 'qColumn', 'dy', 'dyRow', 'dyColumn'] as const
  const results = ['dq', 'dqRow', 'dk', 'dv', 'queries', 'keys', 'd', 'e', 'piece', 'block'] as const
  const params = i32Params(...factors, ...results, 'weights', 'slopes', 'left', 'right', 'spill')
  m.func('attentionGrad', { ...params, scale: 'f32' }, [], (f, p) => {
    const [count, rest, width, first, deep] = f.locals('i32', 5)
    const [q, dy, w, s, to, started] = f.locals('i32', 6)
    const step = f.let(i32.mul(p.keys, panelBytes))
    const pieceBytes = f.let(i32.mul(whole(p.d), 4))
    const least = (target: Local<'i32'>, a: I32, b: I32) => {
      f.set(target, a)
      f.if(i32.gtS(target, b), () => f.set(target, b))
    }
    const square = [panelBytes, panelBytes, 0, p.spill, ...noFinishArgs]
    /** result [keys × columns] (+)= panels·factorᵀ over the queries of the block. */
    const update = (result: I32, panels: I32, factor: I32, across: I32, along: I32, columns: I32) => {
      f.set(w, panels)
      f.set(to, p.left)
      f.set(rest, count)
      f.while(i32.gtS(rest, 0), () => {
        least(width, rest, nr)
        f.callStatement(gemm.packA, to, w, p.keys, width, panelBytes, 4, left(count))
        f.increment(to, 4 * mr * nr)
        f.increment(w, step)
        f.increment(rest, -nr)
      })
      const rightPanel = i32.mul(count, panelBytes)
      f.callStatement(gemm.packB, p.right, factor, columns, count, across, along, rightPanel)
      const sizes = [p.keys, columns, count, left(count), rightPanel, panelBytes, i32.shl(columns, 2)]
      f.callStatement(gemm.block, p.left, p.right, result, ...sizes, started, p.spill, ...noFinishArgs)
    }
    f.while(i32.gtS(p.queries, 0), () => {
      least(count, p.queries, p.block)
      f.set(q, p.q)
      f.set(dy, p.dy)
      f.set(w, p.weights)
      f.set(s, p.slopes)
      f.set(rest, count)
      f.while(i32.gtS(rest, 0), () => {
        least(width, rest, nr)
        f.callStatement(gemm.packB, p.right, p.q, width, p.d, p.qColumn, p.qRow, 0)
        f.callStatement(gemm.rows, p.kt, p.right, w, p.keys, nr, p.d, left(p.d), ...square)
        f.callStatement(weights, w, p.keys, p.scale)
        f.callStatement(gemm.packB, p.right, p.dy, width, p.e, p.dyColumn, p.dyRow, 0)
        f.callStatement(gemm.rows, p.vt, p.right, s, p.keys, nr, p.e, left(p.e), ...square)
        f.callStatement(slopes, w, s, p.keys, p.scale)
        f.loop(first, 0, p.keys, p.piece, () => {
          least(deep, i32.sub(p.keys, first), p.piece)
          const sides = [i32.add(p.k, i32.mul(pieceBytes, first)), i32.add(s, i32.mul(first, panelBytes))]
          const others = [left(deep), panelBytes, p.dqRow, i32.gtS(first, 0), p.spill]
          f.callStatement(gemm.rows, ...sides, p.dq, p.d, width, deep, ...others, ...noFinishArgs)
        })
        f.increment(p.q, i32.mul(p.qColumn, nr))
        f.increment(p.dy, i32.mul(p.dyColumn, nr))
        f.increment(p.dq, 4 * nr)
        f.increment(w, step)
        f.increment(s, step)
        f.increment(rest, -nr)
      })
      update(p.dv, p.weights, dy, p.dyRow, p.dyColumn, p.e)
      update(p.dk, p.slopes, q, p.qRow, p.qColumn, p.d)
      f.set(started, 1)
      f.increment(p.queries, i32.sub(0, p.block))
    })
  })
}

/** `sum(to, from, count)`: adds `count` float32. */
function emitSum(m: ModuleBuilder): void {
  m.func('sum', i32Params('to', 'from', 'count'), [], (f, { to, from, count }) => {
    f.while(i32.geS(count, 4), () => {
      f.emit(v128.store(to, f32x4.add(v128.load(to), v128.load(from))))
      f.increment(to, 16)
      f.increment(from, 16)
      f.increment(count, -4)
    })
    f.while(count, () => {
      f.emit(v128.store32Lane(to, f32x4.add(v128.load32Splat(to), v128.load32Splat(from)), 0))
      f.increment(to, 4)
      f.increment(from, 4)
      f.increment(count, -1)
    })
  })
}

/** The module of attention: `attention`, and `packA` for its left factors. */
export const emitAttention = (m: ModuleBuilder, shape: TileShape): void => emitForward(m, shape)

/** The module of its gradients: `attentionGrad`, `packA`, and `sum`. */
export function emitAttentionGrad(m: ModuleBuilder, shape: TileShape): void {
  emitBackward(m, shape)
  emitSum(m)
}
