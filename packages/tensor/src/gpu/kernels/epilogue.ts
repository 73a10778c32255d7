import type { KernelCall, View } from '../../device.ts'
import type { Epilogue, PrimitiveName } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Finish } from './contract.ts'
import { convolution, product } from './contract.ts'
import { add, address, constant, coordinates, scale } from './index-math.ts'
import type { Planner, Program } from './program.ts'
import { element, elementOfThread, threadOf } from './program.ts'

type Fused = KernelCall<'fusedMatmul' | 'fusedConv2d'>

const isEmpty = ({ shape }: View): boolean => sizeOf(shape) === 0

/** What a thread adds to its elements, and applies, when it has them; the factors are the first `read` arguments. */
function following({ inputs, params, shape }: Fused, axis: number, read: readonly number[]): Finish {
  const { bias, residual, activation }: Epilogue<string> = params
  const added = [bias === 'none' ? [] : [2], residual ? [inputs.length - 1] : []].flat()
  return ({ source, at, thread }) => {
    const width = at.length
    const lines = at.flatMap((place, j) => {
      const own = add(scale(thread, width), constant(j))
      const addends = [
        bias === 'none' ? [] : [element(read.length, address(inputs[2]!, [place.at(axis)!]))],
        residual ? [elementOfThread(read.length + added.length - 1, inputs.at(-1)!, shape, own)] : [],
      ].flat()
      const sums = [`let r${j} = total${j};`, ...addends.map((addend) => `r${j} = r${j} + ${addend};`)]
      return activation === 'silu' ? [...sums, `r${j} = siluOf(r${j});`] : sums
    })
    const result = width === 1 ? 'r0' : `[${at.map((_, j) => `r${j}`)}]`
    return { body: [source, ...lines, `return ${result};`].join('\n'), inputs: [...read, ...added] }
  }
}

/** A kernel whose thread contracts, and adds and applies what follows. The sum over nothing is 0, of no array. */
function follow(call: Fused, axis: number, contraction: (finish: Finish) => Program): Program {
  const { inputs, shape } = call
  if (!inputs.slice(0, 2).some(isEmpty)) return contraction(following(call, axis, [0, 1]))
  const [length, thread] = [sizeOf(shape), threadOf(sizeOf(shape))]
  const nothing = { source: 'let total0 = 0;', at: [coordinates(thread, shape)], thread, grid: undefined }
  return [{ ...following(call, axis, [])(nothing), length }]
}

/** Contractions with an epilogue, one kernel each. */
export const epiloguePlanners = {
  fusedMatmul: (call, wideFrom) =>
    follow(call, call.params.bias === 'row' ? -2 : -1, (finish) =>
      product(call.inputs, call.shape, wideFrom, finish),
    ),
  fusedConv2d: (call, wideFrom) =>
    follow(call, 1, (finish) => convolution(call.inputs, call.params, call.shape, wideFrom, finish)),
} satisfies { [P in PrimitiveName]?: Planner<P> }
