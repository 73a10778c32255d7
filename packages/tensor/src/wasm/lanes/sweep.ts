import type { Expr, FunctionBuilder, I32, Local, V128 } from '../asm/index.ts'
import { by, f32, f32x4, f64, f64x2, i32, i32x4, shuffle64, v128 } from '../asm/index.ts'

/** The sum of two lanes of float64. */
export const sumOfLanes = (a: Expr<'v128'>) => f64.add(f64x2.extractLane(a, 0), f64x2.extractLane(a, 1))

/** (a₀ + a₁) + (a₂ + a₃). */
export function sumOfFour(a: V128): Expr<'f32'> {
  const lane = (i: number) => f32x4.extractLane(a, i)
  return f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3)))
}

/** Most elements that are summed in float32 before the sums go to float64. */
const blockLength = 512

/**
 * Calls `four` for each vector of `n` elements in turn while the `cursors` move along. The last one may be
 * cut off: then `count` says how many of its lanes are elements (what is read behind them is arbitrary).
 * `blockEnd` runs after every {@link blockLength} elements and at the end.
 */
export function sweep(
  f: FunctionBuilder,
  n: I32,
  cursors: readonly Local<'i32'>[],
  four: (count?: Local<'i32'>) => void,
  blockEnd?: () => void,
): void {
  const [rest, block] = f.locals('i32', 2)
  f.set(rest, n)
  f.while(rest, () => {
    if (blockEnd === undefined) f.set(block, rest)
    else f.setLeast(block, rest, blockLength)
    f.set(rest, i32.sub(rest, block))
    const moved = cursors.map((cursor) => by(cursor, 16))
    f.countdown(block, 4, moved, four)
    f.if(block, () => {
      four(block)
      for (const cursor of cursors) f.add(cursor, i32.shl(block, 2))
    })
    blockEnd?.()
  })
}

/** Stores a vector, or its first `count` (1 to 3) lanes. */
export function store(
  f: FunctionBuilder,
  at: I32,
  value: Local<'v128'>,
  count: Local<'i32'> | undefined,
): void {
  if (count === undefined) {
    f.emit(v128.store(at, value))
    return
  }
  f.emit(v128.store32Lane(at, value, 0))
  f.if(i32.gtS(count, 1), () => f.emit(v128.store32Lane(at, value, 1, 4)))
  f.if(i32.gtS(count, 2), () => f.emit(v128.store32Lane(at, value, 2, 8)))
}

/** Zeros in the lanes from `count` on. */
export const masked = (value: Expr<'v128'>, count: Local<'i32'> | undefined): Expr<'v128'> =>
  count === undefined ? value : v128.and(value, i32x4.ltS(i32x4.lanes(0, 1, 2, 3), i32x4.splat(count)))

/** Two sums of vectors, Σh and, where there is an n, Σh·n: in float32 lanes within a block, in float64 across blocks. */
export function prepareSums(f: FunctionBuilder) {
  const [plain, product, plainTotal, productTotal] = f.vectors(4)
  const flush = (lanes: Local<'v128'>, total: Local<'v128'>) => {
    const high = f64x2.promoteLowF32x4(shuffle64(lanes, lanes, [1, 0]))
    f.set(total, f64x2.add(total, f64x2.add(f64x2.promoteLowF32x4(lanes), high)))
    f.clear(lanes)
  }
  return {
    clear: () => f.clear(plain, product, plainTotal, productTotal),
    /** Lanes of h and n that are no elements must be zero in h, and in n not NaN or infinite. */
    add: (h: Local<'v128'>, n?: V128) => {
      f.set(plain, f32x4.add(plain, h))
      if (n !== undefined) f.set(product, f.madd(h, n, product))
    },
    /** At the end of each block. */
    flush: () => {
      flush(plain, plainTotal)
      flush(product, productTotal)
    },
    plain: () => sumOfLanes(plainTotal),
    product: () => sumOfLanes(productTotal),
  }
}
