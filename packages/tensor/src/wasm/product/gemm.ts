import { times } from '../../times.ts'
import type {
  Expr,
  FunctionBuilder,
  FunctionRef,
  I32,
  Local,
  ModuleBuilder,
  Procedure,
  Tuple,
} from '../asm/index.ts'
import { by, f32, f32x4, i32, v128 } from '../asm/index.ts'
import type { Tile } from '../runtime/tile.ts'
import { emitFinish, emitKind } from './epilogue.ts'
import { emitPack } from './pack.ts'

/** Functions of a GEMM module for other kernels of the same module to call. */
export interface GemmFunctions {
  readonly tile: FunctionRef
  readonly rows: FunctionRef
  readonly block: FunctionRef
  readonly packA: FunctionRef
  readonly packB: FunctionRef
  readonly finish: FunctionRef
}

/** `extent` cut into the fewest equal pieces of at most `limit`: their length, rounded up to `unit`. */
export function pieceOf(extent: number, limit: number, unit: number): number {
  const pieces = Math.ceil(extent / limit)
  return Math.ceil(extent / pieces / unit) * unit
}

/** The sums of a tile, row by row: what {@link emitTile} and {@link emitAddingTile} begin with. */
function emitSums(
  f: FunctionBuilder,
  height: number,
  { mr, nr }: Tile,
  ...[a, b, depth, bStep]: Tuple<Local<'i32'>, 4>
): readonly Local<'v128'>[] {
  const vectors = nr / 4
  const sums = f.vectors(height * vectors)
  const right = f.vectors(vectors)
  const left = f.vector()
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
        f.set(sum, f.madd(left, term, sum))
      }
    }
    f.add(a, 4 * mr)
    f.add(b, bStep)
  })
  return sums
}

/**
 * `name(a, b, c, depth, bStep, cStep, accumulate)`: c[height × nr] = (c +) a · b, where a is a panel
 * [depth][mr] of which the first `height` lanes count, row k of b starts at `b + k·bStep` and rows of c
 * lie `cStep` bytes apart.
 */
export const emitTile: Procedure<[height: number, shape: Tile]> = (
  f,
  height,
  shape,
  a,
  b,
  c,
  depth,
  bStep,
  cStep,
  accumulate,
) => {
  const vectors = shape.nr / 4
  const sums = emitSums(f, height, shape, a, b, depth, bStep)
  const store = (value: (sum: Local<'v128'>, j: number) => Expr<'v128'>) => {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < vectors; j++) f.emit(v128.store(c, value(sums[i * vectors + j]!, j), 16 * j))
      if (i < height - 1) f.add(c, cStep)
    }
  }
  f.if(
    accumulate,
    () => store((sum, j) => f32x4.add(sum, v128.load(c, 16 * j))),
    () => store((sum) => sum),
  )
}

/**
 * `name(a, b, c, depth, bStep, cStep, accumulate, …addends)`: as {@link emitTile}, and then the addends join
 * the sums in registers, one after the other. A function of its own, so that plain tiles carry no part of it.
 */
const emitAddingTile: Procedure<[height: number, shape: Tile]> = (
  f,
  height,
  shape,
  a,
  b,
  c,
  depth,
  bStep,
  cStep,
  accumulate,
  rowBias,
  columnBias,
  toResidual,
) => {
  const vectors = shape.nr / 4
  const sums = emitSums(f, height, shape, a, b, depth, bStep)
  const at = f.local('i32')
  const ofRow = f.vector()
  type Visit = (sum: Local<'v128'>, j: number) => void
  /** Visits the sums row by row, `at` being `start` at the first row and `step` further at each next. */
  const sweep = (start: I32, step: I32, visit: Visit, enter?: () => void) => {
    f.set(at, start)
    for (let i = 0; i < height; i++) {
      enter?.()
      for (let j = 0; j < vectors; j++) visit(sums[i * vectors + j]!, j)
      if (i < height - 1) f.add(at, step)
    }
  }
  const loaded: Visit = (sum, j) => f.set(sum, f32x4.add(sum, v128.load(at, 16 * j)))
  const shifted: Visit = (sum) => f.set(sum, f32x4.add(sum, ofRow))
  f.if(accumulate, () => sweep(c, cStep, loaded))
  f.if(rowBias, () => sweep(rowBias, 4, shifted, () => f.set(ofRow, v128.load32Splat(at))))
  f.if(columnBias, () => sweep(columnBias, 0, loaded))
  f.if(toResidual, () => sweep(i32.add(c, toResidual), cStep, loaded))
  sweep(c, cStep, (sum, j) => f.emit(v128.store(at, sum, 16 * j)))
}

/**
 * Copies `rows` × `columns` of a tile with rows of `nr` floats, from the first column wanted at `from`, to rows `step`
 * bytes apart; adds them where `accumulate`.
 */
