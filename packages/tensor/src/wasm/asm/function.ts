import { times } from '../../times.ts'
import { codeCondition, codeF32, codeF64, codeI32, codeWide, i32 } from './scalar.ts'
import { f32x4, f64x2, i32x4, v128 } from './simd.ts'
import type { Expr, F32, F64, I32, Local, Statement, Tuple, V128, ValueType } from './types.ts'
import { typeCode, unsigned, vector } from './types.ts'

/** What may be assigned to a variable of type `T`. */
export type Assignable<T extends ValueType> =
  | Expr<T>
  | (T extends 'i32' ? I32 : T extends 'f32' ? F32 : T extends 'f64' ? F64 : never)

/** An address that moves on, and by how many bytes. */
export type Cursor = readonly [at: Local<'i32'>, bytes: I32]

/** A {@link Cursor}. */
export const by = (at: Local<'i32'>, bytes: I32): Cursor => [at, bytes]

/** A function of the module under construction, to be called. */
export interface FunctionRef {
  readonly index: number
  readonly params: readonly ValueType[]
  /** Whether its i32 parameters are 64 bits wide. */
  readonly wide: boolean
}

/** Code of a value for a place of the given type. */
function codeOf(value: Expr | number, type: ValueType, wide: boolean): readonly number[] {
  if (type === 'i32') return wide ? codeWide(value as I32) : codeI32(value as I32)
  if (typeof value !== 'number') return value.code
  return type === 'f32' ? codeF32(value) : codeF64(value)
}

/** The variable of that number; `wide` matters to i32 alone. */
export function localAt<T extends ValueType>(type: T, index: number, wide: boolean): Local<T> {
  const local = { type, index, code: [0x20, ...unsigned(index)] }
  return wide && type === 'i32' ? { ...local, wide } : local
}

/**
 * The body of one function: declares locals, takes statements in order, nests control structures.
 * Expressions are made by the tables {@link i32}, `f32`, `f32x4`, … and need no builder.
 */
export class FunctionBuilder {
  /** Sets the {@link #constants}, before all else. */
  readonly #prelude: number[] = []
  readonly #code: number[] = []
  readonly #declared: ValueType[] = []
  readonly #paramCount: number
  readonly #wide: boolean
  readonly #fused: boolean
  readonly #constants = new Map<string, Local<'v128'>>()

  /**
   * `wide`: whether i32 variables have 64 bits, as addresses of the module's memory do; `fused`: whether multiply-add
   * may be fused (relaxed SIMD).
   */
  constructor(paramCount: number, wide = false, fused = false) {
    this.#paramCount = paramCount
    this.#wide = wide
    this.#fused = fused
  }

