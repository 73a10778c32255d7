import type { Expr, F64, FunctionBuilder, I32, Local, Procedure, V128 } from '../asm/index.ts'
import { by, f32, f32x4, f64, f64x2, shuffle32, shuffle64, v128 } from '../asm/index.ts'
import { sumOfLanes } from '../lanes/sweep.ts'

/** A way to reduce float32: in vectors of `lanes` elements that are folded lane by lane. */
export interface Fold {
  readonly lanes: 2 | 4
  /** A vector that changes nothing. */
  readonly neutral: V128
  /** `lanes` elements from an address. */
  load(at: I32, offset?: number): Expr<'v128'>
  /** One element; the other lanes change nothing. */
  loadOne(at: I32): Expr<'v128'>
  combine(a: V128, b: V128): Expr<'v128'>
  /** The lanes folded into one number. */
  fold(a: Local<'v128'>): F64
  /** Stores the lanes as float32. */
  store(f: FunctionBuilder, at: I32, offset: number, a: V128): void
}

/** Sums in float64, so the result is the float64 sum rounded once. */
const sum: Fold = {
  lanes: 2,
  neutral: v128.zero(),
  load: (at, offset = 0) => f64x2.promoteLowF32x4(v128.load64Zero(at, offset)),
  loadOne: (at) => f64x2.promoteLowF32x4(v128.load32Zero(at)),
  combine: f64x2.add,
  fold: sumOfLanes,
  store: (f, at, offset, a) => f.emit(v128.store64Lane(at, f32x4.demoteF64x2Zero(a), 0, offset)),
}

const extreme = (pick: (a: V128, b: V128) => Expr<'v128'>, start: number): Fold => ({
  lanes: 4,
  neutral: f32x4.const(start),
  load: v128.load,
  loadOne: (at) => v128.load32Splat(at),
  combine: pick,
  fold: (a) => {
    const pairs = pick(a, shuffle64(a, a, [1, 0]))
    return f64.promoteF32(f32x4.extractLane(pick(pairs, shuffle32(pairs, pairs, [1, 0, 3, 2])), 0))
  },
  store: (f, at, offset, a) => f.emit(v128.store(at, a, offset)),
})

/** NaN anywhere gives NaN. */
export const folds = {
  reduceSum: sum,
  reduceMax: extreme(f32x4.max, -Infinity),
  reduceMin: extreme(f32x4.min, Infinity),
} as const

/** Accumulators per result: enough additions in flight to hide their latency. */
const ways = 8

/** Folds the accumulators pairwise into the first. */
function join(f: FunctionBuilder, fold: Fold, accumulators: readonly Local<'v128'>[]): Local<'v128'> {
  for (let half = accumulators.length / 2; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) {
      f.set(accumulators[i]!, fold.combine(accumulators[i]!, accumulators[i + half]!))
    }
  }
  return accumulators[0]!
}

/** Two nested loops around `body`, which is given the moving address. */
function twoLoops(
  f: FunctionBuilder,
  start: I32,
  extents: readonly [Local<'i32'>, Local<'i32'>],
  strides: readonly [Local<'i32'>, Local<'i32'>],
  body: (at: Local<'i32'>) => void,
): void {
  const [outer, inner] = f.locals('i32', 2)
  f.set(outer, start)
  f.times(extents[0], [[outer, strides[0]]], () => {
    f.set(inner, outer)
    f.times(extents[1], [[inner, strides[1]]], () => body(inner))
  })
}

/**
 * Emits `run(out, x, k0, k1, k0s, k1s, r0, r1, r0s, r1s, n, step)`: one result per (k0, k1), over the loops
 * r0, r1 and then n elements `step` bytes apart (4, where `dense`). Strides are in bytes. Results are float32,
 * or float64 where `wide`.
 *
 * Order: element i of a dense run of n goes to accumulator ⌊i/lanes⌋ mod 8, lane i mod lanes; what is left
 * over after whole turns of 8 vectors goes to accumulator 0. The accumulators last over all runs of a
 * result and are then folded pairwise. The order depends on the layout alone, not on which results a call covers.
 */
