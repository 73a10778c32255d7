import type { Local, Procedure, V128 } from '../asm/index.ts'
import { by, f32, f32x4, i32, v128 } from '../asm/index.ts'
import { sumOfFour } from '../lanes/sweep.ts'

/** Rows at a time, which share what is read of the vector, and sums per row. */
const [height, ways] = [4, 2]

/**
 * Emits `run(to, a, x, rows, depth, rowStep)`: the dot products of rows of a, `rowStep` bytes apart, with x, to
 * neighbouring float32. Element i of a row goes to sum ⌊i/4⌋ mod 2, lane i mod 4; what is left over after whole turns
 * of eight goes to the first sum. The order of a row's sum does not depend on the other rows.
 */
export const emitDots: Procedure = (f, to, a, x, rows, depth, rowStep) => {
  const [cursor, left] = f.locals('i32', 2)
  const values = f.vectors(ways)
  const rowsOf = (count: number) => {
    const ats = f.locals('i32', count)
    const sums = ats.map(() => values.map(() => f.vector()))
    const add = (sum: Local<'v128'>, y: V128, z: V128) => f.set(sum, f.madd(y, z, sum))
    const turn = (vectors: number) =>
      f.countdown(left, 4 * vectors, [by(cursor, 16 * vectors)], () => {
        for (let v = 0; v < vectors; v++) f.set(values[v]!, v128.load(cursor, 16 * v))
        ats.forEach((at, r) => {
          for (let v = 0; v < vectors; v++) add(sums[r]![v]!, v128.load(at, 16 * v), values[v]!)
          f.add(at, 16 * vectors)
        })
      })
    f.countdown(rows, count, [by(to, 4 * count), by(a, i32.mul(rowStep, count))], () => {
      f.spread(ats, a, rowStep)
      f.clear(...sums.flat())
      f.set(cursor, x)
      f.set(left, depth)
      turn(ways)
      turn(1)
      f.countdown(left, 1, [by(cursor, 4)], () => {
        f.set(values[0]!, v128.load32Zero(cursor))
        ats.forEach((at, r) => {
          add(sums[r]![0]!, v128.load32Zero(at), values[0]!)
          f.add(at, 4)
        })
      })
      sums.forEach(([first, second], r) => {
        f.set(first!, f32x4.add(first!, second!))
        f.emit(f32.store(to, sumOfFour(first!), 4 * r))
      })
    })
  }
  rowsOf(height)
  rowsOf(1)
}
