import type { Procedure, V128 } from '../wasm/asm/index.ts'
import { by, f32x4, i32, i32x4, v128 } from '../wasm/asm/index.ts'

/**
 * Emits `run(to, from, n0, n1, n2, n3, s0, s1, s2, s3)`: a box of float16, with strides in bytes, as float32 in row-major
 * order. The bits of exponent and fraction, put where float32 has them, are the value times 2⁻¹¹², subnormal numbers too;
 * infinities and NaN get the exponent that they have in float32.
 */
export const emitWiden: Procedure = (f, to, from, n0, n1, n2, n3, s0, s1, s2, s3) => {
  const [a, b, c, at, left] = f.locals('i32', 5)
  const [pattern, magnitude] = f.vectors(2)
  const widened = (half: V128): V128 => {
    f.set(pattern, half)
    f.set(magnitude, v128.and(pattern, i32x4.const(0x7fff)))
    const value = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.const(2 ** 112))
    const special = v128.and(i32x4.gtS(magnitude, i32x4.const(0x7bff)), i32x4.const(0x7f800000))
    const sign = i32x4.shl(v128.and(pattern, i32x4.const(0x8000)), 16)
    return v128.or(v128.or(value, special), sign)
  }
  f.set(a, from)
  f.times(n0, [by(a, s0)], () => {
    f.set(b, a)
    f.times(n1, [by(b, s1)], () => {
      f.set(c, b)
      f.times(n2, [by(c, s2)], () => {
        f.set(at, c)
        f.set(left, n3)
        f.if(i32.eq(s3, 2), () =>
          f.countdown(left, 4, [by(at, 8), by(to, 16)], () => {
            f.emit(v128.store(to, widened(v128.load16x4U(at))))
          }),
        )
        f.countdown(left, 1, [by(at, s3), by(to, 4)], () => {
          f.emit(v128.store32Lane(to, widened(i32x4.splat(i32.load16U(at))), 0))
        })
      })
    })
  })
}
