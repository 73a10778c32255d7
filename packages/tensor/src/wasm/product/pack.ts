import type { Procedure } from '../asm/index.ts'
import { by, f32, i32, v128 } from '../asm/index.ts'
import { transpose4 } from '../lanes/transpose.ts'

/**
 * Defines `name(to, from, count, depth, across, along, panel)`: packs a float32 matrix of `count` vectors
 * of length `depth` (element (i, k) at `from + i·across + k·along`, all strides in bytes) into panels of
 * `width` vectors, element (i, k) of a panel at `4·(k·width + i)`. Panels lie `panel` bytes apart; lanes
 * beyond `count` are zero.
 */
export const emitPack: Procedure<[width: number]> = (
  f,
  width,
  to,
  from,
  count,
  depth,
  across,
  along,
  panel,
) => {
  const [k, at, row, source, target] = f.locals('i32', 5)
  const lanes = f.locals('i32', width)
  const whole = width - (width % 4)
  /** Vectors side by side in memory: whole rows of the panel are copied. */
  const rows = () =>
    f.times(depth, [by(row, along), by(at, 4 * width)], () => {
      for (let i = 0; i < whole; i += 4) f.emit(v128.store(at, v128.load(row, 4 * i), 4 * i))
      for (let i = whole; i < width; i++) f.emit(f32.store(at, f32.load(row, 4 * i), 4 * i))
    })
  /** Vectors that lie along memory: four elements of four of them at a time. Leaves up to 3 rows undone. */
  const transposed = () =>
    f.loop(k, 0, i32.sub(depth, 3), 4, () => {
      for (let i = 0; i < whole; i += 4) {
        const four = lanes.slice(i, i + 4).map((lane) => v128.load(lane))
        transpose4(f, four).forEach((column, j) => f.emit(v128.store(at, column, 4 * (j * width + i))))
      }
      for (let i = whole; i < width; i++) {
        for (let j = 0; j < 4; j++) f.emit(f32.store(at, f32.load(lanes[i]!, 4 * j), 4 * (j * width + i)))
      }
      for (const lane of lanes) f.add(lane, 16)
      f.add(at, 16 * width)
    })
  /** The last panel, with fewer vectors than lanes. */
  const partial = () =>
    f.times(depth, [by(row, along), by(at, 4 * width)], () => {
      for (let lane = 0; lane < width; lane++) f.emit(f32.store(at, 0, 4 * lane))
      f.set(source, row)
      f.set(target, at)
      f.times(count, [by(source, across), by(target, 4)], () => f.emit(f32.store(target, f32.load(source))))
    })
  f.while(i32.gtS(count, 0), () => {
    f.set(at, to)
    f.set(row, from)
    f.set(k, 0)
    f.if(
      i32.geS(count, width),
      () =>
        f.if(i32.eq(across, 4), rows, () => {
          f.spread(lanes, from, across)
          f.if(i32.eq(along, 4), transposed)
          // The rest of a transposed panel, or all of one with other strides.
          f.loop(k, k, depth, 1, () => {
            lanes.forEach((lane, i) => {
              f.emit(f32.store(at, f32.load(lane), 4 * i))
              f.add(lane, along)
            })
            f.add(at, 4 * width)
          })
        }),
      partial,
    )
    f.add(from, i32.mul(across, width))
    f.add(to, panel)
    f.add(count, -width)
  })
}
