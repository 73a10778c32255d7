import type { PrimitiveName } from '../../primitives.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
import { add, address, constant, coordinates, guarded, within } from './index-math.ts'
import type { Planner, Stage } from './program.ts'
import { element, threadOf } from './program.ts'

/** Array arguments of one kernel: WebGPU and WebGL 2 guarantee seven and more. */
const maxInputs = 6

const pad: Planner<'pad'> = ({ inputs: [x], params, shape }) => {
  const length = sizeOf(shape)
  const at = coordinates(threadOf(length), shape).map((index, i) => add(index, constant(-params.low[i]!)))
  const conditions = at.flatMap((index, i) => within(index, 0, x!.shape[i]!))
  const body = ['let r = 0;', guarded(conditions, `r = ${element(0, address(x!, at))};`), 'return r;']
  return [{ body: body.join('\n'), length, inputs: [0] }]
}

/** Joins along an axis, a few inputs at a time: what was joined so far is the first part of the next stage. */
const concat: Planner<'concat'> = ({ inputs, params: { axis }, shape }) => {
  interface Part {
    readonly from: Stage['inputs'][number]
    readonly extent: number
    readonly strides: readonly number[]
    readonly offset: number
  }
  let rest: Part[] = inputs.flatMap(({ shape: of, strides, offset }, from) =>
    of[axis] === 0 ? [] : [{ from, extent: of[axis]!, strides, offset }],
  )
  const stages: Stage[] = []
  do {
    const parts = rest.slice(0, maxInputs)
    const extent = parts.reduce((total, part) => total + part.extent, 0)
    const joined = shape.map((n, i) => (i === axis ? extent : n))
    const length = sizeOf(joined)
    const at = coordinates(threadOf(length), joined)
    let start = 0
    const copies = parts.map((part, i) => {
      const inside = within(at[axis]!, start, start + part.extent)
      const local = at.map((index, k) => (k === axis ? add(index, constant(-start)) : index))
      start += part.extent
      return guarded(inside, `r = ${element(i, address(part, local))};`)
    })
    const body = ['let r = 0;', ...copies, 'return r;'].join('\n')
    stages.push({ body, length, inputs: parts.map(({ from }) => from) })
    const sofar = { from: { stage: stages.length - 1 }, extent, strides: rowMajorStrides(joined), offset: 0 }
    rest = [sofar, ...rest.slice(maxInputs)]
  } while (rest.length > 1)
  return stages
}

/** Primitives that only move elements. */
export const movePlanners = { pad, concat } satisfies { [P in PrimitiveName]?: Planner<P> }
