import { sizeOf } from '../../shape.ts'
import type { Expr, FunctionBuilder, Local, Procedure, V128 } from '../asm/index.ts'
import { f32, f32x4, i32x4, shuffle64, v128 } from '../asm/index.ts'
import { fade } from '../lanes/math.ts'
import { masked, prepareSums, store, sweep } from '../lanes/sweep.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmKernels } from '../runtime/kernel.ts'
import { onFloat32 } from '../runtime/kernel.ts'
import { callOf, cut } from '../runtime/tasks.ts'

/** The largest of four lanes; NaN lanes do not matter. */
function largest(f: FunctionBuilder, lanes: V128): Expr<'f32'> {
  const two = f.vector(f32x4.pmax(lanes, shuffle64(lanes, lanes, [1, 0])))
  return f32.max(f32x4.extractLane(two, 0), f32x4.extractLane(two, 1))
}

/**
 * Emits `run(x, y, rows, n)`: softmax of dense rows of n. pmax drops NaN, which is noted apart: together they cost less
 * than max, which keeps it.
 */
const emitSoftmax: Procedure = (f, x, y, rows, n) => {
  const lowest = f.f32(-Infinity)
  const sums = prepareSums(f)
  const at = f.let(0)
  const to = f.let(0)
  const top = f.vector()
  const tops = f.vector()
  const d = f.vector()
  const e = f.vector()
  const [factor, strange] = f.vectors(2)
  /** Lanes beyond the row, −∞. */
  const within = (value: Expr<'v128'>, lanes: Local<'i32'> | undefined) =>
    lanes === undefined ? value : v128.bitselect(value, lowest, masked(i32x4.const(-1), lanes))
  f.countdown(rows, 1, [], () => {
    f.set(top, lowest)
    f.set(at, x)
    f.clear(strange)
    sweep(f, n, [at], (lanes) => {
      f.set(d, within(v128.load(at), lanes))
      f.set(top, f32x4.pmax(top, d))
      f.set(strange, v128.or(strange, f32x4.ne(d, d)))
    })
    f.set(tops, f32x4.splat(largest(f, top)))
    sums.clear()
    f.set(to, y)
    sweep(
      f,
      n,
      [x, to],
      (lanes) => {
        f.set(d, f32x4.sub(tops, v128.load(x)))
        f.set(e, masked(fade(d, f), lanes))
        sums.add(e)
        store(f, to, e, lanes)
      },
      sums.flush,
    )
    f.set(factor, f32x4.splat(f32.div(1, f32.demoteF64(sums.plain()))))
    // 0, or NaN where the largest is infinite or any is NaN.
    f.set(tops, f32x4.sub(tops, tops))
    f.if(v128.anyTrue(strange), () => f.set(tops, f32x4.const(Number.NaN)))
    f.set(factor, f32x4.add(factor, tops))
    sweep(f, n, [y], (lanes) => {
      f.set(e, f32x4.mul(v128.load(y), factor))
      store(f, y, e, lanes)
    })
  })
}

/** Emits `run(y, dy, dx, rows, n)`: dx = y·(dy − Σ y·dy) along dense rows of n. */
const emitSoftmaxGrad: Procedure = (f, y, dy, dx, rows, n) => {
  const sums = prepareSums(f)
  const a = f.let(0)
  const b = f.let(0)
  const h = f.vector()
  const inner = f.vector()
  f.countdown(rows, 1, [], () => {
    sums.clear()
    f.set(a, y)
    f.set(b, dy)
    sweep(
      f,
      n,
      [a, b],
      (lanes) => {
        f.set(h, masked(v128.load(a), lanes))
        sums.add(h, masked(v128.load(b), lanes))
      },
      sums.flush,
    )
    f.set(inner, f32x4.splat(f32.demoteF64(sums.product())))
    sweep(f, n, [y, dy, dx], (lanes) => {
      f.set(h, f32x4.mul(v128.load(y), f32x4.sub(v128.load(dy), inner)))
      store(f, dx, h, lanes)
    })
  })
}

/** Times are rough, in nanoseconds per element. */
const kinds = {
  softmax: { emit: emitSoftmax, time: 1.5 },
  softmaxGrad: { emit: emitSoftmaxGrad, time: 0.4 },
} as const

/** Deals rows out to threads. */
const softmax = onFloat32<'softmax' | 'softmaxGrad'>((call, out, context) => {
  const { primitive, shape } = call
  const { emit, time } = kinds[primitive]
  const kernel = context.kernels.get(primitive, (m) => m.procedure('run', emit))
  const size = sizeOf(shape)
  const length = shape.at(-1)!
  const rows = size / length
  const parts = context.threads.parts(time * size, rows)
  withPacked(call.inputs, context, (inputs) => {
    const tasks = cut(rows, parts).map(({ from, to }) => {
      const places = [...inputs, out].map((at) => at + 4 * from * length)
      return [callOf(kernel, ...places, to - from, length)]
    })
    context.threads.run(tasks)
  })
})

/** Softmax of float32 along the last axis, in three sweeps over a row in the cache, and its gradient in two. */
export const softmaxKernels = { softmax, softmaxGrad: softmax } satisfies WasmKernels
