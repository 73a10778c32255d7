import type { View } from '../../device.ts'
import type { Epilogue as EpilogueParams } from '../../primitives.ts'
import { times } from '../../times.ts'
import type { FunctionRef, Procedure } from '../asm/index.ts'
import { by, f32x4, i32, v128 } from '../asm/index.ts'
import { silu as activation } from '../lanes/math.ts'
import { store } from '../lanes/sweep.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import type { WasmFunction } from '../runtime/module.ts'
import { callOf, cut } from '../runtime/tasks.ts'

/** What is done to a result before it leaves the cache. Byte addresses, 0 for none. */
export interface Epilogue {
  /** A float32 per output channel (or per row or column of a product). */
  readonly bias: number
  /** Dense, in the layout of the result. */
  readonly residual: number
  readonly silu: boolean
}

export const noEpilogue: Epilogue = { bias: 0, residual: 0, silu: false }

/**
 * An {@link Epilogue} as kernels take it at the end of their arguments, for a matrix of results; zeros for none: the
 * addresses of one float32 per row and of one per column, the bytes from a result to its residual, and 1 for SiLU.
 */
export type Finish = readonly [rowBias: number, columnBias: number, toResidual: number, silu: number]

export const noFinish: Finish = [0, 0, 0, 0]

/** The finish of results at `out` of which each row, or each column, has a bias of its own. */
export const finishOf = (
  { bias, residual, silu }: Epilogue,
  out: number,
  axis: 'row' | 'column' = 'row',
): Finish => [
  axis === 'row' ? bias : 0,
  axis === 'column' ? bias : 0,
  residual === 0 ? 0 : residual - out,
  silu ? 1 : 0,
]

/** The finish of the part of a matrix that starts `row` rows down and `column` columns to the right. */
export const finishAt = (
  [rowBias, columnBias, toResidual, silu]: Finish,
  row: number,
  column: number,
): Finish => [
  rowBias === 0 ? 0 : rowBias + 4 * row,
  columnBias === 0 ? 0 : columnBias + 4 * column,
  toResidual,
  silu,
]

/** {@link emitFinish} of one kind: with SiLU or without. */
export const emitKind: Procedure<[activate: boolean]> = (
  f,
  activate,
  c,
  rows,
  columns,
  cStep,
  rowBias,
  columnBias,
  toResidual,
) => {
  const [at, bias, left] = f.locals('i32', 3)
  const [y, ofRow] = f.vectors(2)
  const vector = (lanes?: typeof left) => {
    f.set(y, v128.load(at))
    f.if(rowBias, () => f.set(y, f32x4.add(y, ofRow)))
    f.if(columnBias, () => f.set(y, f32x4.add(y, v128.load(bias))))
    f.if(toResidual, () => f.set(y, f32x4.add(y, v128.load(i32.add(at, toResidual)))))
    if (activate) f.set(y, activation(y, f))
    store(f, at, y, lanes)
  }
  f.countdown(rows, 1, [by(c, cStep)], () => {
    f.set(at, c)
    f.set(bias, columnBias)
    f.set(left, columns)
    f.if(rowBias, () => {
      f.set(ofRow, v128.load32Splat(rowBias))
      f.add(rowBias, 4)
    })
    f.countdown(left, 4, [by(at, 16), by(bias, 16)], () => {
      vector()
    })
    f.if(left, () => vector(left))
  })
}

/**
 * `finish(c, rows, columns, cStep, rowBias, columnBias, toResidual, silu)`: finishes a matrix of results in
 * place, whose rows lie `cStep` bytes apart.
 */
export const emitFinish: Procedure<[plain: FunctionRef, activated: FunctionRef]> = (
  f,
  plain,
  activated,
  c,
  rows,
  columns,
  cStep,
  rowBias,
  columnBias,
  toResidual,
  silu,
) => {
  const args = [c, rows, columns, cStep, rowBias, columnBias, toResidual]
  f.if(
    silu,
    () => f.run(activated, ...args),
    () => f.run(plain, ...args),
  )
}

/** Rough, without and with SiLU, in nanoseconds. */
const timePerElement = [0.4, 2] as const

/** Finishes `count` dense matrices, one after the other, in a pass of its own over them. */
export function finishAll(
  finish: WasmFunction,
  out: number,
  [count, rows, columns]: readonly [number, number, number],
  how: Finish,
  { threads }: Pick<WasmContext, 'threads'>,
): void {
  const total = count * rows * columns
  const parts = threads.parts(timePerElement[how[3] === 0 ? 0 : 1] * total, count * rows)
  const tasks = times(count, (i) =>
    cut(rows, Math.ceil(parts / count)).map(({ from, to }) => {
      const at = out + 4 * (i * rows + from) * columns
      return [callOf(finish, at, to - from, columns, 4 * columns, ...finishAt(how, from, 0))]
    }),
  )
  threads.run(tasks.flat())
}

/** Calls `use` with the epilogue that the parameters and the inputs after the two factors describe. */
export function withEpilogue(
  inputs: readonly View[],
  { bias, residual, activation }: EpilogueParams<string>,
  context: WasmContext,
  use: (epilogue: Epilogue) => void,
): void {
  withPacked(inputs.slice(2), context, (addresses) =>
    use({
      bias: bias === 'none' ? 0 : addresses[0]!,
      residual: residual ? addresses.at(-1)! : 0,
      silu: activation === 'silu',
    }),
  )
}
