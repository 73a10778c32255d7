import type { Expr, FunctionBuilder, FunctionRef, I32, Local, ModuleBuilder } from './asm.ts'
import { f32, f32x4, i32, i32Params, v128 } from './asm.ts'
import { addends, emitFinish, finishParams } from './epilogue.ts'
import { emitPack } from './gemm-pack.ts'

/** Register tile of the inner kernel: `mr` rows by `nr` columns (a multiple of 4) of the result. */
export interface TileShape {
  readonly mr: number
  readonly nr: number
  /** Fused multiply-add. */
  readonly relaxed: boolean
}

/**
 * The tile of all float32 products. Measured in Node 24 on x86 (GFLOPS of one core, fused multiply-add):
 * 4×8 48, 6×8 49, 3×12 47, 2×16 47; plain multiply and add: 4×8 41, 5×8 40, 3×12 35, 2×16 37, 6×8 less.
 */
export const tileShape = { mr: 4, nr: 8 } as const

/** Functions of a GEMM module for other kernels of the same module to call. */
export interface GemmFunctions {
  readonly tile: FunctionRef
  readonly rows: FunctionRef
  readonly finish: FunctionRef
}

/** `extent` cut into the fewest equal pieces of at most `limit`: their length, rounded up to `unit`. */
export function pieceOf(extent: number, limit: number, unit: number): number {
  const pieces = Math.ceil(extent / limit)
  return Math.ceil(extent / pieces / unit) * unit
}

/**
 * `name(a, b, c, depth, bStep, cStep, accumulate, …addends)`: c[height × nr] = (c +) a · b (+ addends), where
 * a is a panel [depth][mr] of which the first `height` lanes count, row k of b starts at `b + k·bStep` and
 * rows of c lie `cStep` bytes apart. Addends join the sums in registers, one after the other.
 */
function emitTile(
  m: ModuleBuilder,
  name: string,
  height: number,
  { mr, nr, relaxed }: TileShape,
): FunctionRef {
  const params = i32Params('a', 'b', 'c', 'depth', 'bStep', 'cStep', 'accumulate', ...addends)
  return m.func(name, params, [], (f, { a, b, c, depth, bStep, cStep, accumulate, ...p }) => {
    const vectors = nr / 4
    const sums = Array.from({ length: height * vectors }, () => f.local('v128'))
    const right = Array.from({ length: vectors }, () => f.local('v128'))
    const left = f.local('v128')
    const end = f.let(i32.add(a, i32.mul(depth, 4 * mr)))
    f.while(i32.ltU(a, end), () => {
      right.forEach((vector, j) => {
        f.set(vector, v128.load(b, 16 * j))
      })
      for (let i = 0; i < height; i++) {
        f.set(left, v128.load32Splat(a, 4 * i))
        for (let j = 0; j < vectors; j++) {
          const sum = sums[i * vectors + j]!
          const term = right[j]!
          f.set(sum, relaxed ? f32x4.relaxedMadd(left, term, sum) : f32x4.add(sum, f32x4.mul(left, term)))
        }
      }
      f.increment(a, 4 * mr)
      f.increment(b, bStep)
    })
    const row = f.local('i32')
    /** Visits the sums by rows, with `row` the address of each row from `start` on. */
    const sweep = (
      start: Local<'i32'> | Expr<'i32'>,
      step: I32,
      each: (sum: Local<'v128'>, j: number) => void,
      before?: () => void,
    ) => {
      f.set(row, start)
      for (let i = 0; i < height; i++) {
        before?.()
        for (let j = 0; j < vectors; j++) each(sums[i * vectors + j]!, j)
        if (i < height - 1) f.increment(row, step)
      }
    }
    const plus = (sum: Local<'v128'>, term: Expr<'v128'> | Local<'v128'>) => f.set(sum, f32x4.add(sum, term))
    const plusAt = (sum: Local<'v128'>, j: number) => plus(sum, v128.load(row, 16 * j))
    f.if(accumulate, () => sweep(c, cStep, plusAt))
    f.if(p.rowBias, () =>
      sweep(
        p.rowBias,
        4,
        (sum) => plus(sum, left),
        () => f.set(left, v128.load32Splat(row)),
      ),
    )
    f.if(p.columnBias, () => sweep(p.columnBias, 0, plusAt))
    f.if(p.toResidual, () => sweep(i32.add(c, p.toResidual), cStep, plusAt))
    sweep(c, cStep, (sum, j) => f.emit(v128.store(row, sum, 16 * j)))
  })
}

/** A part of a tile and where it goes. */
export interface Spill {
  /** Tile with rows of `nr` floats, from the first column wanted. */
  readonly from: Local<'i32'>
  readonly to: Local<'i32'>
  readonly rows: Local<'i32'>
  readonly columns: Local<'i32'>
  /** Bytes between rows at `to`. */
  readonly step: Local<'i32'>
  /** Whether to add. */
  readonly accumulate: Local<'i32'>
}

