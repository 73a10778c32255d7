import type { KernelCall } from '../device.ts'
import type { GroupNormParams } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import type { ModuleBuilder } from './asm.ts'
import { withPacked } from './copy.ts'
import { emitForward, emitGradAffine, emitGradInput } from './group-norm-loops.ts'
import type { WasmContext, WasmKernel, WasmKernels } from './kernel.ts'

type Primitive = 'groupNorm' | 'groupNormGradInput' | 'groupNormGradAffine'

/** Without and with SiLU. Made once: a string made anew is slow to look up. */
const kernelKeys = {
  groupNorm: ['groupNorm', 'groupNorm:silu'],
  groupNormGradInput: ['groupNormGradInput', 'groupNormGradInput:silu'],
  groupNormGradAffine: ['groupNormGradAffine', 'groupNormGradAffine:silu'],
} as const satisfies Record<Primitive, readonly [string, string]>

function run(
  call: KernelCall<Primitive>,
  out: number,
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
  const sizes = [samples, groups, channels / groups, pixels, 4 * channels * pixels]
  withPacked(call.inputs, context, ([x, weight, bias, dy]) => {
    kernel(x!, dy ?? 0, weight!, bias!, out, ...sizes, eps, ...rest)
  })
}

const groupNorm: WasmKernel<'groupNorm'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, context, emitForward)
  return true
}

const groupNormGradInput: WasmKernel<'groupNormGradInput'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  run(call, out, context, emitGradInput)
  return true
}

const groupNormGradAffine: WasmKernel<'groupNormGradAffine'> = (call, out, context) => {
  if (call.dtype !== 'float32') return false
  const channels = call.shape[1]!
  const totals = context.heap.scratch('groupNorm:totals', 16 * channels)
  context.heap.view('float64', totals, 2 * channels).fill(0)
  if (sizeOf(call.inputs[0]!.shape) > 0) run(call, totals, context, emitGradAffine, 8 * channels)
  context.heap.view('float32', out, 2 * channels).set(context.heap.view('float64', totals, 2 * channels))
  return true
}

/**
 * Group normalisation of float32 with optional SiLU, and its gradients, fused: one sweep for the statistics
 * (see `group-norm-loops.ts` for their accuracy) and one or two more while the group is in the cache.
 */
export const groupNormKernels = { groupNorm, groupNormGradInput, groupNormGradAffine } satisfies WasmKernels
