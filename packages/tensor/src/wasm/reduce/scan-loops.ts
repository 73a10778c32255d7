import type { Procedure } from '../asm/index.ts'
import { by, f32, f64, i32 } from '../asm/index.ts'

/**
 * Emits `run(to, x, lines, n, step, line)`: for each line of n elements, `step` bytes apart, the index (int32) of its first
 * largest element, or of its first NaN, which counts as larger than any number. Lines begin `line` bytes apart.
 */
export const emitArgmax: Procedure = (f, to, x, lines, n, step, line) => {
  const best = f.local('f32')
  const value = f.local('f32')
  const [index, at, j] = f.locals('i32', 3)
  f.countdown(lines, 1, [by(to, 4), by(x, line)], () => {
    f.set(best, f32.load(x))
    f.set(index, 0)
    f.set(at, x)
    f.loop(j, 1, n, 1, () => {
      f.add(at, step)
      f.set(value, f32.load(at))
      // Not at most the best one, which is a number.
      f.if(i32.and(f32.eq(best, best), i32.eqz(f32.le(value, best))), () => {
        f.set(best, value)
        f.set(index, j)
      })
    })
    f.emit(i32.store(to, index))
  })
}

/** Lines that are summed at a time: neighbouring columns share lines of the cache. */
const ways = 8

/** The same for running sums, in float64, each rounded once; results lie as the elements do. */
export const emitCumsum: Procedure = (f, to, x, lines, n, step, line) => {
  const sums = f.locals('f64', ways)
  const left = f.let(0)
  const froms = f.locals('i32', ways)
  const tos = f.locals('i32', ways)
  for (const width of [ways, 1]) {
    f.countdown(lines, width, [by(to, i32.mul(line, width)), by(x, i32.mul(line, width))], () => {
      const used = sums.slice(0, width)
      for (const sum of used) f.set(sum, 0)
      f.spread(froms.slice(0, width), x, line)
      f.spread(tos.slice(0, width), to, line)
      f.set(left, n)
      f.countdown(left, 1, [], () => {
        used.forEach((sum, i) => {
          f.set(sum, f64.add(sum, f64.promoteF32(f32.load(froms[i]!))))
          f.emit(f32.store(tos[i]!, f32.demoteF64(sum)))
          f.add(froms[i]!, step)
          f.add(tos[i]!, step)
        })
      })
    })
  }
}
