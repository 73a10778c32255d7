import type { Expr, FunctionBuilder, FunctionRef, I32, Local, Procedure } from '../../asm/index.ts'
import { bulk, by, i32, shuffle32, shuffle64, v128 } from '../../asm/index.ts'
import { transpose4 } from '../../lanes/transpose.ts'
import { noFinish } from '../../product/epilogue.ts'
import type { GemmFunctions } from '../../product/gemm.ts'
import { emitGemm } from '../../product/gemm.ts'
import type { WasmContext } from '../../runtime/kernel.ts'
import type { Functions } from '../../runtime/module.ts'
import { emitOutput } from './output.ts'
import type { LinearMap, TileSize, Transforms } from './transforms.ts'
import { emitSquare, loadXis, storeXis, transforms, winogradTile } from './transforms.ts'

/** Four vectors, lane i from address i: elements 0 … count − 1 (2, 4 or 6) of each, transposed. */
function loadLanes(f: FunctionBuilder, at: readonly Local<'i32'>[], count: number): Expr<'v128'>[] {
  const pair = (offset: number) => {
    const [p, q, r, s] = at.map((address) => v128.load64Zero(address, offset)) as [
      Expr<'v128'>,
      Expr<'v128'>,
      Expr<'v128'>,
      Expr<'v128'>,
    ]
    const low = f.vector(shuffle32(p, q, [0, 4, 1, 5]))
    const high = f.vector(shuffle32(r, s, [0, 4, 1, 5]))
    return [shuffle64(low, high, [0, 2]), shuffle64(low, high, [1, 3])]
  }
  if (count === 2) return pair(0)
  const first = transpose4(
    f,
    at.map((address) => v128.load(address)),
  )
  return count === 4 ? first : [...first, ...pair(16)]
}

/**
 * `name(p0, p1, p2, p3, rowBytes, to, xiStep)`: a map along both axes of four patches of `size`² elements, one
 * per lane, whose rows lie `rowBytes` apart; number ξ = row·n + column of its results goes to `to + ξ·xiStep`.
 */
const emitPatch: Procedure<[size: number, n: number, map: LinearMap]> = (
  f,
  size,
  n,
  map,
  p0,
  p1,
  p2,
  p3,
  rowBytes,
  to,
  xiStep,
) => {
  const pointers = [p0, p1, p2, p3]
  emitSquare(
    f,
    map,
    size,
    (i) => {
      if (i > 0) for (const pointer of pointers) f.add(pointer, rowBytes)
      return loadLanes(f, pointers, size).map((value) => f.vector(value))
    },
    storeXis(f, n, to, xiStep),
  )
}

/**
 * `tiles(to, xiStep, panelStep, planes, channelBytes, rowBytes, table, panels, channels)`: transformed input with
 * tiles along lanes. `table` has 16 bytes per tile, the first word its offset within a plane; ξ of a panel of eight
 * tiles becomes [channels][8].
 */
const emitTiles: Procedure<[patch: FunctionRef]> = (
  f,
  patch,
  to,
  xiStep,
  panelStep,
  planes,
  channelBytes,
  rowBytes,
  table,
  panels,
  channels,
) => {
  const [plane, at] = f.locals('i32', 2)
  const lanes = f.locals('i32', 8)
  f.countdown(panels, 1, [by(to, panelStep), by(table, 128)], () => {
    lanes.forEach((lane, i) => {
      f.set(lane, i32.load(table, 16 * i))
    })
    f.set(plane, planes)
    f.set(at, to)
    f.times(channels, [by(plane, channelBytes), by(at, 32)], () => {
      for (const half of [0, 4]) {
        const pointers = lanes.slice(half, half + 4).map((lane) => i32.add(plane, lane))
        f.run(patch, ...pointers, rowBytes, i32.add(at, 4 * half), xiStep)
      }
    })
  })
}

/**
 * `name(to, xiStep, step, planes, channelBytes, rowBytes, table, tiles)`: transformed patches with four channels
 * along lanes; ξ of a tile lies `step` bytes after that of the tile before.
 */
const emitChannels: Procedure<[patch: FunctionRef]> = (
  f,
  patch,
  to,
  xiStep,
  step,
  planes,
  channelBytes,
  rowBytes,
  table,
  tiles,
) => {
  const at = f.let(0)
  f.countdown(tiles, 1, [by(to, step), by(table, 16)], () => {
    f.set(at, i32.add(planes, i32.load(table)))
    const pointers = [0, 1, 2, 3].map((i) => i32.add(at, i32.mul(channelBytes, i)))
    f.run(patch, ...pointers, rowBytes, to, xiStep)
  })
}

/**
 * `weights(to, xiStep, from, s0, s1, s2, s3, rows, channels)`: transformed weights, by ξ, in panels [channels][mr] of
 * output channels, from weights with any byte strides.
 */
