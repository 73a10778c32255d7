import type { View } from '../../device.ts'
import type { Shape } from '../../shape.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import { addressOf } from '../runtime/kernel.ts'
import type { Call, Range } from '../runtime/tasks.ts'

/** The calls that put a box of float16, at an address with strides in elements, at `to` as float32 in row-major order. */
export const widenCalls = (
  half: NonNullable<View['half']>,
  to: number,
  at: number,
  shape: Shape,
  strides: readonly number[],
  { kernels }: WasmContext,
): Call[] => {
  const run = kernels.get('widen', half.emit)
  return half.boxes(to, at, shape, strides).map((args) => ({ run, args }))
}

/** Bytes of widened weights that stay in the second-level cache. */
const tileBytes = 1 << 18

/** Weights row by row, as kernels pack them. */
export interface WeightRows {
  /** Of the float32 that `use` is handed, in elements. */
  readonly strides: readonly number[]
  /** Working memory of each task, in bytes. */
  readonly work: number
  /** What packs a range of rows; `use` is handed where some of them start. */
  calls(range: Range, work: number, use: (at: number, rows: Range) => Call): Call[]
}

/** The rows of weights [rows, …]: as they lie, or widened from float16 in a task's working memory, some times `unit` at a time. */
export function weightRows(w: View, unit: number, context: WasmContext): WeightRows {
  const { half, shape, strides } = w
  const [step = 0] = strides
  if (half === undefined)
    return { strides, work: 0, calls: (rows, _work, use) => [use(addressOf(w) + 4 * rows.from * step, rows)] }
  const [, ...rest] = shape
  const bytes = 4 * sizeOf(rest)
  const most = unit * Math.max(1, Math.floor(tileBytes / (unit * bytes)))
  return {
    strides: rowMajorStrides(shape),
    work: 64 * Math.ceil((most * bytes) / 64),
    calls: ({ from: first, to: end }, work, use) => {
      const calls: Call[] = []
      for (let from = first; from < end; from += most) {
        const to = Math.min(end, from + most)
        const box = [to - from, ...rest]
        calls.push(...widenCalls(half, work, addressOf(w) + 2 * from * step, box, strides, context))
        calls.push(use(work, { from, to }))
      }
      return calls
    },
  }
}
