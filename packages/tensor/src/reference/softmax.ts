import type { PrimitiveName } from '../primitives.ts'
import type { HostView, ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

/** Visits the rows along the last axis. */
function forRows({ shape }: HostView, size: number, visit: (start: number, length: number) => void): void {
  const length = shape.at(-1)!
  for (let start = 0; start < size; start += length) visit(start, length)
}

/** Softmax along the last axis, and its gradient. */
export const softmaxKernels = {
  softmax: ([x], _, out) => {
    const values = packed(x!)
    forRows(x!, values.length, (start, length) => {
      let top = -Infinity
      for (let i = 0; i < length; i++) top = Math.max(top, values[start + i]!)
      const e = Float64Array.from({ length }, (_v, i) => Math.exp(values[start + i]! - top))
      const total = e.reduce((sum, v) => sum + v, 0)
      for (let i = 0; i < length; i++) out.data[start + i] = e[i]! / total
    })
  },
  softmaxGrad: ([y, dy], _, out) => {
    const p = packed(y!)
    const g = packed(dy!)
    forRows(y!, p.length, (start, length) => {
      let inner = 0
      for (let i = 0; i < length; i++) inner += p[start + i]! * g[start + i]!
      for (let i = 0; i < length; i++) out.data[start + i] = p[start + i]! * (g[start + i]! - inner)
    })
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
