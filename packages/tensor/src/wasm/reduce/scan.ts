import { sizeOf } from '../../shape.ts'
import type { ModuleBuilder } from '../asm/index.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmKernels } from '../runtime/kernel.ts'
import { onFloat32 } from '../runtime/kernel.ts'
import type { Call } from '../runtime/tasks.ts'
import { cut } from '../runtime/tasks.ts'
import { emitArgmaxColumns, emitArgmaxRows, emitCumsumColumns, emitCumsumRows } from './scan-loops.ts'

type Scan = 'argmax' | 'cumsum'

type Kernel = readonly [key: string, emit: (m: ModuleBuilder) => void]

/** Along the last axis by rows, along another one by columns. Times are rough, in nanoseconds per element. */
const kernelsOf: Record<Scan, { readonly rows: Kernel; readonly columns: Kernel; readonly time: number }> = {
  argmax: {
    rows: ['argmax:rows', emitArgmaxRows],
    columns: ['argmax:columns', emitArgmaxColumns],
    time: 0.2,
  },
  cumsum: {
    rows: ['cumsum:rows', emitCumsumRows],
    columns: ['cumsum:columns', emitCumsumColumns],
    time: 0.6,
  },
}

/** Deals rows, or columns of blocks, out to threads: each is walked as a whole, in order. */
const scan = onFloat32<Scan>((call, out, context) => {
  const { primitive, params, inputs } = call
  const { shape } = inputs[0]!
  const { axis } = params
  const { rows, columns, time } = kernelsOf[primitive]
  const [before, length, after] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]
  const perRow = primitive === 'argmax' ? 1 : length
  const kernel = context.kernels.get(...(after === 1 ? rows : columns))
  withPacked(inputs, context, ([x]) => {
    const parts = context.threads.parts(time * sizeOf(shape), after === 1 ? before : before * after)
    if (after === 1) {
      const tasks = cut(before, parts).map(({ from, to }) => [
        { run: kernel, args: [out + 4 * from * perRow, x! + 4 * from * length, to - from, length] },
      ])
      context.threads.run(tasks)
      return
    }
    const strips = cut(after, Math.ceil(parts / before), 16)
    const tasks = cut(before, parts).flatMap((blocks) =>
      strips.map((strip) => {
        const task: Call[] = []
        for (let block = blocks.from; block < blocks.to; block++) {
          const to = out + 4 * (block * perRow * after + strip.from)
          const from = x! + 4 * (block * length * after + strip.from)
          task.push({ run: kernel, args: [to, from, length, strip.to - strip.from, 4 * after] })
        }
        return task
      }),
    )
    context.threads.run(tasks)
  })
})

/** Walks of float32 along an axis, in its order: the bits of the reference. */
export const scanKernels = {
  argmax: scan,
  cumsum: scan,
} satisfies WasmKernels
