import type { KernelCall } from '../../device.ts'
import type { GroupNormParams } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { ModuleBuilder } from '../asm/index.ts'
import { withPacked } from '../move/copy.ts'
import type { WasmContext, WasmKernel, WasmKernels } from '../runtime/kernel.ts'
import { cut } from '../runtime/tasks.ts'
import { emitForward, emitGradAffine, emitGradInput } from './group-norm-loops.ts'

type Primitive = 'groupNorm' | 'groupNormGradInput' | 'groupNormGradAffine' | 'groupNormGrad'
type Emit = (m: ModuleBuilder, silu: boolean, fused: boolean) => void

const emitters = {
  groupNorm: emitForward,
  groupNormGradInput: (m, silu, fused) => emitGradInput(m, silu, fused, false),
  groupNormGradAffine: emitGradAffine,
  groupNormGrad: (m, silu, fused) => emitGradInput(m, silu, fused, true),
} as const satisfies Record<Primitive, Emit>

/** Without and with SiLU. Made once: a string made anew is slow to look up. */
const kernelKeys = {
  groupNorm: ['groupNorm', 'groupNorm:silu'],
  groupNormGradInput: ['groupNormGradInput', 'groupNormGradInput:silu'],
  groupNormGradAffine: ['groupNormGradAffine', 'groupNormGradAffine:silu'],
  groupNormGrad: ['groupNormGrad', 'groupNormGrad:silu'],
} as const satisfies Record<Primitive, readonly [string, string]>

/** Rough, in nanoseconds. */
const timePerElement = {
  groupNorm: 0.6,
  groupNormGradInput: 1.5,
  groupNormGradAffine: 1,
  groupNormGrad: 1.5,
} as const satisfies Record<Primitive, number>

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
  const kernel = context.kernels.get(kernelKeys[call.primitive][silu ? 1 : 0], (m) =>
    emitters[call.primitive](m, silu, context.relaxedSimd),
  )
  const perGroup = channels / groups
  const sizes = [perGroup, pixels, 4 * channels * pixels, eps]
  const parts = context.threads.parts(timePerElement[call.primitive] * sizeOf(shape), groups)
  withPacked(call.inputs, context, ([x, weight, bias, dy]) => {
    const tasks = cut(groups, parts).map(({ from, to }) => {
      const place = from * perGroup
      const [at, block] = [4 * place, 4 * place * pixels]
      const inputs = [x! + block, dy === undefined ? 0 : dy + block, weight! + at, bias! + at]
      const sums = call.primitive === 'groupNorm' ? [] : [totals + 8 * place, 8 * channels]
      return [{ run: kernel, args: [...inputs, out + block, samples, to - from, ...sizes, ...sums] }]
    })
    context.threads.run(tasks)
  })
}

/** Has `use` add to two float64 totals per channel, and writes them to `out`. */
function withTotals(
  channels: number,
  out: number,
  { heap }: WasmContext,
  use: (totals: number) => void,
): void {
  const totals = heap.scratch('groupNorm:totals', 16 * channels)
  heap.view('float64', totals, 2 * channels).fill(0)
  use(totals)
  heap.view('float32', out, 2 * channels).set(heap.view('float64', totals, 2 * channels))
}

const groupNorm: WasmKernel<'groupNorm'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, 0, context)
  return true
}

const groupNormGradInput: WasmKernel<'groupNormGradInput'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, 0, context)
  return true
}

const groupNormGradAffine: WasmKernel<'groupNormGradAffine'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  const { shape } = call.inputs[0]!
  withTotals(shape[1]!, out, context, (totals) => {
    if (sizeOf(shape) > 0) run(call, 0, totals, context)
  })
  return true
}

const groupNormGrad: WasmKernel<'groupNormGrad'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  const { shape } = call.inputs[0]!
  withTotals(shape[1]!, out + 4 * sizeOf(shape), context, (totals) => {
    if (sizeOf(shape) > 0) run(call, out, totals, context)
  })
  return true
}

/**
 * Group normalisation of float32 with optional SiLU, and its gradients, fused: one sweep for the statistics
 * (see `group-norm-loops.ts` for their accuracy) and one or two more while the group is in the cache.
 */
export const groupNormKernels = {
  groupNorm,
  groupNormGradInput,
  groupNormGradAffine,
  groupNormGrad,
} satisfies WasmKernels
