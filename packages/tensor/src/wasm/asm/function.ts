import { times } from '../../times.ts'
import { codeCondition, codeF32, codeF64, codeI32, codeWide, i32 } from './scalar.ts'
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
  readonly #code: number[] = []
  readonly #declared: ValueType[] = []
  readonly #paramCount: number
  readonly #wide: boolean

  /** `wide`: whether i32 variables have 64 bits, as addresses of the module's memory do. */
  constructor(paramCount: number, wide = false) {
    this.#paramCount = paramCount
    this.#wide = wide
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

  set<T extends ValueType>(local: Local<T>, value: Assignable<T>): void {
    this.#push(codeOf(value as Expr | number, local.type, this.#wide), [0x21], unsigned(local.index))
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

  /** Body with its local declarations, as the code section wants it. */
  finish(): number[] {
    const declarations = this.#declared.map((type) => [1, typeCode(type, this.#wide)])
    const body = [...vector(declarations)]
    for (const byte of this.#code) body.push(byte)
    body.push(0x0b)
    return [...unsigned(body.length), ...body]
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
