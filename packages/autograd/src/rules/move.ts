import type { PrimitiveName, PrimitiveParams, Shape, Tensor } from '@tweedie/tensor'
import { dispatch, flip, gather, pad, reshape, scatterAdd, sumTo, transpose } from '@tweedie/tensor'
import type { Rule } from './types.ts'
import { linear } from './types.ts'

type SliceParams = PrimitiveParams['slice']

/** The part of `x` that starts at `start` and has `size` elements per axis. */
const box = (x: Tensor, start: readonly number[], size: Shape): Tensor =>
  dispatch('slice', [x], { start, size, step: start.map(() => 1) })

/** Puts step−1 zeros after each element of an axis but the last. */
function spread(x: Tensor, axis: number, step: number): Tensor {
  const extent = x.shape[axis]!
  if (step === 1 || extent < 2) return x
  const before = x.shape.slice(0, axis)
  const after = x.shape.slice(axis + 1)
  const columns = reshape(x, [...before, extent, 1, ...after])
  const widths = columns.shape.map((_, i): [number, number] => (i === axis + 1 ? [0, step - 1] : [0, 0]))
  const joined = reshape(pad(columns, widths), [...before, extent * step, ...after])
  return box(
    joined,
    joined.shape.map(() => 0),
    [...before, (extent - 1) * step + 1, ...after],
  )
}

/** The transpose of a slice: its elements put back where they came from, zeros elsewhere. */
function unslice(dy: Tensor, { start, size, step }: SliceParams, shape: Shape): Tensor {
  const backwards = step.flatMap((s, axis) => (s < 0 ? [axis] : []))
  let x = backwards.length === 0 ? dy : flip(dy, backwards)
  step.forEach((s, axis) => {
    x = spread(x, axis, Math.abs(s))
  })
  const widths = shape.map((extent, i): [number, number] => {
    if (size[i] === 0) return [0, extent]
    const low = step[i]! > 0 ? start[i]! : start[i]! + (size[i]! - 1) * step[i]!
    return [low, extent - low - x.shape[i]!]
  })
  return pad(x, widths)
}

function inverse(permutation: readonly number[]): number[] {
  const out = new Array<number>(permutation.length)
  permutation.forEach((from, to) => {
    out[from] = to
  })
  return out
}

/** Gradients of the primitives that move elements; each is the transpose of the move. */
export const moveRules = {
  gather: {
    kind: 'vjp',
    jvp: 'linear',
    input: (i) =>
      i === 0
        ? {
            needs: [1],
            grad: ({ dy, x, params: { axis }, shapes: [shape] }) => scatterAdd(dy, x(1), shape![axis]!, axis),
          }
        : undefined,
  },
  scatterAdd: {
    kind: 'vjp',
    jvp: 'linear',
    input: (i) =>
      i === 0 ? { needs: [1], grad: ({ dy, x, params }) => gather(dy, x(1), params.axis) } : undefined,
  },
  pad: linear(({ dy, params: { low }, shapes: [shape] }) => box(dy, low, shape!)),
  concat: {
    kind: 'vjp',
    jvp: 'linear',
    input: (i) => ({
      needs: [],
      grad: ({ dy, params: { axis }, shapes }) => {
        const at = shapes.slice(0, i).reduce((total, shape) => total + shape[axis]!, 0)
        return box(
          dy,
          dy.shape.map((_, d) => (d === axis ? at : 0)),
          shapes[i]!,
        )
      },
    }),
  },
  contiguous: linear(({ dy }) => dy),
  reshape: linear(({ dy, shapes: [shape] }) => reshape(dy, shape!)),
  transpose: linear(({ dy, params: { permutation } }) => transpose(dy, inverse(permutation))),
  slice: linear(({ dy, params, shapes: [shape] }) => unslice(dy, params, shape!)),
  broadcastTo: linear(({ dy, shapes: [shape] }) => sumTo(dy, shape!)),
} satisfies { [P in PrimitiveName]?: Rule<P> }
