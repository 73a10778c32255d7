import type { KernelCall } from '../device.ts'
import type { GroupNormParams } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import type { ModuleBuilder } from './asm.ts'
import { withPacked } from './copy.ts'
import { emitForward, emitGradAffine, emitGradInput } from './group-norm-loops.ts'
import type { WasmContext, WasmKernel, WasmKernels } from './kernel.ts'
import { cut } from './tasks.ts'

type Primitive = 'groupNorm' | 'groupNormGradInput' | 'groupNormGradAffine'

/** Without and with SiLU. Made once: a string made anew is slow to look up. */
const kernelKeys = {
  groupNorm: ['groupNorm', 'groupNorm:silu'],
  groupNormGradInput: ['groupNormGradInput', 'groupNormGradInput:silu'],
  groupNormGradAffine: ['groupNormGradAffine', 'groupNormGradAffine:silu'],
} as const satisfies Record<Primitive, readonly [string, string]>

/** Rough, of any of the primitives, in nanoseconds. */
const timePerElement = 1.5

/**
 * Deals groups of channels out to threads, all samples of a group to the same one: sums over samples keep
 * their order. `outBytes` is what the result has per channel, in each sample.
 */
function run(
  call: KernelCall<Primitive>,
  out: number,
  outBytes: number,
  context: WasmContext,
  emit: (m: ModuleBuilder, silu: boolean, fused: boolean) => void,
  ...rest: readonly number[]
): void {
  const { groups, eps, silu }: GroupNormParams = call.params
  const shape = call.inputs[0]!.shape
  const [samples, channels] = shape as readonly [number, number]
  const pixels = sizeOf(shape.slice(2))
  const kernel = context.kernels.get(kernelKeys[call.primitive][silu ? 1 : 0], (m) =>
    emit(m, silu, context.relaxedSimd),
  )
  const perGroup = channels / groups
  const sizes = [perGroup, pixels, 4 * channels * pixels, eps, ...rest]
  const parts = context.threads.parts(timePerElement * sizeOf(shape), groups)
  withPacked(call.inputs, context, ([x, weight, bias, dy]) => {
    const tasks = cut(groups, parts).map(({ from, to }) => {
      const [at, place] = [4 * from * perGroup, from * perGroup]
      const inputs = [x! + at * pixels, dy === undefined ? 0 : dy + at * pixels, weight! + at, bias! + at]
      return [{ run: kernel, args: [...inputs, out + place * outBytes, samples, to - from, ...sizes] }]
    })
    context.threads.run(tasks)
  })
}

const bytesPerChannel = ({ shape }: KernelCall<Primitive>): number => 4 * sizeOf(shape.slice(2))

const groupNorm: WasmKernel<'groupNorm'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, bytesPerChannel(call), context, emitForward)
  return true
}

const groupNormGradInput: WasmKernel<'groupNormGradInput'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, bytesPerChannel(call), context, emitGradInput)
  return true
}

const groupNormGradAffine: WasmKernel<'groupNormGradAffine'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  const channels = call.shape[1]!
  const totals = context.heap.scratch('groupNorm:totals', 16 * channels)
  context.heap.view('float64', totals, 2 * channels).fill(0)
  if (sizeOf(call.inputs[0]!.shape) > 0) run(call, totals, 8, context, emitGradAffine, 8 * channels)
  context.heap.view('float32', out, 2 * channels).set(context.heap.view('float64', totals, 2 * channels))
  return true
}

/**
 * Group normalisation of float32 with optional SiLU, and its gradients, fused: one sweep for the statistics
 * (see `group-norm-loops.ts` for their accuracy) and one or two more while the group is in the cache.
 */
export const groupNormKernels = { groupNorm, groupNormGradInput, groupNormGradAffine } satisfies WasmKernels
