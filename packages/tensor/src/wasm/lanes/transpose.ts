import type { Expr, FunctionBuilder, Local } from '../asm/index.ts'
import { shuffle32, shuffle64 } from '../asm/index.ts'

/** The 4×4 transpose of four vectors: vector j of the result holds lane j of each. */
export function transpose4(f: FunctionBuilder, rows: readonly Expr<'v128'>[]): Expr<'v128'>[] {
  const [a, b, c, d] = rows.map((row) => f.vector(row)) as [
    Local<'v128'>,
    Local<'v128'>,
    Local<'v128'>,
    Local<'v128'>,
  ]
  const low = f.vector(shuffle32(a, b, [0, 4, 1, 5]))
  const high = f.vector(shuffle32(a, b, [2, 6, 3, 7]))
  f.set(a, shuffle32(c, d, [0, 4, 1, 5]))
  f.set(b, shuffle32(c, d, [2, 6, 3, 7]))
  return [
    shuffle64(low, a, [0, 2]),
    shuffle64(low, a, [1, 3]),
    shuffle64(high, b, [0, 2]),
    shuffle64(high, b, [1, 3]),
  ]
}
