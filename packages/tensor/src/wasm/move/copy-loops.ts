import { times } from '../../times.ts'
import type { FunctionBuilder, I32, Local, ModuleBuilder, Procedure } from '../asm/index.ts'
import { by, f32, f32x4, f64, i32, i32s, shuffle32, shuffle64, v128 } from '../asm/index.ts'
import { transpose4 } from '../lanes/transpose.ts'

/** Bytes per element. */
export type Width = 1 | 4 | 8

type Address = Local<'i32'>

/** Emits what copies one row, between addresses that it may move, with further parameters of the kernel, which it may not. */
export type RowCopy = (f: FunctionBuilder, to: Address, from: Address, ...rest: readonly Address[]) => void

/**
 * `run(to, from, n0, n1, n2, t0, t1, t2, f0, f1, f2, …rest)`: n0 × n1 × n2 rows, whose addresses lie `t0`, `t1` and
 * `t2` bytes apart at `to`, `f0`, `f1` and `f2` at `from`, each by `copyRow` with the rest of the parameters, i32 like all.
 */
const walkRows: Procedure<[copyRow: RowCopy]> = (
  f,
  copyRow,
  to,
  from,
  n0,
  n1,
  n2,
  t0,
  t1,
  t2,
  f0,
  f1,
  f2,
  ...rest
) =>
  f.times(n0, [by(to, t0), by(from, f0)], () => {
    const [to1, from1] = [f.let(to), f.let(from)]
    f.times(n1, [by(to1, t1), by(from1, f1)], () => {
      const [to2, from2] = [f.let(to1), f.let(from1)]
      f.times(n2, [by(to2, t2), by(from2, f2)], () => copyRow(f, f.let(to2), f.let(from2), ...rest))
    })
  })

/** Defines the kernel of a way to copy a row. */
export const emitRows = (m: ModuleBuilder, copyRow: RowCopy): void =>
  void m.func('run', i32s(8 + copyRow.length), walkRows, copyRow)

/** Moves one element. */
function moveOne(width: Width, to: I32, from: I32) {
  if (width === 1) return i32.store8(to, i32.load8U(from))
  return width === 4 ? i32.store(to, i32.load(from)) : f64.store(to, f64.load(from))
}

/** Copies `bytes` from one running address to the other; all three variables are used up. */
export function copyRun(f: FunctionBuilder, to: Address, from: Address, bytes: Address): void {
  const turn = (size: number, move: () => void) =>
    f.countdown(bytes, size, [by(to, size), by(from, size)], move)
  turn(64, () => {
    const values = [0, 16, 32, 48].map((at) => f.vector(v128.load(from, at)))
    values.forEach((value, i) => f.emit(v128.store(to, value, 16 * i)))
  })
  turn(16, () => f.emit(v128.store(to, v128.load(from))))
  turn(4, () => f.emit(i32.store(to, i32.load(from))))
  turn(1, () => f.emit(i32.store8(to, i32.load8U(from))))
}

/** Adds `bytes` of float32 from one running address to those at the other; all three variables are used up. */
export function addRun(f: FunctionBuilder, to: Address, from: Address, bytes: Address): void {
  const turn = (size: number, add: () => void) =>
    f.countdown(bytes, size, [by(to, size), by(from, size)], add)
  turn(16, () => f.emit(v128.store(to, f32x4.add(v128.load(to), v128.load(from)))))
  turn(4, () => f.emit(f32.store(to, f32.add(f32.load(to), f32.load(from)))))
}

/** `run(…, bytes)`: rows that are dense on both sides. */
export const denseRow: RowCopy = (f, to, from, bytes) => copyRun(f, to, from, f.let(bytes))

/** `run(…, n, t2, f2)`: any strides, one element after the other. */
export const stridedRow =
  (width: Width): RowCopy =>
  (f, to, from, n, t2, f2) =>
    f.countdown(f.let(n), 1, [by(to, t2), by(from, f2)], () => f.emit(moveOne(width, to, from)))

/** `run(…, n, f2)`: dense rows of 32-bit elements that lie `f2` bytes apart. */
export const collectRow: RowCopy = (f, to, from, n, f2) => {
  const rest = f.let(n)
  const steps = [1, 2, 3, 4].map((count) => f.let(i32.mul(f2, count)))
  const at = (i: number): I32 => (i === 0 ? from : i32.add(from, steps[i - 1]!))
  const zip = (i: number, j: number) => v128.load32Lane(at(j), v128.load32Zero(at(i)), 1)
  const four = () => f.emit(v128.store(to, shuffle64(zip(0, 1), zip(2, 3), [0, 2])))
  f.countdown(rest, 4, [by(to, 16), by(from, steps[3]!)], four)
  f.countdown(rest, 1, [by(to, 4), by(from, f2)], () => f.emit(moveOne(4, to, from)))
}