  /** A new variable, 0 at first, or assigned `initial` here. */
  local<T extends ValueType>(type: T, initial?: Assignable<T>): Local<T> {
    const index = this.#paramCount + this.#declared.push(type) - 1
    const local = localAt(type, index, this.#wide)
    if (initial !== undefined) this.set(local, initial)
    return local
  }

  /** `count` new variables, 0 at first. */
  locals<T extends ValueType, const N extends number>(type: T, count: N): Tuple<Local<T>, N> {
    return times(count, () => this.local(type)) as Tuple<Local<T>, N>
  }

  /** A new i32 variable assigned `initial`: for addresses and counters. */
  let(initial: I32): Local<'i32'> {
    return this.local('i32', initial)
  }

  /** A new vector, 0 at first, or assigned `initial` here. */
  vector(initial?: V128): Local<'v128'> {
    return this.local('v128', initial)
  }

  /** `count` new vectors, 0 at first. */
  vectors<const N extends number>(count: N): Tuple<Local<'v128'>, N> {
    return this.locals('v128', count)
  }

  /**
   * A vector of four times the same float32, in a variable that is set once, before the function's first statement:
   * loops run up to twice as fast as with the constant inside.
   */
  f32(value: number): Local<'v128'> {
    return this.#constant(`f${Object.is(value, -0) ? '-0' : value}`, f32x4.const(value))
  }

  /** Twice the same float64, likewise. */
  f64(value: number): Local<'v128'> {
    return this.#constant(`d${Object.is(value, -0) ? '-0' : value}`, f64x2.const(value))
  }

  /** Four times the same int32, likewise. */
  i32(value: number): Local<'v128'> {
    return this.#constant(`i${value | 0}`, i32x4.const(value))
  }

  /** Four int32, likewise. */
  lanes(...values: readonly [number, number, number, number]): Local<'v128'> {
    return this.#constant(`l${values.join()}`, i32x4.lanes(...values))
  }

  /** a·b + c of float32 lanes, rounded once where the machine can, in fused code. */
  madd(a: V128, b: V128, c: V128): Expr<'v128'> {
    return this.#fused ? f32x4.relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c)
  }

  /** c − a·b, likewise. */
  nmadd(a: V128, b: V128, c: V128): Expr<'v128'> {
    return this.#fused ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b))
  }

  /** a·b + c of float64 lanes, likewise. */
  maddWide(a: V128, b: V128, c: V128): Expr<'v128'> {
    return this.#fused ? f64x2.relaxedMadd(a, b, c) : f64x2.add(f64x2.mul(a, b), c)
  }

  /** Σ cᵢ·zⁱ of float32 lanes by Horner's rule, highest power last in the list. */
  polynomial(z: V128, coefficients: readonly number[]): Expr<'v128'> {
    const each = coefficients.map((c): Expr<'v128'> => this.f32(c))
    return each.reduceRight((sum, c) => this.madd(sum, z, c))
  }

  set<T extends ValueType>(local: Local<T>, value: Assignable<T>): void {
    this.#push(codeOf(value as Expr | number, local.type, this.#wide), [0x21], unsigned(local.index))
  }

  /** Sets vectors to 0. */
  clear(...vectors: readonly Local<'v128'>[]): void {
    for (const vector of vectors) this.set(vector, v128.zero())
  }

  /** `local += by`, i32. */
  add(local: Local<'i32'>, by: I32): void {
    this.set(local, i32.add(local, by))
  }

  /** `local` = the smaller of two i32, signed. */
  setLeast(local: Local<'i32'>, a: I32, b: I32): void {
    this.set(local, a)
    this.if(i32.gtS(local, b), () => this.set(local, b))
  }

  /** Assigns `first`, `first` + `step`, `first` + 2·`step`, … */
  spread(locals: readonly Local<'i32'>[], first: I32, step: I32): void {
    locals.forEach((local, i) => this.set(local, i === 0 ? first : i32.add(locals[i - 1]!, step)))
  }

  /** Appends statements: stores, atomics. */
  emit(...statements: readonly Statement[]): void {
    for (const statement of statements) this.#push(statement.code)
  }

  /** Calls a function. */
  run({ index, params, wide }: FunctionRef, ...args: readonly (Expr | number)[]): void {
    this.#push(...args.map((arg, i) => codeOf(arg, params[i]!, wide)), [0x10], unsigned(index))
  }

  /** Leaves the function. */
  return(): void {
    this.#code.push(0x0f)
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#push(codeCondition(condition), [0x04, 0x40])
    then()
    if (otherwise !== undefined) {
      this.#code.push(0x05)
      otherwise()
    }
    this.#code.push(0x0b)
  }

  /** Runs `body` while the condition (evaluated before each turn) holds. */
  while(condition: I32, body: () => void): void {
    // A block, which is left where the condition fails at first, with a loop that starts over while it holds.
    this.#push([0x02, 0x40], codeCondition(i32.eqz(condition)), [0x0d, 0, 0x03, 0x40])
    body()
    this.#push(codeCondition(condition), [0x0d, 0, 0x0b, 0x0b])
  }

  /**
   * `for (i = from; i < to; i += step)`, signed. `i` holds the first value not below `to` afterwards,
   * so a loop by 4 up to `n − 3` may be followed by one for the rest that starts at `i`.
   * `to` and `step` are evaluated each turn: pass constants, or locals computed before.
   */
  loop(i: Local<'i32'>, from: I32, to: I32, step: I32, body: () => void): void {
    if (from !== i) this.set(i, from)
    this.#turns(i32.ltS(i, to), [[i, step]], body)
  }

  /** Runs `body` `count` times, and moves the cursors on after each; as {@link FunctionBuilder.loop} otherwise. */
  times(count: I32, cursors: readonly Cursor[], body: () => void): void {
    const i = this.let(0)
    this.#turns(i32.ltS(i, count), [...cursors, [i, 1]], body)
  }

  /**
   * While `count` is `step` or more: runs `body`, takes `step` off `count`, and moves the cursors on. By steps of 1,
   * `count` must not be negative.
   */
  countdown(count: Local<'i32'>, step: number, cursors: readonly Cursor[], body: () => void): void {
    this.#turns(step === 1 ? count : i32.geS(count, step), [...cursors, [count, -step]], body)
  }

  /**
   * Cuts 0 … `count` into pieces of at most `most`: runs `body` with the length of each and where it begins, and moves the
   * cursors on after it. `count` and `most` are evaluated each turn.
   */
  pieces(
    count: I32,
    most: I32,
    cursors: readonly Cursor[],
    body: (length: Local<'i32'>, from: Local<'i32'>) => void,
  ): void {
    const from = this.let(0)
    const length = this.local('i32')
    this.#turns(i32.ltS(from, count), [...cursors, [from, most]], () => {
      this.setLeast(length, i32.sub(count, from), most)
      body(length, from)
    })
  }

  /** Body with its local declarations, as the code section wants it. */
  finish(): number[] {
    const declarations = this.#declared.map((type) => [1, typeCode(type, this.#wide)])
    const body = [...vector(declarations), ...this.#prelude]
    for (const byte of this.#code) body.push(byte)
    body.push(0x0b)
    return [...unsigned(body.length), ...body]
  }

  #constant(key: string, value: Expr<'v128'>): Local<'v128'> {
    let local = this.#constants.get(key)
    if (local === undefined) {
      local = this.vector()
      this.#constants.set(key, local)
      this.#prelude.push(...value.code, 0x21, ...unsigned(local.index))
    }
    return local
  }

  #turns(condition: I32, cursors: readonly Cursor[], body: () => void): void {
    this.while(condition, () => {
      body()
      for (const [cursor, by] of cursors) this.add(cursor, by)
    })
  }

  #push(...pieces: readonly (readonly number[])[]): void {
    for (const piece of pieces) for (const byte of piece) this.#code.push(byte)
  }
}
