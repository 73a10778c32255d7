import type { Expr, FunctionBuilder, I32, Local, V128 } from './asm.ts'
import { f32, f32x4, f64, f64x2, i32, i32x4, select, shuffle64, v128 } from './asm.ts'

/** Statistics of a group, in the forms that the sweeps use. */
export interface Statistics {
  /** The mean as a float32, in all lanes, and what that leaves out: x − mean − meanRest is as good as exact. */
  readonly mean: Local<'v128'>
  readonly meanRest: Local<'f32'>
  /** 1/√(variance + ε). */
  readonly scale: Local<'f32'>
}

export const vector = (f: FunctionBuilder): Local<'v128'> => f.local('v128')

const sumOfLanes = (a: Expr<'v128'>) => f64.add(f64x2.extractLane(a, 0), f64x2.extractLane(a, 1))

/**
 * Mean and variance of `count` elements in one sweep, in float64 and relative to the first element p:
 * with d = x − p, mean = p + Σd/n and variance = (Σd² − (Σd)²/n)/n. The relative error of the variance is
 * below n·(1 + (mean − p)²/variance)·2⁻⁵⁵ whatever the mean: some n·2⁻⁵⁵, or n²·2⁻⁵⁵ where the first element
 * is the one outlier among n.
 */
export function prepareStatistics(f: FunctionBuilder, fused: boolean) {
  const [at, rest, pivot, d] = [f.local('i32'), f.local('i32'), f.local('f64'), f.local('f64')]
  const [pivots, deviation] = [vector(f), vector(f)]
  const sums = [vector(f), vector(f)] as const
  const squares = [vector(f), vector(f)] as const
  const [sum, square, n, mean] = [f.local('f64'), f.local('f64'), f.local('f64'), f.local('f64')]
  const [single, meanLanes, meanRest, scale] = [f.local('f32'), vector(f), f.local('f32'), f.local('f32')]
  const withSquare = (total: V128) =>
    fused ? f64x2.relaxedMadd(deviation, deviation, total) : f64x2.add(total, f64x2.mul(deviation, deviation))
  return (x: I32, count: Local<'i32'>, eps: Local<'f64'>): Statistics => {
    f.set(at, x)
    f.set(rest, count)
    f.set(pivot, f64.promoteF32(f32.load(at)))
    f.set(pivots, f64x2.splat(pivot))
    for (const total of [...sums, ...squares]) f.set(total, v128.zero())
    f.while(i32.geS(rest, 8), () => {
      for (let i = 0; i < 4; i++) {
        const [s, q] = [sums[i & 1]!, squares[i & 1]!]
        f.set(deviation, f64x2.sub(f64x2.promoteLowF32x4(v128.load64Zero(at, 8 * i)), pivots))
        f.set(s, f64x2.add(s, deviation))
        f.set(q, withSquare(q))
      }
      f.increment(at, 32)
      f.increment(rest, -8)
    })
    f.set(sum, sumOfLanes(f64x2.add(sums[0], sums[1])))
    f.set(square, sumOfLanes(f64x2.add(squares[0], squares[1])))
    f.while(rest, () => {
      f.set(d, f64.sub(f64.promoteF32(f32.load(at)), pivot))
      f.set(sum, f64.add(sum, d))
      f.set(square, f64.add(square, f64.mul(d, d)))
      f.increment(at, 4)
      f.increment(rest, -1)
    })
    f.set(n, f64.convertI32S(count))
    f.set(mean, f64.add(pivot, f64.div(sum, n)))
    const variance = f64.div(f64.max(f64.sub(square, f64.div(f64.mul(sum, sum), n)), 0), n)
    f.set(scale, f32.demoteF64(f64.div(1, f64.sqrt(f64.add(variance, eps)))))
    f.set(single, f32.demoteF64(mean))
    f.set(meanLanes, f32x4.splat(single))
    f.set(meanRest, f32.demoteF64(f64.sub(mean, f64.promoteF32(single))))
    return { mean: meanLanes, meanRest, scale }
  }
}

/** Most elements that are summed in float32 before the sums go to float64. */
const blockLength = 512

/**
 * Calls `four` for each vector of `n` elements in turn while the `cursors` move along. The last one may be
 * cut off: then `count` says how many of its lanes are elements (what is read behind them is arbitrary).
 * `blockEnd` runs after every {@link blockLength} elements and at the end.
 */
export function prepareSweep(f: FunctionBuilder) {
  const [rest, block] = [f.local('i32'), f.local('i32')]
  return (
    n: I32,
    cursors: readonly Local<'i32'>[],
    four: (count?: Local<'i32'>) => void,
    blockEnd?: () => void,
  ): void => {
    const advance = (bytes: I32) => {
      for (const cursor of cursors) f.increment(cursor, bytes)
    }
    f.set(rest, n)
    f.while(rest, () => {
      if (blockEnd === undefined) f.set(block, rest)
      else f.set(block, select(i32.ltS(rest, blockLength), rest, i32.const(blockLength)))
      f.set(rest, i32.sub(rest, block))
      f.while(i32.geS(block, 4), () => {
        four()
        advance(16)
        f.increment(block, -4)
      })
      f.if(block, () => {
        four(block)
        advance(i32.shl(block, 2))
      })
      blockEnd?.()
    })
  }
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

/** Two sums of vectors, Σh and Σh·n: in float32 lanes within a block, in float64 across blocks. */
export function prepareSums(f: FunctionBuilder, madd: (a: V128, b: V128, c: V128) => Expr<'v128'>) {
  const [plain, product, plainTotal, productTotal] = [vector(f), vector(f), vector(f), vector(f)]
  const flush = (lanes: Local<'v128'>, total: Local<'v128'>) => {
    const high = f64x2.promoteLowF32x4(shuffle64(lanes, lanes, [1, 0]))
    f.set(total, f64x2.add(total, f64x2.add(f64x2.promoteLowF32x4(lanes), high)))
    f.set(lanes, v128.zero())
  }
  return {
    clear: () => {
      for (const local of [plain, product, plainTotal, productTotal]) f.set(local, v128.zero())
    },
    /** Lanes of h and n that are no elements must be zero in h, and in n not NaN or infinite. */
    add: (h: Local<'v128'>, n: V128) => {
      f.set(plain, f32x4.add(plain, h))
      f.set(product, madd(h, n, product))
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
