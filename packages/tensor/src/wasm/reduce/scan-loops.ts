import { times } from '../../times.ts'
import type { Expr, FunctionBuilder, I32, Local, ModuleBuilder, V128 } from '../asm/index.ts'
import { by, f32, f32x4, f64, f64x2, i32, i32x4, shuffle64, v128 } from '../asm/index.ts'
import { store } from '../lanes/sweep.ts'

/** Independent chains in flight. */
const ways = 4

/**
 * The largest elements so far and their indices, lane by lane. An element takes over where it is larger, or is the first
 * NaN: NaN counts as larger than any number.
 */
interface Best {
  readonly value: Local<'v128'>
  readonly index: Local<'v128'>
}

const makeBest = (f: FunctionBuilder): Best => ({ value: f.vector(), index: f.vector() })

function challenge(f: FunctionBuilder, { value, index }: Best, x: Local<'v128'>, at: V128): void {
  // Not at most the best one, which is a number.
  const wins = f.vector(v128.andnot(f32x4.eq(value, value), f32x4.le(x, value)))
  f.set(index, v128.bitselect(at, index, wins))
  f.set(value, v128.bitselect(x, value, wins))
}

/** Whether scalar x is larger than the best one, or the first NaN. */
const beats = (x: Local<'f32'>, best: Local<'f32'>): I32 =>
  i32.and(f32.eq(best, best), i32.eqz(f32.le(x, best)))

/**
 * Emits `run(to, x, rows, n)`: for each dense row of n the index (int32) of its first largest element, or of its
 * first NaN.
 */
export function emitArgmaxRows(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, rows, n) => {
    const bests = times(ways, () => makeBest(f))
    const [candidates, indices, left, at] = [f.vector(), f.vector(), f.let(0), f.let(0)]
    const [value, index, other] = [f.local('f32'), f.let(0), f.local('f32')]
    const best = bests[0]!
    /** The lane's element wins if it is larger, or as large and earlier. */
    const lane = (i: number) => {
      f.set(other, f32x4.extractLane(best.value, i))
      f.set(left, i32x4.extractLane(best.index, i))
      const equal = i32.or(f32.eq(other, value), i32.and(f32.ne(other, other), f32.ne(value, value)))
      f.if(i32.or(beats(other, value), i32.and(equal, i32.ltS(left, index))), () => {
        f.set(value, other)
        f.set(index, left)
      })
    }
    f.countdown(rows, 1, [by(to, 4)], () => {
      for (const { value, index } of bests) {
        f.set(value, v128.load32Splat(x))
        f.set(index, v128.zero())
      }
      f.set(indices, i32x4.lanes(0, 1, 2, 3))
      f.set(at, n)
      f.countdown(at, 4 * ways, [by(x, 16 * ways)], () => {
        bests.forEach((best, i) => {
          f.set(candidates, v128.load(x, 16 * i))
          challenge(f, best, candidates, i32x4.add(indices, i32x4.const(4 * i)))
        })
        f.set(indices, i32x4.add(indices, i32x4.const(4 * ways)))
      })
      for (const { value, index } of bests.slice(1)) {
        const strange = v128.and(f32x4.ne(value, value), f32x4.ne(best.value, best.value))
        const equal = v128.or(f32x4.eq(value, best.value), strange)
        const larger = v128.andnot(f32x4.eq(best.value, best.value), f32x4.le(value, best.value))
        f.set(candidates, v128.or(larger, v128.and(equal, i32x4.ltS(index, best.index))))
        f.set(best.index, v128.bitselect(index, best.index, candidates))
        f.set(best.value, v128.bitselect(value, best.value, candidates))
      }
      f.set(value, f32x4.extractLane(best.value, 0))
      f.set(index, i32x4.extractLane(best.index, 0))
      for (let i = 1; i < 4; i++) lane(i)
      f.countdown(at, 1, [by(x, 4)], () => {
        f.set(other, f32.load(x))
        f.if(beats(other, value), () => {
          f.set(value, other)
          f.set(index, i32.sub(n, at))
        })
      })
      f.emit(i32.store(to, index))
    })
  })
}

