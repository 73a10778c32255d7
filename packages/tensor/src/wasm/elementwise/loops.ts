import type { DType } from '../../dtype.ts'
import { bytesPerElement } from '../../dtype.ts'
import { times } from '../../times.ts'
import type { Expr, FunctionBuilder, I32, Local, ModuleBuilder, Tuple } from '../asm/index.ts'
import { f32x4, i8x16, i16x8, i32, i32s, i32x4, select, v128 } from '../asm/index.ts'
import type { LaneOp } from './lane-ops.ts'

/** How an operand walks the innermost axis: element by element, standing still, or by a stride. */
export type Walk = 'dense' | 'still' | 'strided'

interface Operand {
  readonly dtype: DType
  readonly walk: Walk
  /** Start of the current block of rows, of the current row, and the current element. */
  readonly block: Local<'i32'>
  readonly row: Local<'i32'>
  readonly at: Local<'i32'>
  readonly strides: readonly [I32, I32, I32]
  /** Its value where it stands still. */
  readonly value: Local<'v128'>
}

/** Integers 0 or 1 of the four bytes at the bottom of `bytes`. */
const widen = (bytes: Expr<'v128'>) => i32x4.extendLowI16x8U(i16x8.extendLowI8x16U(bytes))

/** Four elements from `at`; those past a row's end are read and not used (blocks have slack behind them). */
const loadFour = (dtype: DType, at: I32, offset: number) =>
  dtype === 'bool' ? widen(v128.load32Zero(at, offset)) : v128.load(at, offset)

const loadOne = (dtype: DType, at: I32) =>
  dtype === 'bool' ? i32x4.splat(i32.load8U(at)) : v128.load32Splat(at)

/** Lane i from `at + steps[i]`. */
function loadSteps(dtype: DType, at: Local<'i32'>, steps: readonly I32[]): Expr<'v128'> {
  let value = dtype === 'bool' ? i32x4.splat(i32.load8U(at)) : v128.load32Zero(at)
  steps.forEach((step, i) => {
    const from = i32.add(at, step)
    if (i === 0) return
    value = dtype === 'bool' ? i32x4.replaceLane(value, i, i32.load8U(from)) : v128.load32Lane(from, value, i)
  })
  return value
}

/** Packs four masks or bools into the bottom four bytes. */
const narrow = (value: Expr<'v128'>, f: FunctionBuilder) => {
  const one = f.i32(1)
  const words = f.vector(i16x8.narrowI32x4S(v128.and(value, one), one))
  return i8x16.narrowI16x8S(words, words)
}

/** Stores four elements. */
function storeFour(f: FunctionBuilder, dtype: DType, at: I32, value: Expr<'v128'>, offset: number): void {
  if (dtype === 'bool') f.emit(v128.store32Lane(at, narrow(value, f), 0, offset))
  else f.emit(v128.store(at, value, offset))
}

/** Stores the first `count` (1, 2 or 3) elements and moves `at` past them. */
function storeFew(
  f: FunctionBuilder,
  dtype: DType,
  at: Local<'i32'>,
  value: Expr<'v128'>,
  count: Local<'i32'>,
): void {
  const v = f.vector(dtype === 'bool' ? narrow(value, f) : value)
  const lane = (i: number) => (dtype === 'bool' ? v128.store8Lane(at, v, i) : v128.store32Lane(at, v, i))
  for (let i = 0; i < 3; i++) {
    f.if(i32.gtS(count, i), () => {
      f.emit(lane(i))
      f.add(at, bytesPerElement(dtype))
    })
  }
}

/**
 * Emits `run(out, n0, n1, n2, …)`: three nested loops over a dense result, the innermost of n2 elements in
 * vectors of four. Per operand follow its address and its strides in bytes along the three loops, then
 * the operation's scalars as float32. Elements are independent, so a nest may be run in parts.
 */
export function emitElementwise(m: ModuleBuilder, op: LaneOp, walks: readonly Walk[]): void {
  const words = 4 + 4 * walks.length
  const types = [...i32s(words), ...times(op.scalars, () => 'f32' as const)]
  m.func('run', types, (f, ...params) => {
    const [out, n0, n1, n2] = params as unknown as Tuple<Local<'i32'>, 4>
    const floats = params.slice(words) as Local<'f32'>[]
    const scalars = floats.map((x) => f.vector(f32x4.splat(x)))
    const operands = walks.map((walk, i): Operand => {
      const [block, ...strides] = params.slice(4 + 4 * i) as unknown as Tuple<Local<'i32'>, 4>
      return {
        dtype: op.inputs[i]!,
        walk,
        block,
        row: f.local('i32'),
        at: f.local('i32'),
        strides,
        value: f.vector(),
      }
    })
    const rest = f.local('i32')
    const width = bytesPerElement(op.output)

    const steps = (operand: Operand, count?: I32): readonly I32[] => {
      const step = operand.strides[2]
      const many: I32[] = [0, step, i32.mul(step, 2), i32.mul(step, 3)]
      // At a row's end, lanes without an element of their own repeat the first one.
      return count === undefined
        ? many
        : many.map((s, i) => (i === 0 ? 0 : select(i32.gtS(count, i), i32.add(s, 0), i32.const(0))))
    }
    const compute = (vector: number, count?: I32): Expr<'v128'> =>
      op.compute(
        ...operands.map((operand) => {
          const { dtype, walk, at, value } = operand
          if (walk === 'still') return value
          const loaded =
            walk === 'dense'
              ? loadFour(dtype, at, vector * 4 * bytesPerElement(dtype))
              : loadSteps(dtype, at, steps(operand, count))
          return f.vector(loaded)
        }),
        ...scalars,
        f,
      )
    const advance = (elements: number) => {
      for (const { dtype, walk, at, strides } of operands) {
        if (walk === 'dense') f.add(at, elements * bytesPerElement(dtype))
        if (walk === 'strided') f.add(at, i32.mul(strides[2], elements))
      }
    }
    const turns = (vectors: number) =>
      f.countdown(rest, 4 * vectors, [], () => {
        for (let v = 0; v < vectors; v++) storeFour(f, op.output, out, compute(v), 4 * width * v)
        f.add(out, 4 * width * vectors)
        advance(4 * vectors)
      })

    f.times(n0, [], () => {
      for (const { row, block } of operands) f.set(row, block)
      f.times(n1, [], () => {
        for (const { dtype, walk, row, at, value } of operands) {
          f.set(at, row)
          if (walk === 'still') f.set(value, loadOne(dtype, row))
        }
        f.set(rest, n2)
        if (op.heavy !== true && !walks.includes('strided')) turns(4)
        turns(1)
        f.if(i32.gtS(rest, 0), () => storeFew(f, op.output, out, compute(0, rest), rest))
        for (const { row, strides } of operands) f.add(row, strides[1])
      })
      for (const { block, strides } of operands) f.add(block, strides[0])
    })
  })
}
