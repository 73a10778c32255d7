import type { Expr, F32, F64, I32, Statement, ValueType } from './types.ts'
import { expr, family, float32Bytes, float64Bytes, signed, signed64, unsigned } from './types.ts'

/** Whether an operand is an i32 of 64 bits; constants take the width of the others. */
const isWide = (x: I32): boolean => typeof x !== 'number' && x.wide === true

/** Code of an i32 operand in 32 bits, a plain number being a constant. */
export function codeI32(x: I32): readonly number[] {
  if (typeof x === 'number') return [0x41, ...signed(x)]
  return x.wide === true ? [...x.code, 0xa7] : x.code
}

/** Code of a 64-bit constant. */
export const codeI64 = (value: bigint): readonly number[] => [0x42, ...signed64(value)]

/** Code of an i32 operand in 64 bits, the sign extended. */
export function codeWide(x: I32): readonly number[] {
  if (typeof x === 'number') return codeI64(BigInt(x))
  return x.wide === true ? x.code : [...x.code, 0xac]
}

const codeAs = (x: I32, wide: boolean): readonly number[] => (wide ? codeWide(x) : codeI32(x))

/** Code of an address, which has the width of the variables that it is computed from. */
export const codeAddress = (x: I32): readonly number[] => (typeof x === 'number' ? codeI32(x) : x.code)

/** Code of a condition: in 32 bits, not 0 where `x` is not. */
export const codeCondition = (x: I32): readonly number[] =>
  typeof x !== 'number' && x.wide === true ? [...x.code, 0x42, 0x00, 0x52] : codeI32(x)
export const codeF32 = (x: F32): readonly number[] =>
  typeof x === 'number' ? [0x43, ...float32Bytes(x)] : x.code
export const codeF64 = (x: F64): readonly number[] =>
  typeof x === 'number' ? [0x44, ...float64Bytes(x)] : x.code

/** Memory operand: log2 of the promised alignment, then the constant byte offset. */
export const memoryOperand = (alignment: number, offset: number): number[] => [alignment, ...unsigned(offset)]

/** The i64 instructions lie at a fixed distance behind those of i32. */
const [comparisonsApart, arithmeticApart] = [0x0b, 0x12]

/** An expression of type i32 that is wide where its operands are. */
const word = (wide: boolean, ...code: readonly (readonly number[])[]): Expr<'i32'> =>
  wide ? { ...expr('i32', ...code), wide } : expr('i32', ...code)

const i32Compare = (op: number) => (a: I32, b: I32) => {
  const wide = isWide(a) || isWide(b)
  return expr('i32', codeAs(a, wide), codeAs(b, wide), [wide ? op + comparisonsApart : op])
}
const i32Binary = (op: number) => (a: I32, b: I32) => {
  const wide = isWide(a) || isWide(b)
  return word(wide, codeAs(a, wide), codeAs(b, wide), [wide ? op + arithmeticApart : op])
}
/** By a number of bits whose own width does not matter. */
const i32Shift = (op: number) => (a: I32, b: I32) => {
  const wide = isWide(a) || (typeof a === 'number' && isWide(b))
  return word(wide, codeAs(a, wide), codeAs(b, wide), [wide ? op + arithmeticApart : op])
}
const i32Load =
  (op: number, alignment: number) =>
  (at: I32, offset = 0) =>
    expr('i32', codeAddress(at), [op], memoryOperand(alignment, offset))
const i32Store =
  (op: number, alignment: number) =>
  (at: I32, value: I32, offset = 0) =>
    expr('void', codeAddress(at), codeI32(value), [op], memoryOperand(alignment, offset))

/**
 * Integers, addresses and conditions: 32 bits, or 64 where an operand is wide (see {@link Expr}). What is
 * loaded, converted or compared is 32 bits, and signed where it meets 64, so tables in memory hold offsets,
 * not addresses. Comparisons give 0 or 1; `S` is signed, `U` unsigned. A 32-bit address is unsigned: compare
 * addresses with `U`, counts with `S`.
 */
