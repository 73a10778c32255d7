import type { KernelCall } from '../../device.ts'
import type { GroupNormParams } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmContext, WasmKernels } from '../runtime/kernel.ts'
import { onFloat32 } from '../runtime/kernel.ts'
import { callOf, cut } from '../runtime/tasks.ts'
import type { Emit } from './group-norm-loops.ts'
import { emitForward, emitGradients } from './group-norm-loops.ts'

type Primitive = 'groupNorm' | 'groupNormGradInput' | 'groupNormGradAffine' | 'groupNormGrad'

interface Kind {
  /** Without and with SiLU. Made once: a string made anew is slow to look up. */
  readonly keys: readonly [string, string]
  /** Nanoseconds per element, roughly. */
  readonly time: number
  readonly emit: Emit
}

const kindOf = (name: Primitive, time: number, emit: Emit): Kind => ({
  keys: [name, `${name}:silu`],
  time,
  emit,
})

const kinds: Readonly<Record<Primitive, Kind>> = {
  groupNorm: kindOf('groupNorm', 0.6, emitForward),
  groupNormGradInput: kindOf('groupNormGradInput', 1.5, emitGradients(true, false)),
  groupNormGradAffine: kindOf('groupNormGradAffine', 1, emitGradients(false, true)),
  groupNormGrad: kindOf('groupNormGrad', 1.5, emitGradients(true, true)),
}

/**
 * Deals groups of channels out to threads, all samples of a group to the same one: sums over samples keep
 * their order. `out` has the form of x where there is one; `totals` has two float64 per channel, those of the
 * second kind behind all of the first.
 */
function run(call: KernelCall<Primitive>, out: number, totals: number, context: WasmContext): void {
  const { groups, eps, silu }: GroupNormParams = call.params
  const { shape } = call.inputs[0]!
  const [samples, channels] = shape as readonly [number, number]
  const pixels = sizeOf(shape.slice(2))
  const { keys, time, emit } = kinds[call.primitive]
  const kernel = context.kernels.get(keys[silu ? 1 : 0], (m) => emit(m, silu))
  const perGroup = channels / groups
  const sizes = [perGroup, pixels, 4 * channels * pixels, eps]
  const parts = context.threads.parts(time * sizeOf(shape), groups)
  withPacked(call.inputs, context, ([x, weight, bias, dy]) => {
    const tasks = cut(groups, parts).map(({ from, to }) => {
      const place = from * perGroup
      const at = 4 * place
      const block = 4 * place * pixels
      const inputs = [x! + block, dy === undefined ? 0 : dy + block, weight! + at, bias! + at]
      const sums = call.primitive === 'groupNorm' ? [] : [totals + 8 * place, 8 * channels]
      return [callOf(kernel, ...inputs, out + block, samples, to - from, ...sizes, ...sums)]
    })
    context.threads.run(tasks)
  })
}

const alone = onFloat32<'groupNorm' | 'groupNormGradInput'>((call, out, context) =>
  run(call, out, 0, context),
)

/** The sums over channels, two float64 for each, are rounded to the end of the result. */
const withSums = onFloat32<'groupNormGradAffine' | 'groupNormGrad'>((call, out, context) => {
  const { heap } = context
  const { shape } = call.inputs[0]!
  const count = 2 * shape[1]!
  const totals = heap.scratch('groupNorm:totals', 8 * count)
  heap.view('float64', totals, count).fill(0)
  if (sizeOf(shape) > 0) run(call, out, totals, context)
  const end = out + 4 * (sizeOf(call.shape) - count)
  heap.view('float32', end, count).set(heap.view('float64', totals, count))
})

/**
 * Group normalisation of float32 with optional SiLU, and its gradients, fused: one sweep for the statistics
 * (see `group-norm-loops.ts` for their accuracy) and one or two more while the group is in the cache.
 */
export const groupNormKernels = {
  groupNorm: alone,
  groupNormGradInput: alone,
  groupNormGradAffine: withSums,
  groupNormGrad: withSums,
} satisfies WasmKernels
