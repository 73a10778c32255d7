import type { KernelCall, View } from '../../device.ts'
import type { Epilogue, PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Contraction } from './contract.ts'
import { convolutionElements, productElements } from './contract.ts'
import { add, address, constant, coordinates, scale } from './index-math.ts'
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
    ? { source: 'let total0 = 0;', at: [coordinates(threadOf(length), shape)] }
    : contraction()
  const read = nothing ? [] : [0, 1]
  const added = [bias === 'none' ? [] : [2], residual ? [inputs.length - 1] : []].flat()
  const width = at.length
  const lines = at.flatMap((place, j) => {
    const own = add(scale(threadOf(length / width), width), constant(j))
    const addends = [
      bias === 'none' ? [] : [element(read.length, address(inputs[2]!, [place.at(axis)!]))],
      residual ? [elementOfThread(read.length + added.length - 1, inputs.at(-1)!, shape, own)] : [],
    ].flat()
    const sums = [`let r${j} = total${j};`, ...addends.map((addend) => `r${j} = r${j} + ${addend};`)]
    return activation === 'silu' ? [...sums, `r${j} = siluOf(r${j});`] : sums
  })
  const result = width === 1 ? 'r0' : `[${at.map((_, j) => `r${j}`)}]`
  const body = [source, ...lines, `return ${result};`].join('\n')
  return [{ body, length, width, inputs: [...read, ...added] }]
}

/** Contractions with an epilogue, one kernel each. */
export const epiloguePlanners = {
  fusedMatmul: (call, wideFrom) =>
    follow(
      call,
      () => productElements(call.inputs, call.shape, wideFrom),
      call.params.bias === 'row' ? -2 : -1,
    ),
  fusedConv2d: (call, wideFrom) =>
    follow(call, () => convolutionElements(call.inputs, call.params, call.shape, wideFrom), 1),
} satisfies { [P in PrimitiveName]?: Planner<P> }
