import { codeAddress, codeF32, codeF64, codeI32, memoryOperand } from './scalar.ts'
import type { F32, F64, I32, Statement, V128 } from './types.ts'
import { expr, family, float32Bytes, float64Bytes, unsigned } from './types.ts'

const op = (code: number): number[] => [0xfd, ...unsigned(code)]
const unary = (code: number) => (a: V128) => expr('v128', a.code, op(code))
const binary = (code: number) => (a: V128, b: V128) => expr('v128', a.code, b.code, op(code))
const ternary = (code: number) => (a: V128, b: V128, c: V128) =>
  expr('v128', a.code, b.code, c.code, op(code))
const shift = (code: number) => (a: V128, by: I32) => expr('v128', a.code, codeI32(by), op(code))
const test = (code: number) => (a: V128) => expr('i32', a.code, op(code))
/** Loads and stores promise no alignment beyond one element: views start anywhere. */
const load =
  (code: number, alignment: number) =>
  (at: I32, offset = 0) =>
    expr('v128', codeAddress(at), op(code), memoryOperand(alignment, offset))
const storeLane =
  (code: number, alignment: number) =>
  (at: I32, value: V128, lane: number, offset = 0): Statement =>
    expr('void', codeAddress(at), value.code, op(code), memoryOperand(alignment, offset), [lane])

/** 128-bit vectors without regard to lanes: memory, bits, selection. */
export const v128 = {
  load: load(0x00, 2),
  /** One 32-bit element in all four lanes. */
  load32Splat: load(0x09, 2),
  /** One element in lane 0, zeros above. */
  load32Zero: load(0x5c, 2),
  load64Zero: load(0x5d, 2),
  /** Four unsigned elements of 16 bits, widened to 32. */
  load16x4U: load(0x04, 1),
  load32Lane: (at: I32, into: V128, lane: number, offset = 0) =>
    expr('v128', codeAddress(at), into.code, op(0x56), memoryOperand(2, offset), [lane]),
  store: (at: I32, value: V128, offset = 0): Statement =>
    expr('void', codeAddress(at), value.code, op(0x0b), memoryOperand(2, offset)),
  store8Lane: storeLane(0x58, 0),
  store32Lane: storeLane(0x5a, 2),
  store64Lane: storeLane(0x5b, 2),
  zero: () => expr('v128', op(0x0c), new Array<number>(16).fill(0)),
  not: unary(0x4d),
  ...family(binary, 0x4e, 'and', 'andnot', 'or', 'xor'),
  /** Bits of `a` where `mask` has ones, of `b` elsewhere. */
  bitselect: (a: V128, b: V128, mask: V128) => expr('v128', a.code, b.code, mask.code, op(0x52)),
  anyTrue: test(0x53),
}

/** Sixteen byte indices into the 32 bytes of `a` and `b`. */
export const shuffle8 = (a: V128, b: V128, lanes: readonly number[]) =>
  expr('v128', a.code, b.code, op(0x0d), lanes)

/** Four indices into the eight 32-bit lanes of `a` and `b`. */
export const shuffle32 = (a: V128, b: V128, lanes: readonly [number, number, number, number]) =>
  shuffle8(
    a,
    b,
    lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  )

/** Two indices into the four 64-bit lanes of `a` and `b`. */
export const shuffle64 = (a: V128, b: V128, lanes: readonly [number, number]) =>
  shuffle8(
    a,
    b,
    lanes.flatMap((lane) => [0, 1, 2, 3, 4, 5, 6, 7].map((byte) => 8 * lane + byte)),
  )