const emitWeights: Procedure<[n: number, map: LinearMap]> = (
  f,
  n,
  map,
  to,
  xiStep,
  from,
  s0,
  s1,
  s2,
  s3,
  rows,
  channels,
) => {
  const last = f.local('i32')
  const store = storeXis(f, n, to, xiStep)
  const lanes = f.locals('i32', winogradTile.mr)
  const read = f.locals('i32', winogradTile.mr)
  f.while(i32.gtS(rows, 0), () => {
    // Lanes beyond the last channel repeat it: nobody reads their products.
    f.set(last, from)
    lanes.forEach((lane, i) => {
      if (i > 0) f.if(i32.gtS(rows, i), () => f.add(last, s0))
      f.set(lane, last)
    })
    f.times(channels, [by(to, 4 * winogradTile.mr)], () => {
      emitSquare(
        f,
        map,
        3,
        (i) => {
          lanes.forEach((lane, l) => {
            f.set(read[l]!, i32.add(lane, i32.mul(s2, i)))
          })
          return [0, 1, 2].map((j) => {
            const tap = f.vector(v128.load32Zero(read[0]!))
            for (let l = 1; l < winogradTile.mr; l++) f.set(tap, v128.load32Lane(read[l]!, tap, l))
            if (j < 2) for (const pointer of read) f.add(pointer, s3)
            return tap
          })
        },
        store,
      )
      for (const lane of lanes) f.add(lane, s1)
    })
    f.add(from, i32.mul(s0, winogradTile.mr))
    f.add(rows, -winogradTile.mr)
  })
}

/** Longest part of a product's sum whose panel of the right factor stays in the first-level cache. */
const depthLimit = 512

/**
 * `product(a, aXi, b, bXi, c, cXi, cPanel, cStep, xis, rows, panels, depth, accumulate)`: for each ξ the product of
 * panels [depth][mr] of a with panels [depth][8] of b, (added) to c, whose rows lie `cStep` bytes and whose panels
 * `cPanel` bytes apart.
 */
const emitProduct: Procedure<[gemm: GemmFunctions]> = (
  f,
  gemm,
  a,
  aXi,
  b,
  bXi,
  c,
  cXi,
  cPanel,
  cStep,
  xis,
  rows,
  panels,
  depth,
  accumulate,
) => {
  const { mr, nr } = winogradTile
  const [at, to, add] = f.locals('i32', 3)
  const aPanel = f.let(i32.mul(depth, 4 * mr))
  const bPanel = f.let(i32.mul(depth, 4 * nr))
  f.countdown(xis, 1, [by(a, aXi), by(b, bXi), by(c, cXi)], () => {
    f.set(at, b)
    f.set(to, c)
    f.times(panels, [by(at, bPanel), by(to, cPanel)], () => {
      f.pieces(depth, depthLimit, [], (deep, k) => {
        f.set(add, i32.or(accumulate, i32.gtS(k, 0)))
        const from: readonly [I32, I32] = [i32.mul(k, 4 * mr), i32.mul(k, 4 * nr)]
        const factors = [i32.add(a, from[0]), i32.add(at, from[1])]
        f.run(gemm.rows, ...factors, to, rows, nr, deep, aPanel, 4 * nr, cStep, add, 0, ...noFinish)
      })
    })
  })
}

/**
 * `reduce(to, outStep, inStep, from, xiStep, rowStep, rows, columns)`: sums over tiles, [rows = output channels ×
 * columns = input channels] for each ξ, to the nine weights of each pair, side by side; pairs lie `outStep` bytes
 * apart by output, `inStep` by input channel.
 */
const emitReduce: Procedure<[n: number, map: LinearMap]> = (
  f,
  n,
  map,
  to,
  outStep,
  inStep,
  from,
  xiStep,
  rowStep,
  rows,
  columns,
) => {
  const [c, at, read, target] = f.locals('i32', 4)
  f.countdown(rows, 1, [by(from, rowStep), by(to, outStep)], () => {
    f.set(read, from)
    f.set(target, to)
    f.loop(c, 0, columns, 4, () => {
      const taps: Local<'v128'>[] = []
      f.set(at, read)
      emitSquare(
        f,
        map,
        n,
        () => loadXis(f, n, at, xiStep),
        (i, j, value) => {
          taps[3 * i + j] = f.vector(value)
        },
      )
      for (let lane = 0; lane < 4; lane++) {
        f.if(i32.gtS(i32.sub(columns, c), lane), () => {
          taps.forEach((tap, i) => {
            f.emit(v128.store32Lane(target, tap, lane, 4 * i))
          })
          f.add(target, inStep)
        })
      }
      f.add(read, 16)
    })
  })
}

const names = ['clear', 'tiles', 'channels', 'gradients', 'weights', 'product', 'output', 'reduce'] as const

export type WinogradKernels = Functions<(typeof names)[number]>

/** All functions of F(m×m, 3×3), in one module. */
export function winogradKernels({ kernels }: WasmContext, size: TileSize): WinogradKernels {
  const n = size + 2
  const maps: Transforms = transforms[size]
  return kernels.all(`winograd${size}`, names, (m) => {
    const gemm = emitGemm(m, winogradTile)
    m.procedure('clear', (f, at, bytes) => f.emit(bulk.fill(at, 0, bytes)))
    const input = m.procedure('inputPatch', emitPatch, n, n, maps.input)
    const gradient = m.procedure('gradientPatch', emitPatch, size, n, maps.outputGradient)
    m.procedure('tiles', emitTiles, input)
    m.procedure('channels', emitChannels, input)
    m.procedure('gradients', emitChannels, gradient)
    m.procedure('weights', emitWeights, n, maps.weight)
    m.procedure('product', emitProduct, gemm)
    m.procedure('output', emitOutput, size, maps.output)
    m.procedure('reduce', emitReduce, n, maps.weightGradient)
  })
}
