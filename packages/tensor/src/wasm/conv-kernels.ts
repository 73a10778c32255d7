import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from './asm.ts'
import { f32, i32, i32Params, i32x4, v128 } from './asm.ts'
import type { GemmFunctions, TileShape } from './gemm.ts'
import { emitSpill } from './gemm.ts'
import { transpose4 } from './gemm-pack.ts'

type I = Local<'i32'>

/** `pixels(to, at, images, rows, columns, imageStep, rowStep)`: table of the addresses of outputs' first reads. */
export function emitPixels(m: ModuleBuilder): void {
  const params = i32Params('to', 'at', 'images', 'rows', 'columns', 'imageStep', 'rowStep')
  m.func('pixels', params, [], (f, p) => {
    const [n, r, c, row, at] = [f.let(0), f.let(0), f.let(0), f.let(0), f.let(0)]
    f.loop(n, 0, p.images, 1, () => {
      f.set(row, p.at)
      f.loop(r, 0, p.rows, 1, () => {
        f.set(at, row)
        f.loop(c, 0, p.columns, 1, () => {
          f.emit(i32.store(p.to, at))
          f.increment(p.to, 4)
          f.increment(at, 4)
        })
        f.increment(row, p.rowStep)
      })
      f.increment(p.at, p.imageStep)
    })
    // A last group that is not full reads somewhere valid.
    f.increment(at, -4)
    for (let i = 0; i < 8; i++) f.emit(i32.store(p.to, at, 4 * i))
  })
}

/**
 * `packIndexed(to, from, count, depth, across, offsets)`: like packA, where element (i, k) lies at
 * `from + i·across + offsets[k]`.
 */
export function emitPackIndexed(m: ModuleBuilder, { mr }: TileShape): void {
  const params = i32Params('to', 'from', 'count', 'depth', 'across', 'offsets')
  m.func('packIndexed', params, [], (f, p) => {
    const lanes = Array.from({ length: mr }, () => f.local('i32'))
    const [k, offset] = [f.let(0), f.let(0)]
    f.while(i32.gtS(p.count, 0), () => {
      lanes.forEach((lane, i) => {
        f.set(lane, i === 0 ? p.from : i32.add(lanes[i - 1]!, p.across))
      })
      f.loop(k, 0, p.depth, 1, () => {
        f.set(offset, i32.load(i32.add(p.offsets, i32.shl(k, 2))))
        lanes.forEach((lane, i) => {
          const copy = () => f.emit(f32.store(p.to, f32.load(i32.add(lane, offset)), 4 * i))
          if (i === 0) copy()
          else f.if(i32.gtS(p.count, i), copy, () => f.emit(f32.store(p.to, 0, 4 * i)))
        })
        f.increment(p.to, 4 * mr)
      })
      f.increment(p.from, i32.mul(p.across, mr))
      f.increment(p.count, -mr)
    })
  })
}

/**
 * Packs one panel of eight output pixels: row k holds the inputs at `pixel + offsets[k]`. Pixels that
 * follow each other in memory are loaded as vectors; at a row's or image's end two runs are blended.
 */
function emitPanel(m: ModuleBuilder): FunctionRef {
  return m.func('panel', i32Params('to', 'pixels', 'offsets', 'depth'), [], (f, { to, pixels, offsets, depth }) => {
    const lanes = Array.from({ length: 8 }, (_, i) => f.local('i32', i32.load(pixels, 4 * i)))
    const [first, last] = [lanes[0]!, lanes[7]!]
    const end = f.let(i32.add(offsets, i32.shl(depth, 2)))
    const jump = f.let(i32.sub(i32.sub(last, first), 28))
    const distance = (at: number) =>
      f.local('v128', i32x4.sub(i32x4.sub(v128.load(pixels, 4 * at), i32x4.splat(first)), i32x4.lanes(4 * at, 4 * at + 4, 4 * at + 8, 4 * at + 12)))
    const [near, far] = [distance(0), distance(4)]
    const source = f.local('i32')
    const eachRow = (body: () => void) =>
      f.while(i32.ltU(offsets, end), () => {
        body()
        f.increment(to, 32)
        f.increment(offsets, 4)
      })
    f.if(i32.eqz(v128.anyTrue(v128.or(near, far))), () => {
      eachRow(() => {
        f.set(source, i32.add(first, i32.load(offsets)))
        f.emit(v128.store(to, v128.load(source)), v128.store(to, v128.load(source, 16), 16))
      })
      f.return()
    })
    const isFar = f.local('v128', i32x4.splat(jump))
    const masks = [near, far].map((d) => f.local('v128', i32x4.eq(d, isFar)))
    const [nearMask, farMask] = masks as [Local<'v128'>, Local<'v128'>]
    const inRun = (d: Local<'v128'>, mask: Local<'v128'>) => v128.or(mask, i32x4.eq(d, v128.zero()))
    f.if(i32x4.allTrue(v128.and(inRun(near, nearMask), inRun(far, farMask))), () => {
      const second = f.local('i32')
      eachRow(() => {
        f.set(source, i32.add(first, i32.load(offsets)))
        f.set(second, i32.add(source, jump))
        f.emit(v128.store(to, v128.bitselect(v128.load(second), v128.load(source), nearMask)))
        f.emit(v128.store(to, v128.bitselect(v128.load(second, 16), v128.load(source, 16), farMask), 16))
      })
      f.return()
    })
    eachRow(() => {
      f.set(source, i32.load(offsets))
      lanes.forEach((lane, i) => {
        f.emit(f32.store(to, f32.load(i32.add(lane, source)), 4 * i))
      })
    })
  })
}