/** Four float32. Comparisons give lanes of all ones or all zeros. */
export const f32x4 = {
  const: (value: number) => expr('v128', op(0x0c), ...[0, 1, 2, 3].map(() => float32Bytes(value))),
  splat: (a: F32) => expr('v128', codeF32(a), op(0x13)),
  extractLane: (a: V128, lane: number) => expr('f32', a.code, op(0x1f), [lane]),
  ...family(binary, 0x41, 'eq', 'ne', 'lt', 'gt', 'le', 'ge'),
  ...family(unary, 0x67, 'ceil', 'floor', 'trunc', 'nearest'),
  abs: unary(0xe0),
  neg: unary(0xe1),
  sqrt: unary(0xe3),
  ...family(binary, 0xe4, 'add', 'sub', 'mul', 'div'),
  /** NaN where either is NaN. */
  min: binary(0xe8),
  max: binary(0xe9),
  /** `b < a ? b : a` and `a < b ? b : a`: one machine instruction each. */
  pmin: binary(0xea),
  pmax: binary(0xeb),
  convertI32x4S: unary(0xfa),
  /** Two float64 into lanes 0 and 1, zeros above. */
  demoteF64x2Zero: unary(0x5e),
  /** a·b + c and c − a·b, fused or not as the machine likes (relaxed SIMD). */
  relaxedMadd: ternary(0x105),
  relaxedNmadd: ternary(0x106),
}

/** Two float64. */
export const f64x2 = {
  const: (value: number) => expr('v128', op(0x0c), float64Bytes(value), float64Bytes(value)),
  splat: (a: F64) => expr('v128', codeF64(a), op(0x14)),
  extractLane: (a: V128, lane: number) => expr('f64', a.code, op(0x21), [lane]),
  ...family(binary, 0x47, 'eq', 'ne', 'lt'),
  nearest: unary(0x94),
  abs: unary(0xec),
  sqrt: unary(0xef),
  ...family(binary, 0xf0, 'add', 'sub', 'mul', 'div', 'min', 'max', 'pmin', 'pmax'),
  /** Lanes 0 and 1 of a float32 or int32 vector. */
  promoteLowF32x4: unary(0x5f),
  convertLowI32x4S: unary(0xfe),
  convertLowI32x4U: unary(0xff),
  relaxedMadd: ternary(0x107),
}

/** Four int32. */
export const i32x4 = {
  const: (value: number) => i32x4.lanes(value, value, value, value),
  lanes: (...values: readonly [number, number, number, number]) =>
    expr('v128', op(0x0c), ...values.map((v) => [v & 255, (v >> 8) & 255, (v >> 16) & 255, (v >> 24) & 255])),
  splat: (a: I32) => expr('v128', codeI32(a), op(0x11)),
  extractLane: (a: V128, lane: number) => expr('i32', a.code, op(0x1b), [lane]),
  replaceLane: (a: V128, lane: number, value: I32) => expr('v128', a.code, codeI32(value), op(0x1c), [lane]),
  ...family(binary, 0x37, 'eq', 'ne', 'ltS', 'ltU', 'gtS', 'gtU', 'leS'),
  abs: unary(0xa0),
  neg: unary(0xa1),
  allTrue: test(0xa3),
  ...family(shift, 0xab, 'shl', 'shrS', 'shrU'),
  add: binary(0xae),
  sub: binary(0xb1),
  ...family(binary, 0xb5, 'mul', 'minS', 'minU', 'maxS'),
  /** Lanes 0–3 of sixteen-bit elements widened. */
  extendLowI16x8U: unary(0xa9),
  /** Saturating; NaN gives 0. */
  truncSatF32x4S: unary(0xf8),
}

/** Two int64, as far as bit tricks on float64 need them. */
export const i64x2 = {
  shl: shift(0xcb),
  shrU: shift(0xcd),
  add: binary(0xce),
  sub: binary(0xd1),
  /** Products of the unsigned lanes 0 and 1, or 2 and 3, of two int32 vectors. */
  ...family(binary, 0xde, 'extmulLowI32x4U', 'extmulHighI32x4U'),
}

/** Narrowing and widening between the integer lane widths (bool tensors are bytes). */
export const i16x8 = {
  extendLowI8x16U: unary(0x89),
  /** Signed saturation, `a` in the lower half. */
  narrowI32x4S: binary(0x85),
}
export const i8x16 = {
  narrowI16x8S: binary(0x65),
}