/** `run(…, n)`: each row is one 32-bit element repeated n times. */
export const repeatRow: RowCopy = (f, to, from, n) => {
  const rest = f.let(n)
  const value = f.vector(v128.load32Splat(from))
  f.countdown(rest, 4, [by(to, 16)], () => f.emit(v128.store(to, value)))
  f.countdown(rest, 1, [by(to, 4)], () => f.emit(v128.store32Lane(to, value, 0)))
}

/** `run(…, n)`: each row is n dense 32-bit elements, each of them twice: nearest-neighbour upsampling. */
export const doubleRow: RowCopy = (f, to, from, n) => {
  const rest = f.let(n)
  for (const vectors of [4, 1])
    f.countdown(rest, 4 * vectors, [by(to, 32 * vectors), by(from, 16 * vectors)], () => {
      const values = times(vectors, (i) => f.vector(v128.load(from, 16 * i)))
      values.forEach((value, i) => {
        f.emit(v128.store(to, shuffle32(value, value, [0, 0, 1, 1]), 32 * i))
        f.emit(v128.store(to, shuffle32(value, value, [2, 2, 3, 3]), 32 * i + 16))
      })
    })
  f.countdown(rest, 1, [by(to, 8), by(from, 4)], () =>
    f.emit(v128.store64Lane(to, v128.load32Splat(from), 0)),
  )
}

/**
 * `run(…, rows, columns, tr, fc)`: transposes 32-bit elements. Element (r, c) goes from r·4 + c·fc to
 * r·tr + c·4, in tiles of 4×4, up to four of them (a cache line of the source) side by side.
 */
export const transposeRows: RowCopy = (f, top, left, rows, columns, tr, fc) => {
  const rest = f.let(rows)
  const [a, b, c, i, store] = f.locals('i32', 5)
  const fc2 = f.let(i32.mul(fc, 2))
  const fc3 = f.let(i32.mul(fc, 3))
  const whole = f.let(i32.sub(columns, 3))
  /** Strips of `tiles`·4 rows: the source from `left`, the result from `top`. */
  const strips = (tiles: number) =>
    f.countdown(rest, 4 * tiles, [by(left, 16 * tiles), by(top, i32.mul(tr, 4 * tiles))], () => {
      f.set(a, top)
      f.set(b, left)
      f.loop(c, 0, whole, 4, () => {
        f.set(store, a)
        for (let tile = 0; tile < tiles; tile++) {
          const rowsOfTile = [b, i32.add(b, fc), i32.add(b, fc2), i32.add(b, fc3)]
          const vectors = rowsOfTile.map((at) => v128.load(at, 16 * tile))
          for (const column of transpose4(f, vectors)) {
            f.emit(v128.store(store, column))
            f.add(store, tr)
          }
        }
        f.add(a, 16)
        f.add(b, i32.mul(fc, 4))
      })
      f.loop(c, c, columns, 1, () => {
        f.set(store, a)
        f.loop(i, 0, 16 * tiles, 4, () => {
          f.emit(moveOne(4, store, i32.add(b, i)))
          f.add(store, tr)
        })
        f.add(a, 4)
        f.add(b, fc)
      })
    })
  // Where the rows of the result are a multiple of 2 KiB apart, more of them would evict each other.
  f.if(i32.and(tr, 2047), () => strips(4))
  strips(2)
  strips(1)
  f.countdown(rest, 1, [by(left, 4), by(top, tr)], () => {
    f.set(a, top)
    f.set(b, left)
    f.loop(c, 0, columns, 1, () => {
      f.emit(moveOne(4, a, b))
      f.add(a, 4)
      f.add(b, fc)
    })
  })
}

/** Three running addresses: the row that an index picks, the row beside the index, and the bytes of both. */
type UseRow = (f: FunctionBuilder, picked: Address, row: Address, bytes: Address) => void

/**
 * Defines `run(picked, row, indices, before, count, block, bytes)`: for each of `before` blocks and each of `count`
 * indices, `use` with the row of `bytes` that the index picks in the block and the next of those that follow each
 * other at `row`, which it passes. Blocks with picked rows lie `block` bytes apart.
 */
export const emitPicks: Procedure<[use: UseRow]> = (
  f,
  use,
  picked,
  row,
  indices,
  before,
  count,
  block,
  bytes,
) => {
  const [at, from, rest] = f.locals('i32', 3)
  f.times(before, [by(picked, block)], () => {
    f.set(at, indices)
    f.times(count, [by(at, 4)], () => {
      f.set(from, i32.add(picked, i32.mul(i32.load(at), bytes)))
      f.set(rest, bytes)
      use(f, from, row, rest)
    })
  })
}

/** Copies picked rows. */
export const gatherRow: UseRow = (f, picked, row, bytes) => copyRun(f, row, picked, bytes)
