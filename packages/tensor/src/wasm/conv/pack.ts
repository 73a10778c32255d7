import { times } from '../../times.ts'
import type { Expr, Procedure } from '../asm/index.ts'
import { by, f32, i32, i32x4, v128 } from '../asm/index.ts'
import { transpose4 } from '../lanes/transpose.ts'
import type { Tile } from '../runtime/tile.ts'

/**
 * `pixels(to, images, rows, columns, imageStep, rowStep)`: table of where outputs' first reads lie, in bytes from
 * the first one. Offsets rather than addresses, which may have 64 bits.
 */
export const emitPixels: Procedure<[nr: number]> = (f, nr, to, images, rows, columns, imageStep, rowStep) => {
  const [image, row, at] = f.locals('i32', 3)
  f.times(images, [by(image, imageStep)], () => {
    f.set(row, image)
    f.times(rows, [by(row, rowStep)], () => {
      f.set(at, row)
      f.times(columns, [by(to, 4), by(at, 4)], () => {
        f.emit(i32.store(to, at))
      })
    })
  })
  // A last group that is not full reads somewhere valid.
  f.add(at, -4)
  for (let i = 0; i < nr; i++) f.emit(i32.store(to, at, 4 * i))
}

/**
 * `packIndexed(to, from, count, depth, across, offsets)`: like packA, where element (i, k) lies at
 * `from + i·across + offsets[k]`.
 */
export const emitPackIndexed: Procedure<[tile: Tile]> = (
  f,
  { mr },
  to,
  from,
  count,
  depth,
  across,
  offsets,
) => {
  const lanes = f.locals('i32', mr)
  const [k, offset] = f.locals('i32', 2)
  f.while(i32.gtS(count, 0), () => {
    f.spread(lanes, from, across)
    f.loop(k, 0, depth, 1, () => {
      f.set(offset, i32.load(i32.add(offsets, i32.shl(k, 2))))
      lanes.forEach((lane, i) => {
        const copy = () => f.emit(f32.store(to, f32.load(i32.add(lane, offset)), 4 * i))
        if (i === 0) copy()
        else f.if(i32.gtS(count, i), copy, () => f.emit(f32.store(to, 0, 4 * i)))
      })
      f.add(to, 4 * mr)
    })
    f.add(from, i32.mul(across, mr))
    f.add(count, -mr)
  })
}

/**
 * Packs one panel of `nr` output pixels: row k holds the inputs at `base + pixel + offsets[k]`. Pixels that
 * follow each other in memory are loaded as vectors; at a row's or image's end two runs are blended.
 */
export const emitPanel: Procedure<[nr: number]> = (f, nr, to, base, pixels, offsets, depth) => {
  const lanes = times(nr, (i) => f.local('i32', i32.add(base, i32.load(pixels, 4 * i))))
  const first = lanes[0]!
  const last = lanes[nr - 1]!
  const end = f.let(i32.add(offsets, i32.shl(depth, 2)))
  const jump = f.let(i32.sub(i32.sub(last, first), 4 * (nr - 1)))
  // How far each pixel lies from where it would be if all followed each other: 0, or the jump.
  const away = (byte: number) => {
    const from = i32x4.sub(v128.load(pixels, byte), v128.load32Splat(pixels))
    return f.vector(i32x4.sub(from, i32x4.lanes(byte, byte + 4, byte + 8, byte + 12)))
  }
  const vectors = times(nr / 4, (j) => j)
  const distances: readonly Expr<'v128'>[] = vectors.map((j) => away(16 * j))
  const source = f.local('i32')
  const eachRow = (body: () => void) =>
    f.while(i32.ltU(offsets, end), () => {
      body()
      f.add(to, 4 * nr)
      f.add(offsets, 4)
    })
  f.if(i32.eqz(v128.anyTrue(distances.reduce((a, b) => v128.or(a, b)))), () => {
    eachRow(() => {
      f.set(source, i32.add(first, i32.load(offsets)))
      for (const j of vectors) f.emit(v128.store(to, v128.load(source, 16 * j), 16 * j))
    })
    f.return()
  })
  const isFar = f.vector(i32x4.splat(jump))
  const masks = distances.map((distance) => f.vector(i32x4.eq(distance, isFar)))
  const inRuns = distances.map((d, j) => v128.or(masks[j]!, i32x4.eq(d, v128.zero())))
  f.if(i32x4.allTrue(inRuns.reduce((a, b) => v128.and(a, b))), () => {
    const second = f.local('i32')
    eachRow(() => {
      f.set(source, i32.add(first, i32.load(offsets)))
      f.set(second, i32.add(source, jump))
      masks.forEach((mask, j) => {
        const blend = v128.bitselect(v128.load(second, 16 * j), v128.load(source, 16 * j), mask)
        f.emit(v128.store(to, blend, 16 * j))
      })
    })
    f.return()
  })
  eachRow(() => {
    f.set(source, i32.load(offsets))
    lanes.forEach((lane, i) => {
      f.emit(f32.store(to, f32.load(i32.add(lane, source)), 4 * i))
    })
  })
}

/** Packs a panel of `nr` columns: row k holds the inputs at `base + pixels[k] + offsets[0 … nr − 1]`. */
export const emitColumns: Procedure<[nr: number]> = (f, nr, to, base, pixels, offsets, depth) => {
  const columns = times(nr, (i) => f.local('i32', i32.add(base, i32.load(offsets, 4 * i))))
  const [k, pixel] = f.locals('i32', 2)
  const scalarRow = (at: number) => {
    f.set(pixel, i32.load(pixels, 4 * at))
    columns.forEach((column, i) => {
      f.emit(f32.store(to, f32.load(i32.add(pixel, column)), 4 * (nr * at + i)))
    })
  }
  f.loop(k, 0, i32.sub(depth, 3), 4, () => {
    f.set(pixel, i32.load(pixels))
    f.if(
      i32.eq(i32.sub(i32.load(pixels, 12), pixel), 12),
      () => {
        for (let part = 0; part < nr; part += 4) {
          const rows = columns.slice(part, part + 4).map((column) => v128.load(i32.add(pixel, column)))
          transpose4(f, rows).forEach((row, i) => {
            f.emit(v128.store(to, row, 4 * (nr * i + part)))
          })
        }
      },
      () => {
        for (let i = 0; i < 4; i++) scalarRow(i)
      },
    )
    f.add(to, 16 * nr)
    f.add(pixels, 16)
  })
  f.loop(k, k, depth, 1, () => {
    scalarRow(0)
    f.add(to, 4 * nr)
    f.add(pixels, 4)
  })
}
