import type { KernelCall, View } from '../../device.ts'
import type { Epilogue, PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import { contractPlanners } from './contract.ts'
import type { Index } from './index-math.ts'
import { address, coordinates } from './index-math.ts'
import type { Planner, Program } from './program.ts'
import { element, kernelSource, threadOf } from './program.ts'

/** The stages of a contraction, none where it is empty, and one more for what follows it. */
function follow(
  contraction: Program,
  { inputs, shape }: KernelCall,
  { bias, residual, activation }: Epilogue<string>,
  axis: number,
): Program {
  const length = sizeOf(shape)
  const at = coordinates(threadOf(length), shape)
  const lines = [contraction.length === 0 ? 'let r = 0;' : 'let r = a0[this.thread.x];']
  const sources: Program[number]['inputs'][number][] = contraction.map((_, stage) => ({ stage }))
  const plus = (input: number, where: readonly Index[]) => {
    lines.push(`r = r + ${element(sources.length, address(inputs[input]!, where))};`)
    sources.push(input)
  }
  if (bias !== 'none') plus(2, [at.at(axis)!])
  if (residual) plus(inputs.length - 1, at)
  if (activation === 'silu') lines.push('r = siluOf(r);')
  const source = kernelSource(sources.length, [...lines, 'return r;'].join('\n'))
  return [...contraction, { source, length, inputs: sources }]
}

const isEmpty = ({ shape }: View): boolean => sizeOf(shape) === 0

/** Contractions with an epilogue: two kernels, one for the contraction and one for the rest. */
export const epiloguePlanners = {
  fusedMatmul: (call) => {
    const inputs = call.inputs.slice(0, 2)
    const plain = { ...call, primitive: 'matmul', inputs, params: {} } as const
    const product = inputs.some(isEmpty) ? [] : contractPlanners.matmul(plain)
    return follow(product, call, call.params, call.params.bias === 'row' ? -2 : -1)
  },
  fusedConv2d: (call) => {
    const inputs = call.inputs.slice(0, 2)
    const plain = { ...call, primitive: 'conv2d', inputs } as const
    return follow(inputs.some(isEmpty) ? [] : contractPlanners.conv2d(plain), call, call.params, 1)
  },
} satisfies { [P in PrimitiveName]?: Planner<P> }
