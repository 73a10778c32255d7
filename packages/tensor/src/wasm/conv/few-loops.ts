import { times } from '../../times.ts'
import type { FunctionBuilder, Local, Procedure } from '../asm/index.ts'
import { by, f32, i32, v128 } from '../asm/index.ts'
import { masked, store, sumOfFour } from '../lanes/sweep.ts'

/** Register block of a forward kernel: output channels, vectors of four pixels along a row, rows. */
export interface Block {
  readonly channels: number
  readonly vectors: number
  readonly rows: number
}

/**
 * `run(to, from, offsets, weights, inputs, taps, rows, columns, rowStep, channelStep, across, channelTo)`: all
 * `channels` of a block for `rows` rows of `columns` outputs. Results are dense rows at `to`, channels `channelTo`
 * bytes apart. An output reads `taps` elements of each of `inputs` planes, `channelStep` bytes apart, at byte
 * `offsets` from its place; an output row does so `rowStep` bytes behind the one before it. Weights of an output
 * channel follow each other, channels `across` bytes apart. Columns number at least 4·(vectors − 1) + 1.
 */
export const emitFewForward: Procedure<[block: Block]> = (
  f,
  block,
  to,
  from,
  offsets,
  weights,
  inputs,
  taps,
  rows,
  columns,
  rowStep,
  channelStep,
  across,
  channelTo,
) => {
  const { channels, vectors } = block
  const [offset, tap, input] = f.locals('i32', 3)
  const [plane, at, column, target] = f.locals('i32', 4)
  const cursors = f.locals('i32', channels)
  const value = f.vector()
  const rowTo = f.let(i32.shl(columns, 2))
  const rest = f.let(i32.and(columns, 3))
  // Where the last block starts: blocks may overlap, and give the same results then.
  const lastColumn = f.let(i32.sub(i32.and(i32.add(columns, 3), -4), 4 * vectors))
  const factors = f.vectors(channels)
  const tile = (height: number) => {
    const sums = times(height, () => times(channels, () => f.vectors(vectors)))
    f.clear(...sums.flat(2))
    f.set(plane, i32.add(from, i32.shl(column, 2)))
    f.spread(cursors, weights, across)
    f.set(input, inputs)
    f.countdown(input, 1, [by(plane, channelStep)], () => {
      f.set(offset, offsets)
      f.set(tap, taps)
      f.countdown(tap, 1, [by(offset, 4)], () => {
        f.set(at, i32.add(plane, i32.load(offset)))
        factors.forEach((factor, c) => {
          f.set(factor, v128.load32Splat(cursors[c]!))
          f.add(cursors[c]!, 4)
        })
        sums.forEach((ofRow, r) => {
          if (r > 0) f.add(at, rowStep)
          for (let v = 0; v < vectors; v++) {
            f.set(value, v128.load(at, 16 * v))
            ofRow.forEach((ofChannel, c) => f.set(ofChannel[v]!, f.madd(value, factors[c]!, ofChannel[v]!)))
          }
        })
      })
    })
    const left = tap
    f.set(left, i32.mul(i32.eq(column, lastColumn), rest))
    sums.forEach((ofRow, r) =>
      ofRow.forEach((ofChannel, c) => {
        const place = i32.add(i32.add(to, i32.shl(column, 2)), i32.mul(rowTo, r))
        f.set(target, i32.add(place, i32.mul(channelTo, c)))
        ofChannel.slice(0, -1).forEach((sum, v) => f.emit(v128.store(target, sum, 16 * v)))
        f.add(target, 16 * (vectors - 1))
        const last = ofChannel[vectors - 1]!
        f.if(
          left,
          () => store(f, target, last, left),
          () => store(f, target, last, undefined),
        )
      }),
    )
  }
  const rowsOf = (height: number) =>
    f.countdown(rows, height, [by(to, i32.mul(rowTo, height)), by(from, i32.mul(rowStep, height))], () => {
      f.loop(column, 0, lastColumn, 4 * vectors, () => tile(height))
      f.set(column, lastColumn)
      tile(height)
    })
  rowsOf(block.rows)
  if (block.rows > 1) rowsOf(1)
}

/**
 * `run(to, x, dy, offsets, inputs, rows, columns, band, rowStep, channelDy, channelTo, inputStep, inputTo)`: for each
 * of `inputs` planes of x, adds to `taps` neighbouring sums per channel of dy the products of `rows` dense rows of dy
 * with those of x, `rowStep` bytes apart, at each of `taps` offsets. Sums are in float32 lanes over `band` rows at a
 * time. Channels of dy lie `channelDy` bytes apart, their sums `channelTo`; planes of x lie `inputStep` bytes apart,
 * their sums `inputTo`.
 */
export const emitFewWeights: Procedure<[channels: number, taps: number]> = (
  f,
  channels,
  taps,
  to,
  x,
  dy,
  offsets,
  inputs,
  rows,
  columns,
  band,
  rowStep,
  channelDy,
  channelTo,
  inputStep,
  inputTo,
) => {
  const places = times(taps, (t) => f.let(i32.load(offsets, 4 * t)))
  const fields = f.locals('i32', channels)
  const sums = times(channels, () => f.vectors(taps))
  const gradients = f.vectors(channels)
  const [[row, cursor, left, at], value] = [f.locals('i32', 4), f.vector()]
  const four = (lanes?: Local<'i32'>) => {
    gradients.forEach((gradient, c) => f.set(gradient, masked(v128.load(fields[c]!), lanes)))
    places.forEach((place, t) => {
      f.set(value, masked(v128.load(i32.add(cursor, place)), lanes))
      sums.forEach((ofChannel, c) => f.set(ofChannel[t]!, f.madd(value, gradients[c]!, ofChannel[t]!)))
    })
  }
  const advance = (bytes: Parameters<FunctionBuilder['add']>[1]) => {
    for (const field of fields) f.add(field, bytes)
  }
  f.countdown(inputs, 1, [by(x, inputStep), by(to, inputTo)], () => {
    f.spread(fields, dy, channelDy)
    f.set(row, x)
    f.pieces(rows, band, [], (count) => {
      f.clear(...sums.flat())
      f.countdown(count, 1, [by(row, rowStep)], () => {
        f.set(cursor, row)
        f.set(left, columns)
        f.countdown(left, 4, [], () => {
          four()
          f.add(cursor, 16)
          advance(16)
        })
        f.if(left, () => {
          four(left)
          advance(i32.shl(left, 2))
        })
      })
      sums.forEach((ofChannel, c) => {
        f.set(at, i32.add(to, i32.mul(channelTo, c)))
        ofChannel.forEach((sum, t) =>
          f.emit(f32.store(at, f32.add(f32.load(at, 4 * t), sumOfFour(sum)), 4 * t)),
        )
      })
    })
  })
}
