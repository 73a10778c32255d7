import { sizeOf } from '../../shape.ts'
import type { FunctionBuilder, I32, Local, ModuleBuilder } from '../asm/index.ts'
import { i32, i32Params } from '../asm/index.ts'
import { finishParams, noFinishArgs } from '../product/epilogue.ts'
import type { GemmFunctions, Spill, TileShape } from '../product/gemm.ts'
import { emitGemm, emitSpill } from '../product/gemm.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import type { Functions } from '../runtime/module.ts'
import { cut } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { emitColumns, emitCopy, emitPackIndexed, emitPanel, emitPixels } from './pack.ts'

/**
 * `forward(a, rows, depth, piece, offsets, base, pixels, count, imagePixels, out, channelStep, imageStep, panel,
 * spill, …finish)`: packed weights times the panels of all `count` pixels. Results of one image lie
 * `channelStep` bytes apart by channel; images `imageStep` apart. Rows are channels.
 */
function emitForward(m: ModuleBuilder, { mr, nr }: TileShape, gemm: GemmFunctions): void {
  const packPanel = emitPanel(m, nr)
  const sizes = ['a', 'rows', 'depth', 'piece', 'offsets', 'base', 'pixels', 'count', 'imagePixels'] as const
  const places = ['out', 'channelStep', 'imageStep', 'panel', 'spill'] as const
  const params = i32Params(...sizes, ...places, ...finishParams)
  m.func('forward', params, [], (f, p) => {
    const [pixel, width, k, deep, accumulate, left] = f.locals('i32', 6)
    const [last, aPanel] = [f.let(0), f.let(i32.mul(p.depth, 4 * mr))]
    const min = (to: Local<'i32'>, a: Local<'i32'>, b: I32) => {
      f.set(to, a)
      f.if(i32.gtS(to, b), () => f.set(to, b))
    }
    f.while(i32.gtS(p.count, 0), () => {
      min(width, p.count, nr)
      f.loop(k, 0, p.depth, p.piece, () => {
        f.set(deep, i32.sub(p.depth, k))
        min(deep, deep, p.piece)
        f.set(accumulate, i32.gtS(k, 0))
        f.set(last, i32.eq(i32.add(k, deep), p.depth))
        const finish = finishParams.map((name) => i32.mul(p[name], last))
        f.set(left, i32.add(p.a, i32.mul(k, 4 * mr)))
        f.callStatement(packPanel, p.panel, p.base, p.pixels, i32.add(p.offsets, i32.shl(k, 2)), deep)
        f.if(
          i32.leS(i32.add(pixel, width), p.imagePixels),
          () => {
            const target = i32.add(p.out, i32.shl(pixel, 2))
            const strides = [aPanel, 4 * nr, p.channelStep, accumulate, p.spill]
            f.callStatement(gemm.rows, left, p.panel, target, p.rows, width, deep, ...strides, ...finish)
          },
          () =>
            acrossImages(f, gemm, { mr, nr }, { ...p, pixel, width, deep, accumulate, last, left, aPanel }),
        )
      })
      f.increment(pixel, nr)
      f.while(i32.geS(pixel, p.imagePixels), () => {
        f.set(pixel, i32.sub(pixel, p.imagePixels))
        f.increment(p.out, p.imageStep)
      })
      f.increment(p.pixels, 4 * nr)
      f.increment(p.count, -nr)
    })
  })
}

type FinishLocals = { readonly [K in (typeof finishParams)[number]]: Local<'i32'> }

interface Across extends Pick<Spill, 'accumulate'>, FinishLocals {
  /** Whether this is the last piece of the depth. */
  readonly last: Local<'i32'>
  readonly rows: Local<'i32'>
  readonly width: Local<'i32'>
  readonly deep: Local<'i32'>
  readonly left: Local<'i32'>
  readonly aPanel: Local<'i32'>
  readonly panel: Local<'i32'>
  readonly spill: Local<'i32'>
  readonly out: Local<'i32'>
  readonly pixel: Local<'i32'>
  readonly imagePixels: Local<'i32'>
  readonly channelStep: Local<'i32'>
  readonly imageStep: Local<'i32'>
}

