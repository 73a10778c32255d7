import type { FunctionBuilder, Local } from '../asm/index.ts'

/** Vectors that go through the same code side by side: each alone would wait for its own long chain of operations. */
export type Beside = readonly Local<'v128'>[]

/** Σ cᵢ·zⁱ of each in float64, highest power last in the list; each constant is loaded once for all of them. */
export function polynomials(f: FunctionBuilder, zs: Beside, coefficients: readonly number[]): Beside {
  const sums = zs.map(() => f.vector(f.f64(coefficients.at(-1)!)))
  for (const c of coefficients.slice(0, -1).toReversed())
    sums.forEach((sum, i) => f.set(sum, f.maddWide(sum, zs[i]!, f.f64(c))))
  return sums
}
