import { times } from '../../times.ts'
import type { FunctionRef } from './function.ts'
import { FunctionBuilder, localAt } from './function.ts'
import type { Local, Tuple, ValueType } from './types.ts'
import { nameBytes, typeCode, unsigned, vector } from './types.ts'

export { atomics } from './atomics.ts'
export type { Assignable, Cursor, FunctionRef } from './function.ts'
export { by, FunctionBuilder } from './function.ts'
export { bulk, f32, f64, i32, select } from './scalar.ts'
export { f32x4, f64x2, i8x16, i16x8, i32x4, i64x2, shuffle8, shuffle32, shuffle64, v128 } from './simd.ts'
export type { Expr, F32, F64, I32, Local, Statement, Tuple, V128, ValueType } from './types.ts'

/** The memory a module imports as `env.memory`. */
export interface MemoryType {
  readonly shared: boolean
  /** In pages of 64 KiB; required where shared. */
  readonly maximum?: number
  /** Addresses of 64 bits (memory64); else they have 32. */
  readonly address?: 'i64'
}

/** Types of parameters for {@link ModuleBuilder.func}: `count` that are i32. */
export const i32s = <const N extends number>(count: N): Tuple<'i32', N> =>
  times(count, () => 'i32') as readonly 'i32'[] as Tuple<'i32', N>

type ParamLocals<P extends readonly ValueType[]> = { readonly [I in keyof P]: Local<P[I]> }

/** What emits the body of a function: its parameters follow the constants that the code depends on. */
export type Body<Constants extends readonly unknown[], P extends readonly ValueType[]> = (
  f: FunctionBuilder,
  ...args: readonly [...Constants, ...ParamLocals<P>]
) => void

/** The body of a function of i32 parameters. */
export type Procedure<Constants extends readonly unknown[] = []> = Body<Constants, readonly 'i32'[]>

interface Defined {
  readonly typeIndex: number
  readonly body: number[]
}

/**
 * Assembles a WebAssembly module in memory. It imports one memory, `env.memory`; functions are exported
 * under their names.
 *
 * @example y[0…n) += a·x[0…n), n a multiple of 4
 * ```ts
 * import { f32x4, i32, ModuleBuilder, v128 } from './index.ts'
 * const m = new ModuleBuilder({ shared: false })
 * m.func('axpy', ['i32', 'f32', 'i32', 'i32'], (f, n, a, x, y) => {
 *   const scale = f.vector(f32x4.splat(a))
 *   const end = f.let(i32.add(x, i32.shl(n, 2)))
 *   f.while(i32.ltU(x, end), () => {
 *     f.emit(v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, v128.load(x)))))
 *     f.add(x, 16)
 *     f.add(y, 16)
 *   })
 * })
 * const memory = new WebAssembly.Memory({ initial: 1 })
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
 * const floats = new Float32Array(memory.buffer)
 * floats.set([1, 2, 3, 4, 10, 20, 30, 40])
 * ;(exports.axpy as (n: number, a: number, x: number, y: number) => void)(4, 2, 0, 16)
 * Array.from(floats.subarray(4, 8)) // => [12, 24, 36, 48]
 * ```
 */
export class ModuleBuilder {
  readonly #memory: MemoryType
  readonly #fused: boolean
  readonly #types: string[] = []
  readonly #typeBytes: number[][] = []
  readonly #functions: Defined[] = []
  readonly #exports: number[][] = []

  /** `fused`: whether {@link FunctionBuilder.madd} and its like may be fused, rounding once (relaxed SIMD). */
  constructor(memory: MemoryType, fused = false) {
    this.#memory = memory
    this.#fused = fused
  }

  /**
   * Defines and exports a function without results. `body` gets the builder, the constants that the code depends on, and the
   * parameters as variables.
   *
   * Over a 64-bit memory, i32 variables and parameters are 64 bits wide. So that callers in JavaScript pass
   * numbers all the same, the export is then an entry of its own, which takes float64 for them.
   */
  func<const P extends readonly ValueType[], const Constants extends readonly unknown[]>(
    name: string,
    params: P,
    body: Body<Constants, P>,
    ...constants: Constants
  ): FunctionRef {
    const wide = this.#wide
    const f = new FunctionBuilder(params.length, wide, this.#fused)
    body(f, ...constants, ...(params.map((type, i) => localAt(type, i, wide)) as ParamLocals<P>))
    const index = this.#define(wide ? params.map((type) => (type === 'i32' ? 'i64' : type)) : params, f)
    const exported = wide && params.includes('i32') ? this.#entry(index, params) : index
    this.#exports.push([...nameBytes(name), 0, ...unsigned(exported)])
    return { index, params, wide }
  }

  /** A function of i32 parameters alone, as many as `body` takes beside the builder and its constants. */
  procedure<const Constants extends readonly unknown[]>(
    name: string,
    body: Procedure<Constants>,
    ...constants: Constants
  ): FunctionRef {
    return this.func(name, i32s(body.length - 1 - constants.length), body, ...constants)
  }

  /** The module in WebAssembly's binary format. */
  bytes(): Uint8Array<ArrayBuffer> {
    const { shared, maximum } = this.#memory
    const flags = (maximum === undefined ? 0 : 1) + (shared ? 2 : 0) + (this.#wide ? 4 : 0)
    const limits = [flags, 0, ...(maximum === undefined ? [] : unsigned(maximum))]
    const memoryImport = [...nameBytes('env'), ...nameBytes('memory'), 2, ...limits]
    const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content]
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vector(this.#typeBytes)),
      ...section(2, vector([memoryImport])),
      ...section(3, vector(this.#functions.map((fn) => unsigned(fn.typeIndex)))),
      ...section(7, vector(this.#exports)),
      ...section(10, vector(this.#functions.map((fn) => fn.body))),
    ])
  }

  get #wide(): boolean {
    return this.#memory.address === 'i64'
  }

  #define(params: readonly ValueType[], f: FunctionBuilder): number {
    return this.#functions.push({ typeIndex: this.#type(params), body: f.finish() }) - 1
  }

  /** A function that takes float64 where the target has wide i32, truncates, and calls it. */
  #entry(target: number, params: readonly ValueType[]): number {
    const f = new FunctionBuilder(params.length)
    const code = params.flatMap((type, i) => [
      ...[0x20, ...unsigned(i)],
      ...(type === 'i32' ? [0xfc, 0x06] : []),
    ])
    f.emit({ type: 'void', code: [...code, 0x10, ...unsigned(target)] })
    return this.#define(
      params.map((type) => (type === 'i32' ? 'f64' : type)),
      f,
    )
  }

  #type(params: readonly ValueType[]): number {
    const known = this.#types.indexOf(params.join())
    if (known >= 0) return known
    this.#typeBytes.push([0x60, ...vector(params.map((type) => [typeCode(type)])), 0])
    return this.#types.push(params.join()) - 1
  }
}
