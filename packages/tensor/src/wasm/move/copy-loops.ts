import { times } from '../../times.ts'
import type { Expr, FunctionBuilder, I32, Local, ModuleBuilder, V128 } from '../asm/index.ts'
import { f32, f32x4, f64, i32, shuffle32, shuffle64, v128 } from '../asm/index.ts'

/** Bytes per element. */
export type Width = 1 | 4 | 8

const boxParams = {
  to: 'i32',
  from: 'i32',
  n0: 'i32',
  n1: 'i32',
  t0: 'i32',
  t1: 'i32',
  f0: 'i32',
  f1: 'i32',
} as const
type Box = { readonly [K in keyof typeof boxParams]: Local<'i32'> }

/** Two nested loops over both addresses. */
function outerLoops(
  f: FunctionBuilder,
  box: Box,
  body: (to: Local<'i32'>, from: Local<'i32'>) => void,
): void {
  const { to, from, n0, n1, t0, t1, f0, f1 } = box
  const [i, j, rowTo, rowFrom] = f.locals('i32', 4)
  f.loop(i, 0, n0, 1, () => {
    f.set(rowTo, to)
    f.set(rowFrom, from)
    f.loop(j, 0, n1, 1, () => {
      body(rowTo, rowFrom)
      f.increment(rowTo, t1)
      f.increment(rowFrom, f1)
    })
    f.increment(to, t0)
    f.increment(from, f0)
  })
}

/** Moves one element. */
function moveOne(width: Width, to: I32, from: I32) {
  if (width === 1) return i32.store8(to, i32.load8U(from))
  return width === 4 ? i32.store(to, i32.load(from)) : f64.store(to, f64.load(from))
}

/** Copies `bytes` from one running address to the other; all three variables are used up. */
export function copyRun(f: FunctionBuilder, to: Local<'i32'>, from: Local<'i32'>, bytes: Local<'i32'>): void {
  const turn = (size: number, move: () => void) =>
    f.while(i32.geS(bytes, size), () => {
      move()
      f.increment(to, size)
      f.increment(from, size)
      f.increment(bytes, -size)
    })
  turn(64, () => {
    const values = [0, 16, 32, 48].map((at) => f.local('v128', v128.load(from, at)))
    values.forEach((value, i) => f.emit(v128.store(to, value, 16 * i)))
  })
  turn(16, () => f.emit(v128.store(to, v128.load(from))))
  turn(4, () => f.emit(i32.store(to, i32.load(from))))
  turn(1, () => f.emit(i32.store8(to, i32.load8U(from))))
}

/** `run(box, bytes)`: rows that are dense on both sides. */
export function emitRowCopy(m: ModuleBuilder): void {
  m.func('run', { ...boxParams, bytes: 'i32' }, [], (f, { bytes, ...box }) => {
    const [a, b, rest] = f.locals('i32', 3)
    outerLoops(f, box, (to, from) => {
      f.set(a, to)
      f.set(b, from)
      f.set(rest, bytes)
      copyRun(f, a, b, rest)
    })
  })
}

/** `run(box, n, t2, f2)`: any strides, one element after the other. */
export function emitStridedCopy(m: ModuleBuilder, width: Width): void {
  m.func('run', { ...boxParams, n: 'i32', t2: 'i32', f2: 'i32' }, [], (f, { n, t2, f2, ...box }) => {
    const [a, b, i] = f.locals('i32', 3)
    outerLoops(f, box, (to, from) => {
      f.set(a, to)
      f.set(b, from)
      f.loop(i, 0, n, 1, () => {
        f.emit(moveOne(width, a, b))
        f.increment(a, t2)
        f.increment(b, f2)
      })
    })
  })
}

/** `run(box, n, f2)`: dense rows of 32-bit elements that lie `f2` bytes apart. */
export function emitCollect(m: ModuleBuilder): void {
  m.func('run', { ...boxParams, n: 'i32', f2: 'i32' }, [], (f, { n, f2, ...box }) => {
    const [a, b, rest, four] = [f.local('i32'), f.local('i32'), f.local('i32'), f.let(i32.mul(f2, 4))]
    const [f2Twice, f2Thrice] = [f.let(i32.mul(f2, 2)), f.let(i32.mul(f2, 3))]
    const at = (i: number): I32 => (i === 0 ? b : i32.add(b, [f2, f2Twice, f2Thrice][i - 1]!))
    outerLoops(f, box, (to, from) => {
      f.set(a, to)
      f.set(b, from)
      f.set(rest, n)
      f.while(i32.geS(rest, 4), () => {
        const zip = (i: number, j: number) => v128.load32Lane(at(j), v128.load32Zero(at(i)), 1)
        f.emit(v128.store(a, shuffle64(zip(0, 1), zip(2, 3), [0, 2])))
        f.increment(a, 16)
        f.increment(b, four)
        f.increment(rest, -4)
      })
      f.while(rest, () => {
        f.emit(moveOne(4, a, b))
        f.increment(a, 4)
        f.increment(b, f2)
        f.increment(rest, -1)
      })
    })
  })
}

