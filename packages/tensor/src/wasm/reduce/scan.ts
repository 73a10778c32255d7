import { sizeOf } from '../../shape.ts'
import type { Procedure } from '../asm/index.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmKernels } from '../runtime/kernel.ts'
import { onFloat32 } from '../runtime/kernel.ts'
import { cut, taskOf } from '../runtime/tasks.ts'
import { emitArgmax, emitCumsum } from './scan-loops.ts'

type Scan = 'argmax' | 'cumsum'

/** Times are rough, in nanoseconds per element. */
const kernelsOf: Record<Scan, { readonly emit: Procedure; readonly time: number }> = {
  argmax: { emit: emitArgmax, time: 1 },
  cumsum: { emit: emitCumsum, time: 0.8 },
}

/** Deals lines along the axis out to threads: each is walked as a whole, in order. */
const scan = onFloat32<Scan>((call, out, context) => {
  const { primitive, params, inputs } = call
  const { shape } = inputs[0]!
  const { axis } = params
  const { emit, time } = kernelsOf[primitive]
  const before = sizeOf(shape.slice(0, axis))
  const length = shape[axis]!
  const after = sizeOf(shape.slice(axis + 1))
  const perLine = primitive === 'argmax' ? 1 : length
  const kernel = context.kernels.get(primitive, (m) => m.procedure('run', emit))
  withPacked(inputs, context, ([x]) => {
    const parts = context.threads.parts(time * sizeOf(shape), before * after)
    // Lines along the last axis follow each other; along another one they lie side by side, in blocks.
    const [blocks, wide, unit, line, toLine] =
      after === 1 ? [1, before, 1, 4 * length, 4 * perLine] : [before, after, 16, 4, 4]
    const strips = cut(wide, Math.ceil(parts / blocks), unit)
    const tasks = cut(blocks, parts).flatMap(({ from, to }) =>
      strips.map((strip) => {
        return taskOf((launch) => {
          for (let block = from; block < to; block++) {
            const target = out + 4 * perLine * block * after + toLine * strip.from
            const source = x! + 4 * length * block * after + line * strip.from
            launch(kernel, target, source, strip.to - strip.from, length, 4 * after, line)
          }
        })
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
