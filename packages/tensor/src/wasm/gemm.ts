import type { Expr, FunctionBuilder, FunctionRef, Local, ModuleBuilder } from './asm.ts'
import { f32, f32x4, i32, i32Params, v128 } from './asm.ts'
import { emitPack } from './gemm-pack.ts'

/** Register tile of the inner kernel: `mr` rows by `nr` columns (a multiple of 4) of the result. */
export interface TileShape {
  readonly mr: number
  readonly nr: number
  /** Fused multiply-add. */
  readonly relaxed: boolean
}

/** Functions of a GEMM module for other kernels of the same module to call. */
export interface GemmFunctions {
  readonly tile: FunctionRef
  readonly rows: FunctionRef
}

/**
 * `tile(a, b, c, depth, bStep, cStep, accumulate)`: c[mr × nr] = (c +) a · b, where a is a panel
 * [depth][mr], row k of b starts at `b + k·bStep` and rows of c lie `cStep` bytes apart.
 */
function emitTile(m: ModuleBuilder, { mr, nr, relaxed }: TileShape): FunctionRef {
  const params = i32Params('a', 'b', 'c', 'depth', 'bStep', 'cStep', 'accumulate')
  return m.func('tile', params, [], (f, { a, b, c, depth, bStep, cStep, accumulate }) => {
    const vectors = nr / 4
    const sums = Array.from({ length: mr * vectors }, () => f.local('v128'))
    const right = Array.from({ length: vectors }, () => f.local('v128'))
    const left = f.local('v128')
    const end = f.let(i32.add(a, i32.mul(depth, 4 * mr)))
    f.while(i32.ltU(a, end), () => {
      right.forEach((vector, j) => {
        f.set(vector, v128.load(b, 16 * j))
      })
      for (let i = 0; i < mr; i++) {
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
    const store = (value: (sum: Local<'v128'>, j: number) => Expr<'v128'>) => {
      for (let i = 0; i < mr; i++) {
        for (let j = 0; j < vectors; j++) f.emit(v128.store(c, value(sums[i * vectors + j]!, j), 16 * j))
        if (i < mr - 1) f.increment(c, cStep)
      }
    }
    f.if(
      accumulate,
      () => store((sum, j) => f32x4.add(sum, v128.load(c, 16 * j))),
      () => store((sum) => sum),
    )
  })
}

/** Adds or copies `rows` × `columns` of a tile with rows of `nr` floats at `from` to rows `step` bytes apart. */
export function emitSpill(
  f: FunctionBuilder,
  nr: number,
  from: Local<'i32'>,
  to: Local<'i32'>,
  rows: Expr<'i32'>,
  columns: Expr<'i32'>,
  step: Local<'i32'>,
  accumulate: Local<'i32'>,
): void {
  const [i, j, source, target] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  f.loop(i, 0, rows, 1, () => {
    f.set(source, i32.add(from, i32.mul(i, 4 * nr)))
    f.set(target, i32.add(to, i32.mul(i, step)))
    f.loop(j, 0, columns, 1, () => {
      f.if(
        accumulate,
        () => f.emit(f32.store(target, f32.add(f32.load(target), f32.load(source)))),
        () => f.emit(f32.store(target, f32.load(source))),
      )
      f.increment(source, 4)
      f.increment(target, 4)
    })
  })
}

/**
 * `rows(a, b, c, rows, columns, depth, aPanel, bStep, cStep, accumulate, spill)`: all row panels of a
 * times one column panel of b with 1 … nr valid columns. Partial tiles go by way of `spill`, a scratch
 * tile.
 */
function emitRows(m: ModuleBuilder, { mr, nr }: TileShape, tile: FunctionRef): FunctionRef {
  const operands = ['a', 'b', 'c', 'rows', 'columns', 'depth'] as const
  const params = i32Params(...operands, 'aPanel', 'bStep', 'cStep', 'accumulate', 'spill')
  return m.func('rows', params, [], (f, p) => {
    const full = f.let(i32.eq(p.columns, nr))
    const height = f.local('i32')
    f.while(i32.gtS(p.rows, 0), () => {
      f.if(
        i32.and(full, i32.geS(p.rows, mr)),
        () => f.callStatement(tile, p.a, p.b, p.c, p.depth, p.bStep, p.cStep, p.accumulate),
        () => {
          f.callStatement(tile, p.a, p.b, p.spill, p.depth, p.bStep, 4 * nr, 0)
          f.set(height, p.rows)
          f.if(i32.gtS(height, mr), () => f.set(height, mr))
          emitSpill(f, nr, p.spill, p.c, height, p.columns, p.cStep, p.accumulate)
        },
      )
      f.increment(p.a, p.aPanel)
      f.increment(p.c, i32.mul(p.cStep, mr))
      f.increment(p.rows, -mr)
    })
  })
}

/**
 * `block(a, b, c, rows, columns, depth, aPanel, bPanel, bStep, cStep, accumulate, spill)`: all row
 * panels of a times all column panels of b. Panels of b start `bPanel` bytes apart, so that b may be
 * packed, or rows of a matrix in place (which are then read up to nr − 1 floats beyond their end).
 */
function emitBlock(m: ModuleBuilder, { nr }: TileShape, rows: FunctionRef): void {
  const operands = ['a', 'b', 'c', 'rows', 'columns', 'depth'] as const
  const params = i32Params(...operands, 'aPanel', 'bPanel', 'bStep', 'cStep', 'accumulate', 'spill')
  m.func('block', params, [], (f, p) => {
    const width = f.local('i32')
    f.while(i32.gtS(p.columns, 0), () => {
      f.set(width, p.columns)
      f.if(i32.gtS(width, nr), () => f.set(width, nr))
      f.callStatement(
        rows,
        ...[p.a, p.b, p.c, p.rows, width, p.depth, p.aPanel, p.bStep, p.cStep, p.accumulate, p.spill],
      )
      f.increment(p.b, p.bPanel)
      f.increment(p.c, 4 * nr)
      f.increment(p.columns, -nr)
    })
  })
}

/** Defines the functions of a float32 matrix product with one register tile: tile, rows, block, packA, packB. */
export function emitGemm(m: ModuleBuilder, shape: TileShape): GemmFunctions {
  const tile = emitTile(m, shape)
  const rows = emitRows(m, shape, tile)
  emitBlock(m, shape, rows)
  emitPack(m, 'packA', shape.mr)
  emitPack(m, 'packB', shape.nr)
  return { tile, rows }
}