/** Adds or copies part of a tile. */
export function emitSpill(f: FunctionBuilder, nr: number, p: Spill): void {
  const [i, j, source, target] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  f.loop(i, 0, p.rows, 1, () => {
    f.set(source, i32.add(p.from, i32.mul(i, 4 * nr)))
    f.set(target, i32.add(p.to, i32.mul(i, p.step)))
    f.loop(j, 0, p.columns, 1, () => {
      f.if(
        p.accumulate,
        () => f.emit(f32.store(target, f32.add(f32.load(target), f32.load(source)))),
        () => f.emit(f32.store(target, f32.load(source))),
      )
      f.increment(source, 4)
      f.increment(target, 4)
    })
  })
}

/**
 * `rows(a, b, c, rows, columns, depth, aPanel, bStep, cStep, accumulate, spill, …finish)`: all row panels
 * of a times one column panel of b with 1 … nr valid columns. Tiles with fewer go by way of `spill`, a
 * scratch tile. `tiles[h − 1]` computes h rows. Whole tiles take addends in registers; the rest of a finish is
 * done while the tile is in the nearest cache.
 */
function emitRows(
  m: ModuleBuilder,
  { mr, nr }: TileShape,
  tiles: readonly FunctionRef[],
  finish: FunctionRef,
): FunctionRef {
  const operands = ['a', 'b', 'c', 'rows', 'columns', 'depth'] as const
  const steps = ['aPanel', 'bStep', 'cStep', 'accumulate', 'spill'] as const
  const params = i32Params(...operands, ...steps, ...finishParams)
  return m.func('rows', params, [], (f, p) => {
    const finishes = f.let(i32.or(i32.or(p.rowBias, p.columnBias), i32.or(p.toResidual, p.silu)))
    const step = (advance: Expr<'i32'> | number, tile: FunctionRef, height: Local<'i32'>) => {
      f.if(
        i32.eq(p.columns, nr),
        () => {
          const terms = addends.map((name) => p[name])
          f.callStatement(tile, p.a, p.b, p.c, p.depth, p.bStep, p.cStep, p.accumulate, ...terms)
          f.if(p.silu, () => f.callStatement(finish, p.c, height, nr, p.cStep, ...addends.map(() => 0), 1))
        },
        () => {
          f.callStatement(tile, p.a, p.b, p.spill, p.depth, p.bStep, 4 * nr, 0, ...addends.map(() => 0))
          emitSpill(f, nr, { ...p, from: p.spill, to: p.c, rows: height, step: p.cStep })
          const how = finishParams.map((name) => p[name])
          f.if(finishes, () => f.callStatement(finish, p.c, height, p.columns, p.cStep, ...how))
        },
      )
      f.if(p.rowBias, () => f.increment(p.rowBias, 4 * mr))
      f.increment(p.a, p.aPanel)
      f.increment(p.c, i32.mul(p.cStep, mr))
      f.increment(p.rows, advance)
    }
    const full = f.let(mr)
    f.while(i32.geS(p.rows, mr), () => step(-mr, tiles[mr - 1]!, full))
    for (let height = mr - 1; height > 0; height--) {
      f.if(i32.eq(p.rows, height), () => {
        step(0, tiles[height - 1]!, p.rows)
        f.return()
      })
    }
  })
}

/**
 * `block(a, b, c, rows, columns, depth, aPanel, bPanel, bStep, cStep, accumulate, spill, …finish)`: all
 * row panels of a times all column panels of b. Panels of b start `bPanel` bytes apart, so that b may be
 * packed, or rows of a matrix in place (which are then read up to nr − 1 floats beyond their end).
 */
function emitBlock(m: ModuleBuilder, { nr }: TileShape, rows: FunctionRef): void {
  const operands = ['a', 'b', 'c', 'rows', 'columns', 'depth'] as const
  const steps = ['aPanel', 'bPanel', 'bStep', 'cStep', 'accumulate', 'spill'] as const
  const params = i32Params(...operands, ...steps, ...finishParams)
  m.func('block', params, [], (f, p) => {
    const width = f.local('i32')
    f.while(i32.gtS(p.columns, 0), () => {
      f.set(width, p.columns)
      f.if(i32.gtS(width, nr), () => f.set(width, nr))
      const sizes = [p.rows, width, p.depth]
      const places = [p.aPanel, p.bStep, p.cStep, p.accumulate, p.spill]
      f.callStatement(rows, p.a, p.b, p.c, ...sizes, ...places, ...finishParams.map((name) => p[name]))
      f.if(p.columnBias, () => f.increment(p.columnBias, 4 * nr))
      f.increment(p.b, p.bPanel)
      f.increment(p.c, 4 * nr)
      f.increment(p.columns, -nr)
    })
  })
}

/**
 * Defines the functions of a float32 matrix product with one register tile: `rows`, `block`, `packA`,
 * `packB`, `finish`, and `tile1` … `tile<mr>` by height.
 */
export function emitGemm(m: ModuleBuilder, shape: TileShape): GemmFunctions {
  const tiles = Array.from({ length: shape.mr }, (_, i) => emitTile(m, `tile${i + 1}`, i + 1, shape))
  const finish = emitFinish(m, shape.relaxed)
  const rows = emitRows(m, shape, tiles, finish)
  emitBlock(m, shape, rows)
  emitPack(m, 'packA', shape.mr)
  emitPack(m, 'packB', shape.nr)
  return { tile: tiles[shape.mr - 1]!, rows, finish }
}