/** A panel whose pixels belong to several images: tiles go to the spill and are dealt out from there. */
function acrossImages(
  f: FunctionBuilder,
  { tile, finish }: GemmFunctions,
  { mr, nr }: Tile,
  p: Across,
): void {
  const [row, rows, columns, done] = f.locals('i32', 4)
  const [start, image, from, to] = f.locals('i32', 4)
  const [left, bias] = [f.let(p.left), f.let(p.rowBias)]
  const finishes = f.let(i32.and(p.last, i32.ne(i32.or(i32.or(p.rowBias, p.toResidual), p.silu), 0)))
  f.loop(row, 0, p.rows, mr, () => {
    f.callStatement(tile, left, p.panel, p.spill, p.deep, 4 * nr, 4 * nr, 0)
    f.increment(left, p.aPanel)
    f.set(rows, i32.sub(p.rows, row))
    f.if(i32.gtS(rows, mr), () => f.set(rows, mr))
    f.set(image, i32.add(p.out, i32.mul(row, p.channelStep)))
    f.set(start, p.pixel)
    f.set(done, 0)
    f.while(i32.ltS(done, p.width), () => {
      f.set(columns, i32.sub(p.imagePixels, start))
      f.if(i32.gtS(columns, i32.sub(p.width, done)), () => f.set(columns, i32.sub(p.width, done)))
      f.set(from, i32.add(p.spill, i32.shl(done, 2)))
      f.set(to, i32.add(image, i32.shl(start, 2)))
      emitSpill(f, nr, { from, to, rows, columns, step: p.channelStep, accumulate: p.accumulate })
      f.if(finishes, () =>
        f.callStatement(finish, to, rows, columns, p.channelStep, bias, 0, p.toResidual, p.silu),
      )
      f.increment(done, columns)
      f.set(start, 0)
      f.increment(image, p.imageStep)
    })
    f.if(bias, () => f.increment(bias, 4 * mr))
  })
}

/**
 * `weightGradient(a, rows, depth, base, pixels, columns, offsets, c, cStep, panel, spill)`: the product over `depth`
 * pixels of packed output gradients with inputs at `base + pixel + offsets[column]`, added to c [rows × columns],
 * whose rows lie `cStep` bytes apart.
 */
function emitWeightGradient(m: ModuleBuilder, { mr, nr }: TileShape, { rows }: GemmFunctions): void {
  const packColumns = emitColumns(m, nr)
  const sizes = ['a', 'rows', 'depth', 'base', 'pixels', 'columns', 'offsets'] as const
  const params = i32Params(...sizes, 'c', 'cStep', 'panel', 'spill')
  m.func('weightGradient', params, [], (f, p) => {
    const aPanel = f.let(i32.mul(p.depth, 4 * mr))
    const width = f.let(0)
    f.while(i32.gtS(p.columns, 0), () => {
      f.set(width, p.columns)
      f.if(i32.gtS(width, nr), () => f.set(width, nr))
      f.callStatement(packColumns, p.panel, p.base, p.pixels, p.offsets, p.depth)
      const rest = [p.depth, aPanel, 4 * nr, p.cStep, 1, p.spill, ...noFinishArgs]
      f.callStatement(rows, p.a, p.panel, p.c, p.rows, width, ...rest)
      f.increment(p.offsets, 4 * nr)
      f.increment(p.c, 4 * nr)
      f.increment(p.columns, -nr)
    })
  })
}

const names = ['copy', 'pixels', 'packA', 'packIndexed', 'forward', 'weightGradient', 'finish'] as const

export type ConvKernels = Functions<(typeof names)[number]>

/** All functions of convolutions, in one module. */
export function convKernels({ kernels, relaxedSimd: relaxed, tiles }: WasmContext): ConvKernels {
  const { tile } = tiles
  const key = `conv ${tile.mr}×${tile.nr}`
  return kernels.all(relaxed ? `${key}+` : key, names, (m) => {
    const shape = { ...tile, relaxed }
    const gemm = emitGemm(m, shape)
    emitCopy(m)
    emitPixels(m, shape.nr)
    emitPackIndexed(m, shape)
    emitForward(m, shape, gemm)
    emitWeightGradient(m, shape, gemm)
  })
}

type Four = readonly [number, number, number, number]

/** A float32 array of four axes in wasm memory, strides in bytes. */
export interface Strided {
  readonly at: number
  readonly steps: Four
}

/** Rough, in nanoseconds. */
const copyTime = 0.3

/** Copies `extents` elements from one layout to another. */
export function copyStrided(
  { threads }: Pick<WasmContext, 'threads'>,
  kernels: ConvKernels,
  to: Strided,
  from: Strided,
  extents: Four,
): void {
  const [n0, n1, ...rest] = extents
  const parts = threads.parts(copyTime * sizeOf(extents), Math.max(n0, n1))
  const outer = n0 >= parts || n0 > n1
  const tasks = cut(outer ? n0 : n1, parts).map((range) => {
    const length = range.to - range.from
    const start = ({ at, steps }: Strided) => [at + range.from * steps[outer ? 0 : 1], ...steps]
    const sizes = outer ? [length, n1, ...rest] : [n0, length, ...rest]
    return [{ run: kernels.copy, args: [...start(to), ...start(from), ...sizes] }]
  })
  threads.run(tasks)
}
