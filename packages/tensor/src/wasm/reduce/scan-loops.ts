import type { ModuleBuilder } from '../asm/index.ts'
import { by, f32, f64, i32 } from '../asm/index.ts'

/**
 * Emits `run(to, x, lines, n, step, line)`: for each line of n elements, `step` bytes apart, the index (int32) of its first
 * largest element, or of its first NaN, which counts as larger than any number. Lines begin `line` bytes apart.
 */
export function emitArgmax(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, lines, n, step, line) => {
    const [best, value] = [f.local('f32'), f.local('f32')]
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
  })
}

/** The same for running sums, in float64, each rounded once; results lie as the elements do. */
export function emitCumsum(m: ModuleBuilder): void {
  m.procedure('run', (f, to, x, lines, n, step, line) => {
    const sum = f.local('f64')
    const [from, target, left] = f.locals('i32', 3)
    f.countdown(lines, 1, [by(to, line), by(x, line)], () => {
      f.set(sum, 0)
      f.set(from, x)
      f.set(target, to)
      f.set(left, n)
      f.countdown(left, 1, [by(from, step), by(target, step)], () => {
        f.set(sum, f64.add(sum, f64.promoteF32(f32.load(from))))
        f.emit(f32.store(target, f32.demoteF64(sum)))
      })
    })
  })
}