/**
 * `forward(a, rows, depth, piece, offsets, pixels, count, imagePixels, out, channelStep, imageStep, panel,
 * spill)`: packed weights times the panels of all `count` pixels. Results of one image lie `channelStep`
 * bytes apart by channel; images `imageStep` apart.
 */
export function emitForward(m: ModuleBuilder, { mr, nr }: TileShape, { tile, rows }: GemmFunctions): void {
  const packPanel = emitPanel(m)
  const params = i32Params(
    ...(['a', 'rows', 'depth', 'piece', 'offsets', 'pixels', 'count', 'imagePixels'] as const),
    ...(['out', 'channelStep', 'imageStep', 'panel', 'spill'] as const),
  )
  m.func('forward', params, [], (f, p) => {
    const [pixel, width, k, deep, accumulate, left] = [f.let(0), f.let(0), f.let(0), f.let(0), f.let(0), f.let(0)]
    const aPanel = f.let(i32.mul(p.depth, 4 * mr))
    const min = (to: I, a: I, b: I | number) => {
      f.set(to, a)
      f.if(i32.gtS(to, b), () => f.set(to, b))
    }
    f.while(i32.gtS(p.count, 0), () => {
      min(width, p.count, nr)
      f.loop(k, 0, p.depth, p.piece, () => {
        f.set(deep, i32.sub(p.depth, k))
        min(deep, deep, p.piece)
        f.set(accumulate, i32.gtS(k, 0))
        f.set(left, i32.add(p.a, i32.mul(k, 4 * mr)))
        f.callStatement(packPanel, p.panel, p.pixels, i32.add(p.offsets, i32.shl(k, 2)), deep)
        f.if(
          i32.leS(i32.add(pixel, width), p.imagePixels),
          () => {
            const target = i32.add(p.out, i32.shl(pixel, 2))
            const strides = [aPanel, 4 * nr, p.channelStep, accumulate, p.spill]
            f.callStatement(rows, left, p.panel, target, p.rows, width, deep, ...strides)
          },
          () => acrossImages(f, { ...p, pixel, width, deep, accumulate, left, aPanel }, mr, nr, tile),
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

interface Across {
  readonly [name: string]: I
}

/** A panel whose pixels belong to several images: tiles go to the spill and are dealt out from there. */
function acrossImages(f: FunctionBuilder, p: Across & Record<'accumulate' | 'spill', I>, mr: number, nr: number, tile: FunctionRef): void {
  const [row, height, part, left] = [f.let(0), f.let(0), f.let(0), f.let(p['left']!)]
  const [done, start, target, source] = [f.let(0), f.let(0), f.let(0), f.let(0)]
  f.loop(row, 0, p['rows']!, mr, () => {
    f.callStatement(tile, left, p['panel']!, p.spill, p['deep']!, 4 * nr, 4 * nr, 0)
    f.increment(left, p['aPanel']!)
    f.set(height, i32.sub(p['rows']!, row))
    f.if(i32.gtS(height, mr), () => f.set(height, mr))
    f.set(target, i32.add(p['out']!, i32.mul(row, p['channelStep']!)))
    f.set(start, p['pixel']!)
    f.set(done, 0)
    f.while(i32.ltS(done, p['width']!), () => {
      f.set(part, i32.sub(p['imagePixels']!, start))
      f.if(i32.gtS(part, i32.sub(p['width']!, done)), () => f.set(part, i32.sub(p['width']!, done)))
      f.set(source, i32.add(p.spill, i32.shl(done, 2)))
      const to = f.let(i32.add(target, i32.shl(start, 2)))
      emitSpill(f, nr, source, to, height, part, p['channelStep']!, p.accumulate)
      f.increment(done, part)
      f.set(start, 0)
      f.increment(target, p['imageStep']!)
    })
  })
}

/**
 * `weightGradient(a, rows, depth, pixels, columns, offsets, c, panel, spill)`: the product over `depth`
 * pixels of packed output gradients with inputs at `pixel + offsets[column]`, added to c [rows × columns].
 */
export function emitWeightGradient(m: ModuleBuilder, { mr, nr }: TileShape, { rows }: GemmFunctions): void {
  const packColumns = emitColumns(m)
  const params = i32Params('a', 'rows', 'depth', 'pixels', 'columns', 'offsets', 'c', 'panel', 'spill')
  m.func('weightGradient', params, [], (f, p) => {
    const aPanel = f.let(i32.mul(p.depth, 4 * mr))
    const cStep = f.let(i32.shl(p.columns, 2))
    const width = f.let(0)
    f.while(i32.gtS(p.columns, 0), () => {
      f.set(width, p.columns)
      f.if(i32.gtS(width, nr), () => f.set(width, nr))
      f.callStatement(packColumns, p.panel, p.pixels, p.offsets, p.depth)
      f.callStatement(rows, p.a, p.panel, p.c, p.rows, width, p.depth, aPanel, 4 * nr, cStep, 1, p.spill)
      f.increment(p.offsets, 4 * nr)
      f.increment(p.c, 4 * nr)
      f.increment(p.columns, -nr)
    })
  })
}

/** Packs a panel of eight columns: row k holds the inputs at `pixels[k] + offsets[0 … 7]`. */
function emitColumns(m: ModuleBuilder): FunctionRef {
  return m.func('columns', i32Params('to', 'pixels', 'offsets', 'depth'), [], (f, { to, pixels, offsets, depth }) => {
    const columns = Array.from({ length: 8 }, (_, i) => f.local('i32', i32.load(offsets, 4 * i)))
    const [k, pixel] = [f.let(0), f.let(0)]
    const scalarRow = (at: number) => {
      f.set(pixel, i32.load(pixels, 4 * at))
      columns.forEach((column, i) => {
        f.emit(f32.store(to, f32.load(i32.add(pixel, column)), 32 * at + 4 * i))
      })
    }
    f.loop(k, 0, i32.sub(depth, 3), 4, () => {
      f.set(pixel, i32.load(pixels))
      f.if(
        i32.eq(i32.sub(i32.load(pixels, 12), pixel), 12),
        () => {
          for (const half of [0, 4]) {
            const rows = columns.slice(half, half + 4).map((column) => v128.load(i32.add(pixel, column)))
            transpose4(f, rows).forEach((row, i) => {
              f.emit(v128.store(to, row, 32 * i + 4 * half))
            })
          }
        },
        () => {
          for (let i = 0; i < 4; i++) scalarRow(i)
        },
      )
      f.increment(to, 128)
      f.increment(pixels, 16)
    })
    f.loop(k, k, depth, 1, () => {
      scalarRow(0)
      f.increment(to, 32)
      f.increment(pixels, 4)
    })
  })
}

/**
 * `copy(to, t0, t1, t2, t3, from, f0, f1, f2, f3, n0, n1, n2, n3)`: copies n0 × n1 × n2 × n3 float32
 * between two layouts given by byte strides.
 */
export function emitCopy(m: ModuleBuilder): void {
  const params = i32Params(
    ...(['to', 't0', 't1', 't2', 't3', 'from', 'f0', 'f1', 'f2', 'f3', 'n0', 'n1', 'n2', 'n3'] as const),
  )
  m.func('copy', params, [], (f, p) => {
    const [i0, i1, i2, i3] = [f.let(0), f.let(0), f.let(0), f.let(0)]
    const [a1, b1, a2, b2, a, b] = [f.let(0), f.let(0), f.let(0), f.let(0), f.let(0), f.let(0)]
    const dense = f.let(i32.and(i32.eq(p.t3, 4), i32.eq(p.f3, 4)))
    f.loop(i0, 0, p.n0, 1, () => {
      f.set(a1, p.to)
      f.set(b1, p.from)
      f.loop(i1, 0, p.n1, 1, () => {
        f.set(a2, a1)
        f.set(b2, b1)
        f.loop(i2, 0, p.n2, 1, () => {
          f.set(a, a2)
          f.set(b, b2)
          f.set(i3, 0)
          f.if(dense, () => {
            f.loop(i3, 0, i32.sub(p.n3, 3), 4, () => {
              f.emit(v128.store(a, v128.load(b)))
              f.increment(a, 16)
              f.increment(b, 16)
            })
          })
          f.loop(i3, i3, p.n3, 1, () => {
            f.emit(f32.store(a, f32.load(b)))
            f.increment(a, p.t3)
            f.increment(b, p.f3)
          })
          f.increment(a2, p.t2)
          f.increment(b2, p.f2)
        })
        f.increment(a1, p.t1)
        f.increment(b1, p.f1)
      })
      f.increment(p.to, p.t0)
      f.increment(p.from, p.f0)
    })
  })
}
