import { describe, expect, test } from 'vitest'
import { ModuleBuilder, v128 } from '../asm/index.ts'
import { fusions } from '../oracle.test.helper.ts'
import type { LaneFunction } from './math.ts'
import { exp2Down, fade } from './math.ts'

/** Values of a function at `x`, by a kernel of its own. */
function valuesOf(fn: LaneFunction, fused: boolean, x: readonly number[]): Float32Array {
  const m = new ModuleBuilder({ shared: false }, fused)
  m.procedure('run', (f, at, end) => {
    const value = f.vector()
    f.loop(at, at, end, 16, () => {
      f.set(value, v128.load(at))
      f.emit(v128.store(at, fn(value, f)))
    })
  })
  const memory = new WebAssembly.Memory({ initial: 16 })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
  const floats = new Float32Array(memory.buffer)
  floats.set(x)
  ;(exports.run as (at: number, end: number) => void)(0, 4 * x.length)
  return floats.slice(0, x.length)
}

/** Largest relative error over even steps, in units of 2⁻²⁴: an ulp is one or two of them. */
function worst(
  fn: LaneFunction,
  fused: boolean,
  exact: (x: number) => number,
  low: number,
  high: number,
): number {
  const x = Array.from({ length: 100_000 }, (_, i) => Math.fround(low + ((high - low) * i) / 99_999))
  const y = valuesOf(fn, fused, x)
  let most = 0
  x.forEach((v, i) => {
    const error = Math.abs(y[i]! / exact(v) - 1)
    if (!(error <= most)) most = error
  })
  return most * 2 ** 24
}

describe.each([...fusions])('exponentials of softmax, fused multiply-add %j', (fused) => {
  test('fade keeps its promised error of 1 ulp, and is 0 beyond', () => {
    expect(worst(fade, fused, (x) => Math.exp(-x), 0, 87)).toBeLessThan(2)
    expect(worst(fade, fused, (x) => Math.exp(-x), 0, 1)).toBeLessThan(2)
    expect(valuesOf(fade, fused, [0, 87.01, 1e38, Number.POSITIVE_INFINITY])).toEqual(
      new Float32Array([1, 0, 0, 0]),
    )
  })

  test('exp2Down keeps its promised error of 2 ulp, fades out below −126 and is 0 from −127 on', () => {
    expect(worst(exp2Down, fused, (x) => 2 ** x, -126, 0)).toBeLessThan(4)
    expect(worst(exp2Down, fused, (x) => 2 ** x, -1, 0)).toBeLessThan(4)
    expect(valuesOf(exp2Down, fused, [0, -127, -1e38, Number.NEGATIVE_INFINITY])).toEqual(
      new Float32Array([1, 0, 0, 0]),
    )
    for (const y of valuesOf(exp2Down, fused, [-126.1, -126.49, -126.51, -126.99])) {
      expect(y).toBeGreaterThanOrEqual(0)
      expect(y).toBeLessThanOrEqual(2 ** -126)
    }
  })
})