/** Visits `columns` columns in groups of vectors; `lanes` counts those of a last vector that is not full. */
function overColumns(
  f: FunctionBuilder,
  columns: Local<'i32'>,
  cursors: readonly Local<'i32'>[],
  visit: (vectors: number, lanes?: Local<'i32'>) => void,
): void {
  for (const vectors of [ways, 1]) {
    f.countdown(columns, 4 * vectors, [], () => {
      visit(vectors)
      for (const cursor of cursors) f.add(cursor, 16 * vectors)
    })
  }
  f.if(columns, () => visit(1, columns))
}

/** `run(to, x, length, columns, step)`: the same down `columns` columns of `length` rows, `step` bytes apart. */
export function emitArgmaxColumns(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, length, columns, step) => {
    const bests = times(ways, () => makeBest(f))
    const [candidates, indices, j, at] = [f.vector(), f.vector(), f.let(0), f.let(0)]
    overColumns(f, columns, [to, x], (vectors, lanes) => {
      const used = bests.slice(0, vectors)
      used.forEach(({ value, index }, i) => {
        f.set(value, v128.load(x, 16 * i))
        f.set(index, v128.zero())
      })
      f.set(at, x)
      f.loop(j, 1, length, 1, () => {
        f.add(at, step)
        f.set(indices, i32x4.splat(j))
        used.forEach((best, i) => {
          f.set(candidates, v128.load(at, 16 * i))
          challenge(f, best, candidates, indices)
        })
      })
      used.forEach(({ index }, i) => store(f, i === 0 ? to : i32.add(to, 16 * i), index, lanes))
    })
  })
}

/** Emits `run(to, x, rows, n)`: running sums of dense rows, in float64, each rounded once. */
export function emitCumsumRows(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, rows, n) => {
    const sums = f.locals('f64', ways)
    const froms = f.locals('i32', ways)
    const tos = f.locals('i32', ways)
    const [step, left] = [f.let(i32.shl(n, 2)), f.let(0)]
    for (const height of [ways, 1]) {
      f.countdown(rows, height, [by(x, i32.mul(step, height)), by(to, i32.mul(step, height))], () => {
        f.spread(froms.slice(0, height), x, step)
        f.spread(tos.slice(0, height), to, step)
        for (const sum of sums.slice(0, height)) f.set(sum, 0)
        f.set(left, n)
        f.countdown(left, 1, [], () => {
          for (let r = 0; r < height; r++) {
            f.set(sums[r]!, f64.add(sums[r]!, f64.promoteF32(f32.load(froms[r]!))))
            f.emit(f32.store(tos[r]!, f32.demoteF64(sums[r]!)))
            f.add(froms[r]!, 4)
            f.add(tos[r]!, 4)
          }
        })
      })
    }
  })
}

/** `run(to, x, length, columns, step)`: the same down columns. */
export function emitCumsumColumns(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, length, columns, step) => {
    const sums = times(ways, () => f.vectors(2))
    const [four, j, source, target] = [f.vector(), f.let(0), f.let(0), f.let(0)]
    overColumns(f, columns, [to, x], (vectors, lanes) => {
      const used = sums.slice(0, vectors)
      for (const sum of used.flat()) f.set(sum, v128.zero())
      f.set(source, x)
      f.set(target, to)
      f.loop(j, 0, length, 1, () => {
        used.forEach(([low, high], i) => {
          const half = (a: Expr<'v128'>) => f64x2.promoteLowF32x4(a)
          f.set(four, v128.load(source, 16 * i))
          f.set(low, f64x2.add(low, half(four)))
          f.set(high, f64x2.add(high, half(shuffle64(four, four, [1, 0]))))
          f.set(four, shuffle64(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), [0, 2]))
          store(f, i === 0 ? target : i32.add(target, 16 * i), four, lanes)
        })
        f.add(source, step)
        f.add(target, step)
      })
    })
  })
}
