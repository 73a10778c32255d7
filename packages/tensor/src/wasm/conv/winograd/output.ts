import { times } from '../../../times.ts'
import type { Local, Procedure } from '../../asm/index.ts'
import { by, f32x4, i32, shuffle32, v128 } from '../../asm/index.ts'
import { silu as activation } from '../../lanes/math.ts'
import { store } from '../../lanes/sweep.ts'
import { transpose4 } from '../../lanes/transpose.ts'
import type { LinearMap, TileSize } from './transforms.ts'
import { emitSquare, loadXis } from './transforms.ts'

/** Words of a tile in the table: input offset, output offset (both in bytes), rows and columns inside the output. */
export const tileWords = 4

/**
 * `output(from, table, rows, groups, out, channelStep, rowBytes, bias, residual, silu, stage)`: sums of products
 * [rows = output channels][ξ][4·groups tiles] to the outputs, act(sum + bias + residual): `bias` and `residual` are
 * addresses or 0, the first of one float per row, the second of an array laid out like the outputs. Tiles at an edge go
 * by way of `stage`, 64 floats.
 */
export const emitOutput: Procedure<[size: TileSize, map: LinearMap]> = (
  f,
  size,
  map,
  from,
  table,
  rows,
  groups,
  out,
  channelStep,
  rowBytes,
  bias,
  residual,
  silu,
  stage,
) => {
  const n = size + 2
  const xiStep = f.let(i32.shl(groups, 4))
  const rowStep = f.let(i32.mul(xiStep, n * n - 1))
  const plain = f.let(i32.eqz(i32.or(residual, silu)))
  const [at, tile, full, target, other, i] = f.locals('i32', 6)
  const [row, columns, staged] = f.locals('i32', 3)
  const [added, value] = f.vectors(2)
  f.countdown(rows, 1, [], () => {
    f.if(bias, () => {
      f.set(added, v128.load32Splat(bias))
      f.add(bias, 4)
    })
    f.set(tile, table)
    f.times(groups, [by(tile, 16 * tileWords), by(from, 16)], () => {
      const y: Local<'v128'>[][] = times(size, () => [])
      f.set(at, from)
      emitSquare(
        f,
        map,
        n,
        () => loadXis(f, n, at, xiStep),
        (r, c, result) => {
          y[r]![c] = f.vector(f32x4.add(result, added))
        },
      )
      f.set(full, plain)
      for (let lane = 0; lane < 4; lane++) {
        const inside = (axis: number) => i32.eq(i32.load(tile, 16 * lane + 8 + 4 * axis), size)
        f.set(full, i32.and(full, i32.and(inside(0), inside(1))))
      }
      f.if(
        full,
        () => {
          for (let lane = 0; lane < 4; lane += size === 4 ? 4 : 1) {
            if (size === 2) f.set(target, i32.add(out, i32.load(tile, 16 * lane + 4)))
            y.forEach((columnsOf, r) => {
              if (size === 2) {
                const pair = lane < 2 ? [0, 4, 1, 5] : [2, 6, 3, 7]
                const both = shuffle32(columnsOf[0]!, columnsOf[1]!, pair as [number, number, number, number])
                f.emit(v128.store64Lane(target, both, lane % 2))
                if (r === 0) f.add(target, rowBytes)
                return
              }
              transpose4(f, columnsOf).forEach((line, l) => {
                f.set(target, i32.add(out, i32.load(tile, 16 * l + 4)))
                if (r > 0) f.set(target, i32.add(target, i32.mul(rowBytes, r)))
                f.emit(v128.store(target, line))
              })
            })
          }
        },
        () => {
          // The stage holds [tile][row][4].
          y.forEach((columnsOf, r) => {
            const four = [...columnsOf]
            while (four.length < 4) four.push(columnsOf[0]!)
            transpose4(f, four).forEach((line, l) => {
              f.emit(v128.store(stage, line, 64 * l + 16 * r))
            })
          })
          f.loop(i, 0, 4, 1, () => {
            const entry = i32.add(tile, i32.shl(i, 4))
            f.set(target, i32.add(out, i32.load(entry, 4)))
            f.set(other, i32.add(residual, i32.load(entry, 4)))
            f.set(columns, i32.load(entry, 12))
            f.set(staged, i32.add(stage, i32.shl(i, 6)))
            f.loop(row, 0, i32.load(i32.add(tile, i32.shl(i, 4)), 8), 1, () => {
              f.set(value, v128.load(staged))
              f.if(residual, () => f.set(value, f32x4.add(value, v128.load(other))))
              f.if(silu, () => f.set(value, activation(value, f)))
              f.if(
                i32.eq(columns, 4),
                () => f.emit(v128.store(target, value)),
                () => store(f, target, value, columns),
              )
              f.add(target, rowBytes)
              f.add(other, rowBytes)
              f.add(staged, 16)
            })
          })
        },
      )
    })
    f.add(from, rowStep)
    f.add(out, channelStep)
    f.if(residual, () => f.add(residual, channelStep))
  })
}
