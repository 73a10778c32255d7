import type { KernelCall, View } from '../../device.ts'
import type { Epilogue, PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Contraction } from './contract.ts'
import { convolutionElement, productElement } from './contract.ts'
import { address, coordinates } from './index-math.ts'
import type { Planner, Program } from './program.ts'
import { element, elementOfThread, threadOf } from './program.ts'

type Fused = KernelCall<'fusedMatmul' | 'fusedConv2d'>

const isEmpty = ({ shape }: View): boolean => sizeOf(shape) === 0

/** A kernel whose thread contracts, and adds and applies what follows. The sum over nothing is 0, of no array. */
function follow(call: Fused, contraction: () => Contraction, axis: number): Program {
  const { inputs, shape } = call
  const { bias, residual, activation }: Epilogue<string> = call.params
  const length = sizeOf(shape)
  const nothing = inputs.slice(0, 2).some(isEmpty)
  const { source, at } = nothing
    ? { source: 'let total = 0;', at: coordinates(threadOf(length), shape) }
    : contraction()
  const read = nothing ? [] : [0, 1]
  const lines = [source, 'let r = total;']
  if (bias !== 'none') {
    lines.push(`r = r + ${element(read.length, address(inputs[2]!, [at.at(axis)!]))};`)
    read.push(2)
  }
  if (residual) {
    const last = inputs.length - 1
    lines.push(`r = r + ${elementOfThread(read.length, inputs[last]!, shape, threadOf(length))};`)
    read.push(last)
  }
  if (activation === 'silu') lines.push('r = siluOf(r);')
  return [{ body: [...lines, 'return r;'].join('\n'), length, inputs: read }]
}

/** Contractions with an epilogue, one kernel each. */
export const epiloguePlanners = {
  fusedMatmul: (call) =>
    follow(call, () => productElement(call.inputs, call.shape), call.params.bias === 'row' ? -2 : -1),
  fusedConv2d: (call) => follow(call, () => convolutionElement(call.inputs, call.params, call.shape), 1),
} satisfies { [P in PrimitiveName]?: Planner<P> }