export function emitSpill(
  f: FunctionBuilder,
  nr: number,
  ...[from, to, rows, columns, step, accumulate]: Tuple<Local<'i32'>, 6>
): void {
  const [i, source, target] = f.locals('i32', 3)
  f.loop(i, 0, rows, 1, () => {
    f.set(source, i32.add(from, i32.mul(i, 4 * nr)))
    f.set(target, i32.add(to, i32.mul(i, step)))
    f.times(columns, [by(source, 4), by(target, 4)], () => {
      f.if(
        accumulate,
        () => f.emit(f32.store(target, f32.add(f32.load(target), f32.load(source)))),
        () => f.emit(f32.store(target, f32.load(source))),
      )
    })
  })
}

/** Tiles by height: entry h − 1 computes h rows. */
interface Tiles {
  readonly plain: readonly FunctionRef[]
  readonly adding: readonly FunctionRef[]
}

/**
 * `rows(a, b, c, rows, columns, depth, aPanel, bStep, cStep, accumulate, spill, …finish)`: all row panels
 * of a times one column panel of b with 1 … nr valid columns. Tiles with fewer go by way of `spill`, a
 * scratch tile. What the tile itself does not finish is finished next, in the nearest cache.
 */
const emitRows: Procedure<[tile: Tile, tiles: Tiles, finish: FunctionRef]> = (
  f,
  { mr, nr },
  tiles,
  finish,
  a,
  b,
  c,
  rows,
  columns,
  depth,
  aPanel,
  bStep,
  cStep,
  accumulate,
  spill,
  rowBias,
  columnBias,
  toResidual,
  silu,
) => {
  const adds = f.let(i32.or(i32.or(rowBias, columnBias), toResidual))
  const finishes = f.let(i32.or(adds, silu))
  const terms = [rowBias, columnBias, toResidual]
  const step = (advance: Expr<'i32'> | number, height: number, counted: Local<'i32'>) => {
    const plain = tiles.plain[height - 1]!
    const adding = tiles.adding[height - 1]!
    const whole = [a, b, c, depth, bStep, cStep, accumulate] as const
    f.if(
      i32.eq(columns, nr),
      () => {
        f.if(
          adds,
          () => f.run(adding, ...whole, ...terms),
          () => f.run(plain, ...whole),
        )
        f.if(silu, () => f.run(finish, c, height, nr, cStep, ...terms.map(() => 0), 1))
      },
      () => {
        f.run(plain, a, b, spill, depth, bStep, 4 * nr, 0)
        emitSpill(f, nr, spill, c, counted, columns, cStep, accumulate)
        f.if(finishes, () => f.run(finish, c, height, columns, cStep, ...terms, silu))
      },
    )
    f.if(rowBias, () => f.add(rowBias, 4 * mr))
    f.add(a, aPanel)
    f.add(c, i32.mul(cStep, mr))
    f.add(rows, advance)
  }
  const full = f.let(mr)
  f.while(i32.geS(rows, mr), () => step(-mr, mr, full))
  for (let height = mr - 1; height > 0; height--) {
    f.if(i32.eq(rows, height), () => {
      step(0, height, rows)
      f.return()
    })
  }
}

/**
 * `block(a, b, c, rows, columns, depth, aPanel, bPanel, bStep, cStep, accumulate, spill, …finish)`: all
 * row panels of a times all column panels of b. Panels of b start `bPanel` bytes apart, so that b may be
 * packed, or rows of a matrix in place (which are then read up to nr − 1 floats beyond their end).
 */
const emitBlock: Procedure<[tile: Tile, inner: FunctionRef]> = (
  f,
  { nr },
  inner,
  a,
  b,
  c,
  rows,
  columns,
  depth,
  aPanel,
  bPanel,
  bStep,
  cStep,
  accumulate,
  spill,
  rowBias,
  columnBias,
  toResidual,
  silu,
) => {
  f.pieces(columns, nr, [by(b, bPanel), by(c, 4 * nr)], (width) => {
    const sizes = [rows, width, depth]
    const finish = [rowBias, columnBias, toResidual, silu]
    const places = [aPanel, bStep, cStep, accumulate, spill]
    f.run(inner, a, b, c, ...sizes, ...places, ...finish)
    f.if(columnBias, () => f.add(columnBias, 4 * nr))
  })
}

/**
 * Defines the functions of a float32 matrix product with one register tile: `rows`, `block`, `packA`,
 * `packB`, `finish`, and by height `tile1` … `tile<mr>` and `adding1` … `adding<mr>`.
 */
export function emitGemm(m: ModuleBuilder, shape: Tile): GemmFunctions {
  const heights = times(shape.mr, (i) => i + 1)
  const plain = heights.map((height) => m.procedure(`tile${height}`, emitTile, height, shape))
  const adding = heights.map((height) => m.procedure(`adding${height}`, emitAddingTile, height, shape))
  const plainFinish = m.procedure('addends', emitKind, false)
  const finish = m.procedure('finish', emitFinish, plainFinish, m.procedure('activated', emitKind, true))
  const rows = m.procedure('rows', emitRows, shape, { plain, adding }, finish)
  const block = m.procedure('block', emitBlock, shape, rows)
  const packA = m.procedure('packA', emitPack, shape.mr)
  const packB = m.procedure('packB', emitPack, shape.nr)
  return { tile: plain[shape.mr - 1]!, rows, block, packA, packB, finish }
}
