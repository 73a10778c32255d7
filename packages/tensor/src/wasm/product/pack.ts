import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { f32, i32, v128 } from '../asm/index.ts'
import { transpose4 } from '../lanes/transpose.ts'

/**
 * Defines `name(to, from, count, depth, across, along, panel)`: packs a float32 matrix of `count` vectors
 * of length `depth` (element (i, k) at `from + i·across + k·along`, all strides in bytes) into panels of
 * `width` vectors, element (i, k) of a panel at `4·(k·width + i)`. Panels lie `panel` bytes apart; lanes
 * beyond `count` are zero.
 */
export function emitPack(m: ModuleBuilder, name: string, width: number): FunctionRef {
  return m.procedure(name, (f, to, from, count, depth, across, along, panel) => {
    const [k, at] = f.locals('i32', 2)
    const lanes = f.locals('i32', width)
    f.while(i32.gtS(count, 0), () => {
      f.set(at, to)
      f.set(k, 0)
      f.if(
        i32.geS(count, width),
        () => {
          f.if(
            i32.eq(across, 4),
            () => packRows(f, { from, depth, along, k, at, width }),
            () => {
              f.spread(lanes, from, across)
              f.if(i32.eq(along, 4), () => packTransposed(f, lanes, { depth, k, at, width }))
              // The rest of a transposed panel, or all of one with other strides.
              f.while(i32.ltS(k, depth), () => {
                lanes.forEach((lane, i) => {
                  f.emit(f32.store(at, f32.load(lane), 4 * i))
                  f.increment(lane, along)
                })
                f.increment(at, 4 * width)
                f.increment(k, 1)
              })
            },
          )
        },
        () => packPartial(f, { from, count, depth, across, along, k, at, width }),
      )
      f.increment(from, i32.mul(across, width))
      f.increment(to, panel)
      f.increment(count, -width)
    })
  })
}

interface Cursor {
  readonly depth: Local<'i32'>
  readonly k: Local<'i32'>
  readonly at: Local<'i32'>
  readonly width: number
}

/** Vectors side by side in memory: whole rows of the panel are copied. */
function packRows(f: FunctionBuilder, c: Cursor & { from: Local<'i32'>; along: Local<'i32'> }): void {
  const row = f.let(c.from)
  f.loop(c.k, 0, c.depth, 1, () => {
    for (let i = 0; i < c.width; i += 4) {
      if (c.width - i >= 4) f.emit(v128.store(c.at, v128.load(row, 4 * i), 4 * i))
      else for (let j = i; j < c.width; j++) f.emit(f32.store(c.at, f32.load(row, 4 * j), 4 * j))
    }
    f.increment(row, c.along)
    f.increment(c.at, 4 * c.width)
  })
}

/** Vectors that lie along memory: four elements of four of them at a time. Leaves up to 3 rows undone. */
function packTransposed(f: FunctionBuilder, lanes: readonly Local<'i32'>[], c: Cursor): void {
  const whole = c.width - (c.width % 4)
  f.loop(c.k, 0, i32.sub(c.depth, 3), 4, () => {
    for (let i = 0; i < whole; i += 4) {
      const columns = transpose4(
        f,
        lanes.slice(i, i + 4).map((lane) => v128.load(lane)),
      )
      columns.forEach((column, j) => {
        f.emit(v128.store(c.at, column, 4 * (j * c.width + i)))
      })
    }
    for (let i = whole; i < c.width; i++) {
      for (let j = 0; j < 4; j++) f.emit(f32.store(c.at, f32.load(lanes[i]!, 4 * j), 4 * (j * c.width + i)))
    }
    for (const lane of lanes) f.increment(lane, 16)
    f.increment(c.at, 16 * c.width)
  })
}

/** The last panel, with fewer vectors than lanes. */
function packPartial(
  f: FunctionBuilder,
  c: Cursor & { from: Local<'i32'>; count: Local<'i32'>; across: Local<'i32'>; along: Local<'i32'> },
): void {
  const row = f.let(c.from)
  const source = f.local('i32')
  const i = f.local('i32')
  f.loop(c.k, 0, c.depth, 1, () => {
    for (let lane = 0; lane < c.width; lane++) f.emit(f32.store(c.at, 0, 4 * lane))
    f.set(source, row)
    f.loop(
      i,
      0,
      c.count,
      1,
      () => {
        f.emit(f32.store(i32.add(c.at, i32.shl(i, 2)), f32.load(source)))
      },
      [source, c.across],
    )
    f.increment(row, c.along)
    f.increment(c.at, 4 * c.width)
  })
}