/** `run(box, n)`: each row is one 32-bit element repeated n times. */
export function emitRepeat(m: ModuleBuilder): void {
  m.func('run', { ...boxParams, n: 'i32' }, [], (f, { n, ...box }) => {
    const [at, rest, value] = [f.local('i32'), f.local('i32'), f.local('v128')]
    outerLoops(f, box, (to, from) => {
      f.set(at, to)
      f.set(value, v128.load32Splat(from))
      f.set(rest, n)
      f.while(i32.geS(rest, 4), () => {
        f.emit(v128.store(at, value))
        f.increment(at, 16)
        f.increment(rest, -4)
      })
      f.if(i32.and(rest, 2), () => {
        f.emit(v128.store64Lane(at, value, 0))
        f.increment(at, 8)
      })
      f.if(i32.and(rest, 1), () => f.emit(v128.store32Lane(at, value, 0)))
    })
  })
}

/** `run(box, n)`: each row is n dense 32-bit elements, each of them twice: nearest-neighbour upsampling. */
export function emitDouble(m: ModuleBuilder): void {
  m.func('run', { ...boxParams, n: 'i32' }, [], (f, { n, ...box }) => {
    const [a, b, rest] = f.locals('i32', 3)
    outerLoops(f, box, (to, from) => {
      f.set(a, to)
      f.set(b, from)
      f.set(rest, n)
      const turn = (vectors: number) =>
        f.while(i32.geS(rest, 4 * vectors), () => {
          const values = times(vectors, (i) => f.local('v128', v128.load(b, 16 * i)))
          values.forEach((value, i) => {
            f.emit(v128.store(a, shuffle32(value, value, [0, 0, 1, 1]), 32 * i))
            f.emit(v128.store(a, shuffle32(value, value, [2, 2, 3, 3]), 32 * i + 16))
          })
          f.increment(a, 32 * vectors)
          f.increment(b, 16 * vectors)
          f.increment(rest, -4 * vectors)
        })
      turn(4)
      turn(1)
      f.while(rest, () => {
        f.emit(v128.store64Lane(a, v128.load32Splat(b), 0))
        f.increment(a, 8)
        f.increment(b, 4)
        f.increment(rest, -1)
      })
    })
  })
}

/** Four vectors as rows of a 4×4 matrix, turned into its columns. */
function transposed(f: FunctionBuilder, rows: readonly Expr<'v128'>[]): Expr<'v128'>[] {
  const [a, b, c, d] = rows.map((row): Expr<'v128'> => f.local('v128', row)) as [V128, V128, V128, V128]
  const [ab, cd] = [
    f.local('v128', shuffle32(a, b, [0, 4, 1, 5])),
    f.local('v128', shuffle32(c, d, [0, 4, 1, 5])),
  ]
  const [abHigh, cdHigh] = [
    f.local('v128', shuffle32(a, b, [2, 6, 3, 7])),
    f.local('v128', shuffle32(c, d, [2, 6, 3, 7])),
  ]
  return [
    shuffle64(ab, cd, [0, 2]),
    shuffle64(ab, cd, [1, 3]),
    shuffle64(abHigh, cdHigh, [0, 2]),
    shuffle64(abHigh, cdHigh, [1, 3]),
  ]
}

/**
 * `run(box, rows, columns, tr, fc)`: transposes 32-bit elements. Element (r, c) goes from r·4 + c·fc to
 * r·tr + c·4, in tiles of 4×4, up to four of them (a cache line of the source) side by side.
 */
