import { times } from '../../times.ts'
import type { Expr, FunctionBuilder, I32, V128 } from '../asm/index.ts'
import { i32, i32x4, i64x2, shuffle32, v128 } from '../asm/index.ts'

const rounds = 10

/** The keys of the rounds of Philox4x32-10, for a key of two words, each in all lanes. */
export const roundKeys = (f: FunctionBuilder, k0: I32, k1: I32): readonly (readonly [V128, V128])[] => {
  const key = (word: I32, weyl: number, round: number) =>
    f.vector(i32x4.splat(i32.add(word, Math.imul(weyl, round))))
  return times(rounds, (r) => [key(k0, 0x9e3779b9, r), key(k1, 0xbb67ae85, r)] as const)
}

/** Lower and upper words of the unsigned products of four lanes. */
function wideProduct(f: FunctionBuilder, a: V128, b: V128): { low: Expr<'v128'>; high: Expr<'v128'> } {
  const first = f.vector(i64x2.extmulLowI32x4U(a, b))
  const last = f.vector(i64x2.extmulHighI32x4U(a, b))
  return { low: shuffle32(first, last, [0, 2, 4, 6]), high: shuffle32(first, last, [1, 3, 5, 7]) }
}

/**
 * Philox4x32-10 of four counters at once: the four words of each, lane by lane.
 * @param counters - The first words of the counters; the others are 0.
 */
export function philoxFour(
  f: FunctionBuilder,
  counters: V128,
  keys: readonly (readonly [V128, V128])[],
): readonly [V128, V128, V128, V128] {
  const [a, b] = [f.i32(0xd2511f53), f.i32(0xcd9e8d57)]
  let x = [counters, f.i32(0), f.i32(0), f.i32(0)] as readonly [V128, V128, V128, V128]
  for (const [k0, k1] of keys) {
    const p = wideProduct(f, a, x[0])
    const q = wideProduct(f, b, x[2])
    x = [
      f.vector(v128.xor(v128.xor(q.high, x[1]), k0)),
      f.vector(q.low),
      f.vector(v128.xor(v128.xor(p.high, x[3]), k1)),
      f.vector(p.low),
    ]
  }
  return x
}
