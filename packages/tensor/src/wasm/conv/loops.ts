import type { FunctionRef, Procedure } from '../asm/index.ts'
import { by, i32 } from '../asm/index.ts'
import { noFinish } from '../product/epilogue.ts'
import type { GemmFunctions } from '../product/gemm.ts'
import { emitGemm, emitSpill } from '../product/gemm.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import type { Functions } from '../runtime/module.ts'
import type { Tile } from '../runtime/tile.ts'
import { emitColumns, emitPackIndexed, emitPanel, emitPixels } from './pack.ts'

/**
 * `forward(a, rows, depth, piece, offsets, base, pixels, count, imagePixels, out, channelStep, imageStep, panel,
 * spill, …finish)`: packed weights times the panels of all `count` pixels. Results of one image lie
 * `channelStep` bytes apart by channel; images `imageStep` apart. Rows are channels.
 */
const emitForward: Procedure<[tile: Tile, gemm: GemmFunctions, packPanel: FunctionRef]> = (
  f,
  { mr, nr },
  gemm,
  packPanel,
  a,
  rows,
  depth,
  piece,
  offsets,
  base,
  pixels,
  count,
  imagePixels,
  out,
  channelStep,
  imageStep,
  panel,
  spill,
  rowBias,
  columnBias,
  toResidual,
  silu,
) => {
  const [pixel, accumulate, last, left] = f.locals('i32', 4)
  const aPanel = f.let(i32.mul(depth, 4 * mr))
  f.pieces(count, nr, [by(pixels, 4 * nr)], (width) => {
    f.pieces(depth, piece, [], (deep, k) => {
      f.set(accumulate, i32.gtS(k, 0))
      f.set(last, i32.eq(i32.add(k, deep), depth))
      const finish = [rowBias, columnBias, toResidual, silu].map((each) => i32.mul(each, last))
      f.set(left, i32.add(a, i32.mul(k, 4 * mr)))
      f.run(packPanel, panel, base, pixels, i32.add(offsets, i32.shl(k, 2)), deep)
      /** A panel whose pixels belong to several images: tiles go to the spill and are dealt out from there. */
      const acrossImages = () => {
        const [columns, done, start, image, from, to] = f.locals('i32', 6)
        const bias = f.let(rowBias)
        const finishes = f.let(i32.and(last, i32.ne(i32.or(i32.or(rowBias, toResidual), silu), 0)))
        f.pieces(rows, mr, [by(left, aPanel)], (height, row) => {
          f.run(gemm.tile, left, panel, spill, deep, 4 * nr, 4 * nr, 0)
          f.set(image, i32.add(out, i32.mul(row, channelStep)))
          f.set(start, pixel)
          f.set(done, 0)
          f.while(i32.ltS(done, width), () => {
            f.setLeast(columns, i32.sub(imagePixels, start), i32.sub(width, done))
            f.set(from, i32.add(spill, i32.shl(done, 2)))
            f.set(to, i32.add(image, i32.shl(start, 2)))
            emitSpill(f, nr, from, to, height, columns, channelStep, accumulate)
            f.if(finishes, () =>
              f.run(gemm.finish, to, height, columns, channelStep, bias, 0, toResidual, silu),
            )
            f.add(done, columns)
            f.set(start, 0)
            f.add(image, imageStep)
          })
          f.if(bias, () => f.add(bias, 4 * mr))
        })
      }
      f.if(
        i32.leS(i32.add(pixel, width), imagePixels),
        () => {
          const target = i32.add(out, i32.shl(pixel, 2))
          const strides = [aPanel, 4 * nr, channelStep, accumulate, spill]
          f.run(gemm.rows, left, panel, target, rows, width, deep, ...strides, ...finish)
        },
        acrossImages,
      )
    })
    f.add(pixel, nr)
    f.while(i32.geS(pixel, imagePixels), () => {
      f.set(pixel, i32.sub(pixel, imagePixels))
      f.add(out, imageStep)
    })
  })
}

/**
 * `weightGradient(a, rows, depth, base, pixels, columns, offsets, c, cStep, panel, spill)`: the product over `depth`
 * pixels of packed output gradients with inputs at `base + pixel + offsets[column]`, added to c [rows × columns],
 * whose rows lie `cStep` bytes apart.
 */
const emitWeightGradient: Procedure<[tile: Tile, gemm: GemmFunctions, packColumns: FunctionRef]> = (
  f,
  { mr, nr },
  gemm,
  packColumns,
  a,
  rows,
  depth,
  base,
  pixels,
  columns,
  offsets,
  c,
  cStep,
  panel,
  spill,
) => {
  const aPanel = f.let(i32.mul(depth, 4 * mr))
  f.pieces(columns, nr, [by(offsets, 4 * nr), by(c, 4 * nr)], (width) => {
    f.run(packColumns, panel, base, pixels, offsets, depth)
    const rest = [depth, aPanel, 4 * nr, cStep, 1, spill, ...noFinish]
    f.run(gemm.rows, a, panel, c, rows, width, ...rest)
  })
}

const names = ['pixels', 'packA', 'packIndexed', 'forward', 'weightGradient', 'finish'] as const

export type ConvKernels = Functions<(typeof names)[number]>

/** All functions of convolutions, in one module. */
export function convKernels({ kernels, tiles }: WasmContext): ConvKernels {
  const { tile } = tiles
  return kernels.all(`conv ${tile.mr}×${tile.nr}`, names, (m) => {
    const gemm = emitGemm(m, tile)
    m.procedure('pixels', emitPixels, tile.nr)
    m.procedure('packIndexed', emitPackIndexed, tile)
    m.procedure('forward', emitForward, tile, gemm, m.procedure('panel', emitPanel, tile.nr))
    m.procedure(
      'weightGradient',
      emitWeightGradient,
      tile,
      gemm,
      m.procedure('columns', emitColumns, tile.nr),
    )
  })
}