export const i32 = {
  const: (value: number) => expr('i32', codeI32(value)),
  load: i32Load(0x28, 2),
  load8U: i32Load(0x2d, 0),
  load16U: i32Load(0x2f, 1),
  store: i32Store(0x36, 2),
  store8: i32Store(0x3a, 0),
  eqz: (a: I32) => expr('i32', isWide(a) ? codeWide(a) : codeI32(a), [isWide(a) ? 0x50 : 0x45]),
  ...family(i32Compare, 0x46, 'eq', 'ne', 'ltS', 'ltU', 'gtS', 'gtU', 'leS', 'leU', 'geS'),
  ...family(i32Binary, 0x6a, 'add', 'sub', 'mul', 'divS', 'divU', 'remS', 'remU', 'and', 'or'),
  ...family(i32Shift, 0x74, 'shl', 'shrS', 'shrU'),
}

const f32Unary = (op: number) => (a: F32) => expr('f32', codeF32(a), [op])
const f32Binary = (op: number) => (a: F32, b: F32) => expr('f32', codeF32(a), codeF32(b), [op])
const f32Compare = (op: number) => (a: F32, b: F32) => expr('i32', codeF32(a), codeF32(b), [op])

export const f32 = {
  load: (at: I32, offset = 0) => expr('f32', codeAddress(at), [0x2a], memoryOperand(2, offset)),
  store: (at: I32, value: F32, offset = 0): Statement =>
    expr('void', codeAddress(at), codeF32(value), [0x38], memoryOperand(2, offset)),
  ...family(f32Compare, 0x5b, 'eq', 'ne', 'lt', 'gt', 'le', 'ge'),
  ...family(f32Unary, 0x8b, 'abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'),
  ...family(f32Binary, 0x92, 'add', 'sub', 'mul', 'div', 'min', 'max'),
  demoteF64: (a: F64) => expr('f32', codeF64(a), [0xb6]),
}

const f64Binary = (op: number) => (a: F64, b: F64) => expr('f64', codeF64(a), codeF64(b), [op])

export const f64 = {
  load: (at: I32, offset = 0) => expr('f64', codeAddress(at), [0x2b], memoryOperand(3, offset)),
  store: (at: I32, value: F64, offset = 0): Statement =>
    expr('void', codeAddress(at), codeF64(value), [0x39], memoryOperand(3, offset)),
  sqrt: (a: F64) => expr('f64', codeF64(a), [0x9f]),
  ...family(f64Binary, 0xa0, 'add', 'sub', 'mul', 'div', 'min', 'max'),
  convertI32S: (a: I32) => expr('f64', codeAddress(a), [isWide(a) ? 0xb9 : 0xb7]),
  promoteF32: (a: F32) => expr('f64', codeF32(a), [0xbb]),
}

/** `a` where the condition is not 0, else `b`; both are evaluated. */
export function select<T extends ValueType>(condition: I32, a: Expr<T>, b: Expr<T>): Expr<T> {
  // The untyped `select` is not valid on v128; the typed one names its type.
  const op = a.type === 'v128' ? [0x1c, 1, 0x7b] : [0x1b]
  const chosen = (x: Expr<T>) => (wide ? codeWide(x as Expr<'i32'>) : x.code)
  const wide = a.wide === true || b.wide === true
  const result = expr(a.type, chosen(a), chosen(b), codeCondition(condition), op)
  return wide ? { ...result, wide } : result
}

/** Whole stretches of memory, in bytes. */
export const bulk = {
  fill: (at: I32, byte: I32, bytes: I32): Statement =>
    expr('void', codeAddress(at), codeI32(byte), codeAs(bytes, isWide(at)), [0xfc, 0x0b, 0x00]),
  copy: (to: I32, from: I32, bytes: I32): Statement =>
    expr('void', codeAddress(to), codeAddress(from), codeAs(bytes, isWide(to)), [0xfc, 0x0a, 0x00, 0x00]),
}