export const emitRows: Procedure<[fold: Fold, dense: boolean, wide: boolean]> = (
  f,
  fold,
  dense,
  wide,
  out,
  x,
  k0,
  k1,
  k0s,
  k1s,
  r0,
  r1,
  r0s,
  r1s,
  n,
  step,
) => {
  const accumulators = f.vectors(ways)
  const first = accumulators[0]!
  const [at, rest] = f.locals('i32', 2)
  const fill = (count: number, load: (i: number) => Expr<'v128'>) => {
    for (let i = 0; i < count; i++) f.set(accumulators[i]!, fold.combine(accumulators[i]!, load(i)))
  }
  const turns = (vectors: number) =>
    f.countdown(rest, vectors * fold.lanes, [by(at, 4 * fold.lanes * vectors)], () => {
      fill(vectors, (i) => fold.load(at, 4 * fold.lanes * i))
    })
  twoLoops(f, x, [k0, k1], [k0s, k1s], (row) => {
    for (const accumulator of accumulators) f.set(accumulator, fold.neutral)
    twoLoops(f, row, [r0, r1], [r0s, r1s], (start) => {
      f.set(at, start)
      f.set(rest, n)
      if (dense) {
        turns(ways)
        turns(1)
      } else {
        f.countdown(rest, 4, [by(at, step)], () => {
          fill(4, (i) => {
            if (i > 0) f.add(at, step)
            return fold.loadOne(at)
          })
        })
      }
      f.countdown(rest, 1, [by(at, step)], () => {
        f.set(first, fold.combine(first, fold.loadOne(at)))
      })
    })
    const result = fold.fold(join(f, fold, accumulators))
    f.emit(wide ? f64.store(out, result) : f32.store(out, f32.demoteF64(result)))
    f.add(out, wide ? 8 : 4)
  })
}

/**
 * Emits `run(out, x, k0, k1, k0s, k1s, r0, r1, r0s, r1s, n)`: n neighbouring results per (k0, k1), each over
 * the loops r0, r1, in their order, into an accumulator of its own.
 */
export const emitColumns: Procedure<[fold: Fold]> = (
  f,
  fold,
  out,
  x,
  k0,
  k1,
  k0s,
  k1s,
  r0,
  r1,
  r0s,
  r1s,
  n,
) => {
  const accumulators = f.vectors(ways)
  const [column, rest] = f.locals('i32', 2)
  const tile = (
    vectors: number,
    elements: number,
    load: (at: I32, i: number) => Expr<'v128'>,
    store: () => void,
  ) => {
    const used = accumulators.slice(0, vectors)
    f.countdown(rest, elements, [by(out, 4 * elements), by(column, 4 * elements)], () => {
      for (const accumulator of used) f.set(accumulator, fold.neutral)
      twoLoops(f, column, [r0, r1], [r0s, r1s], (at) => {
        used.forEach((accumulator, i) => f.set(accumulator, fold.combine(accumulator, load(at, i))))
      })
      store()
    })
  }
  const storeVectors = (vectors: number) => () => {
    for (let i = 0; i < vectors; i++) fold.store(f, out, 4 * fold.lanes * i, accumulators[i]!)
  }
  twoLoops(f, x, [k0, k1], [k0s, k1s], (row) => {
    f.set(column, row)
    f.set(rest, n)
    for (const vectors of [ways, 1]) {
      tile(vectors, vectors * fold.lanes, (at, i) => fold.load(at, 4 * fold.lanes * i), storeVectors(vectors))
    }
    tile(
      1,
      1,
      (at) => fold.loadOne(at),
      () => f.emit(f32.store(out, f32.demoteF64(fold.fold(accumulators[0]!)))),
    )
  })
}
