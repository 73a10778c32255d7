/** Value types of WebAssembly that the assembler knows. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'

/**
 * Code that leaves one value of type `T` on the stack, or nothing where `T` is `void` (a statement).
 * An expression is a value of its own: it may be used several times, and is then evaluated as often.
 */
export interface Expr<T extends ValueType | 'void' = ValueType | 'void'> {
  readonly type: T
  readonly code: readonly number[]
  /**
   * An i32 that is 64 bits wide: a variable of a module over a 64-bit memory, or what was computed from one.
   * Kernels are written with i32 alone; the instructions chosen follow the operands.
   */
  readonly wide?: boolean
}

export type Statement = Expr<'void'>

/** A local variable; used as an expression it is its value. */
export interface Local<T extends ValueType = ValueType> extends Expr<T> {
  readonly index: number
}

/** Plain numbers stand for constants where a scalar is expected. */
export type I32 = Expr<'i32'> | number
export type F32 = Expr<'f32'> | number
export type F64 = Expr<'f64'> | number
export type V128 = Expr<'v128'>

const typeCodes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const satisfies Record<
  ValueType,
  number
>

/** Code of a type, where i32 may be `wide`. */
export const typeCode = (type: ValueType, wide = false): number =>
  typeCodes[wide && type === 'i32' ? 'i64' : type]

/** `N` of them, or any number where N is not known. */
export type Tuple<T, N extends number, Some extends readonly T[] = []> = number extends N
  ? readonly T[]
  : Some['length'] extends N
    ? Some
    : Tuple<T, N, readonly [...Some, T]>

/** Unsigned LEB128 of an integer in 0 … 2³²−1. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

/** Signed LEB128 of a 32-bit integer (taken modulo 2³²). */
export function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

/** Signed LEB128 of a 64-bit integer. */
export function signed64(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asIntN(64, value)
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

const scratch = new DataView(new ArrayBuffer(8))

/** Little-endian bytes of a float32. */
export function float32Bytes(value: number): number[] {
  scratch.setFloat32(0, value, true)
  return [0, 1, 2, 3].map((i) => scratch.getUint8(i))
}

/** Little-endian bytes of a float64. */
export function float64Bytes(value: number): number[] {
  scratch.setFloat64(0, value, true)
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => scratch.getUint8(i))
}

/** A length, then the items: a vector of the binary format. */
export const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
]

/** UTF-8 name with its length. */
export function nameBytes(name: string): number[] {
  const bytes = [...new TextEncoder().encode(name)]
  return [...unsigned(bytes.length), ...bytes]
}

/** Joins pieces of code into an expression. */
export function expr<T extends ValueType | 'void'>(
  type: T,
  ...pieces: readonly (readonly number[])[]
): Expr<T> {
  const code: number[] = []
  for (const piece of pieces) for (const byte of piece) code.push(byte)
  return { type, code }
}

/** Instructions whose opcodes follow each other from `first` on, by their names in that order. */
export const family = <Name extends string, T>(
  make: (opcode: number) => T,
  first: number,
  ...names: readonly Name[]
): Readonly<Record<Name, T>> =>
  Object.fromEntries(names.map((name, i) => [name, make(first + i)])) as Record<Name, T>
