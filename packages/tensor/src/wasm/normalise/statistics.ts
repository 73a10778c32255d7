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
export function statisticsOf(f: FunctionBuilder, x: I32, count: Local<'i32'>, eps: Local<'f64'>): Statistics {
  const at = f.let(x)
  const rest = f.let(count)
  const pivot = f.local('f64', f64.promoteF32(f32.load(at)))
  const pivots = f.vector(f64x2.splat(pivot))
  const deviation = f.vector()
  const d = f.local('f64')
  const sums = f.vectors(2)
  const squares = f.vectors(2)
  f.clear(...sums, ...squares)
  f.countdown(rest, 8, [by(at, 32)], () => {
    for (let i = 0; i < 4; i++) {
      const s = sums[i & 1]!
      const q = squares[i & 1]!
      f.set(deviation, f64x2.sub(f64x2.promoteLowF32x4(v128.load64Zero(at, 8 * i)), pivots))
      f.set(s, f64x2.add(s, deviation))
      f.set(q, f.maddWide(deviation, deviation, q))
    }
  })
  const sum = f.local('f64', sumOfLanes(f64x2.add(sums[0], sums[1])))
  const square = f.local('f64', sumOfLanes(f64x2.add(squares[0], squares[1])))
  f.countdown(rest, 1, [by(at, 4)], () => {
    f.set(d, f64.sub(f64.promoteF32(f32.load(at)), pivot))
    f.set(sum, f64.add(sum, d))
    f.set(square, f64.add(square, f64.mul(d, d)))
  })
  const n = f.local('f64', f64.convertI32S(count))
  const mean = f.local('f64', f64.add(pivot, f64.div(sum, n)))
  const variance = f64.div(f64.max(f64.sub(square, f64.div(f64.mul(sum, sum), n)), 0), n)
  const scale = f.local('f32', f32.demoteF64(f64.div(1, f64.sqrt(f64.add(variance, eps)))))
  const single = f.local('f32', f32.demoteF64(mean))
  const meanRest = f.local('f32', f32.demoteF64(f64.sub(mean, f64.promoteF32(single))))
  return { mean: f.vector(f32x4.splat(single)), meanRest, scale }
}
