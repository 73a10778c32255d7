import type { FunctionBuilder, I32, Local } from '../asm/index.ts'
import { by, f32, f32x4, f64, f64x2, v128 } from '../asm/index.ts'
import { sumOfLanes } from '../lanes/sweep.ts'

/** Statistics of a group, in the forms that the sweeps use. */
export interface Statistics {
  /** The mean as a float32, in all lanes, and what that leaves out: x − mean − meanRest is as good as exact. */
  readonly mean: Local<'v128'>
  readonly meanRest: Local<'f32'>
  /** 1/√(variance + ε). */
  readonly scale: Local<'f32'>
}

/**
 * Mean and variance of `count` elements in one sweep, in float64 and relative to the first element p:
 * with d = x − p, mean = p + Σd/n and variance = (Σd² − (Σd)²/n)/n. The relative error of the variance is
 * below n·(1 + (mean − p)²/variance)·2⁻⁵⁵ whatever the mean: some n·2⁻⁵⁵, or n²·2⁻⁵⁵ where the first element
 * is the one outlier among n.
 */
export function prepareStatistics(f: FunctionBuilder) {
  const [at, rest, pivot, d] = [f.local('i32'), f.local('i32'), f.local('f64'), f.local('f64')]
  const [pivots, deviation] = f.vectors(2)
  const sums = f.vectors(2)
  const squares = f.vectors(2)
  const [sum, square, n, mean] = f.locals('f64', 4)
  const [single, meanLanes, meanRest, scale] = [f.local('f32'), f.vector(), f.local('f32'), f.local('f32')]
  return (x: I32, count: Local<'i32'>, eps: Local<'f64'>): Statistics => {
    f.set(at, x)
    f.set(rest, count)
    f.set(pivot, f64.promoteF32(f32.load(at)))
    f.set(pivots, f64x2.splat(pivot))
    for (const total of [...sums, ...squares]) f.set(total, v128.zero())
    f.countdown(rest, 8, [by(at, 32)], () => {
      for (let i = 0; i < 4; i++) {
        const [s, q] = [sums[i & 1]!, squares[i & 1]!]
        f.set(deviation, f64x2.sub(f64x2.promoteLowF32x4(v128.load64Zero(at, 8 * i)), pivots))
        f.set(s, f64x2.add(s, deviation))
        f.set(q, f.maddWide(deviation, deviation, q))
      }
    })
    f.set(sum, sumOfLanes(f64x2.add(sums[0], sums[1])))
    f.set(square, sumOfLanes(f64x2.add(squares[0], squares[1])))
    f.countdown(rest, 1, [by(at, 4)], () => {
      f.set(d, f64.sub(f64.promoteF32(f32.load(at)), pivot))
      f.set(sum, f64.add(sum, d))
      f.set(square, f64.add(square, f64.mul(d, d)))
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