export function emitTranspose(m: ModuleBuilder): void {
  const params = { ...boxParams, rows: 'i32', columns: 'i32', tr: 'i32', fc: 'i32' } as const
  m.func('run', params, [], (f, { rows, columns, tr, fc, ...box }) => {
    const [left, top, a, b, restRows, c, i] = f.locals('i32', 7) as [
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
      Local<'i32'>,
    ]
    const store = f.local('i32')
    const fc2 = f.let(i32.mul(fc, 2))
    const fc3 = f.let(i32.mul(fc, 3))
    const whole = f.let(i32.sub(columns, 3))
    /** A strip of `tiles`·4 rows: the source from `left`, the result from `top`. */
    const strip = (tiles: number) =>
      f.while(i32.geS(restRows, 4 * tiles), () => {
        f.set(a, top)
        f.set(b, left)
        f.loop(c, 0, whole, 4, () => {
          f.set(store, a)
          for (let tile = 0; tile < tiles; tile++) {
            const rowsOfTile = [b, i32.add(b, fc), i32.add(b, fc2), i32.add(b, fc3)].map((at) =>
              v128.load(at, 16 * tile),
            )
            for (const column of transposed(f, rowsOfTile)) {
              f.emit(v128.store(store, column))
              f.increment(store, tr)
            }
          }
          f.increment(a, 16)
          f.increment(b, i32.mul(fc, 4))
        })
        f.loop(c, c, columns, 1, () => {
          f.set(store, a)
          f.loop(i, 0, 16 * tiles, 4, () => {
            f.emit(moveOne(4, store, i32.add(b, i)))
            f.increment(store, tr)
          })
          f.increment(a, 4)
          f.increment(b, fc)
        })
        f.increment(left, 16 * tiles)
        f.increment(top, i32.mul(tr, 4 * tiles))
        f.increment(restRows, -4 * tiles)
      })
    outerLoops(f, box, (to, from) => {
      f.set(top, to)
      f.set(left, from)
      f.set(restRows, rows)
      // Where the rows of the result are a multiple of 2 KiB apart, more of them would evict each other.
      f.if(i32.and(tr, 2047), () => strip(4))
      strip(2)
      strip(1)
      f.while(restRows, () => {
        f.set(a, top)
        f.set(b, left)
        f.loop(c, 0, columns, 1, () => {
          f.emit(moveOne(4, a, b))
          f.increment(a, 4)
          f.increment(b, fc)
        })
        f.increment(left, 4)
        f.increment(top, tr)
        f.increment(restRows, -1)
      })
    })
  })
}

/** Walks (before, count) pairs: `visit` gets the index's value; rows of picks move on by themselves. */
function overPicks(
  f: FunctionBuilder,
  before: I32,
  count: Local<'i32'>,
  indices: Local<'i32'>,
  visit: (pick: Expr<'i32'>) => void,
  nextBlock: () => void,
): void {
  const [i, j, at] = f.locals('i32', 3)
  f.loop(i, 0, before, 1, () => {
    f.set(at, indices)
    f.loop(j, 0, count, 1, () => {
      visit(i32.load(at))
      f.increment(at, 4)
    })
    nextBlock()
  })
}

const pickParams = {
  to: 'i32',
  from: 'i32',
  indices: 'i32',
  before: 'i32',
  count: 'i32',
  block: 'i32',
  bytes: 'i32',
} as const

/** `run(to, from, indices, before, count, block, bytes)`: rows of `bytes` at indices in blocks of `block` bytes. */
export function emitGather(m: ModuleBuilder): void {
  m.func('run', pickParams, [], (f, { to, from, indices, before, count, block, bytes }) => {
    const [source, rest] = f.locals('i32', 2)
    overPicks(
      f,
      before,
      count,
      indices,
      (pick) => {
        f.set(source, i32.add(from, i32.mul(pick, bytes)))
        f.set(rest, bytes)
        copyRun(f, to, source, rest)
      },
      () => f.increment(from, block),
    )
  })
}

/** The same the other way, adding float32 rows: to[index] += from. */
export function emitScatterAdd(m: ModuleBuilder): void {
  m.func('run', pickParams, [], (f, { to, from, indices, before, count, block, bytes }) => {
    const [target, rest] = f.locals('i32', 2)
    const turn = (size: number, add: () => void) =>
      f.while(i32.geS(rest, size), () => {
        add()
        f.increment(target, size)
        f.increment(from, size)
        f.increment(rest, -size)
      })
    overPicks(
      f,
      before,
      count,
      indices,
      (pick) => {
        f.set(target, i32.add(to, i32.mul(pick, bytes)))
        f.set(rest, bytes)
        turn(16, () => f.emit(v128.store(target, f32x4.add(v128.load(target), v128.load(from)))))
        turn(4, () => f.emit(f32.store(target, f32.add(f32.load(target), f32.load(from)))))
      },
      () => f.increment(to, block),
    )
  })
}
