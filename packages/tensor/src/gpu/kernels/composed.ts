import type { KernelCall, View } from '../../device.ts'
import type { PrimitiveName, PrimitiveParams } from '../../primitives.ts'
import { resultOf } from '../../primitives.ts'
import { rowMajorStrides } from '../../shape.ts'
import { contractPlanners } from './contract.ts'
import { elementwisePlanners } from './elementwise.ts'
import { movePlanners } from './move.ts'
import type { Planner, Program, Stage } from './program.ts'
import { reducePlanners } from './reduce.ts'

const planners = { ...elementwisePlanners, ...reducePlanners, ...contractPlanners, ...movePlanners }
type Part = keyof typeof planners & PrimitiveName

/** A value inside a composition: an input of the call, or the result of stages before. */
interface Value extends Omit<View, 'buffer'> {
  readonly source: Stage['inputs'][number]
}

/** Collects the stages of primitives applied to values one after the other. */
class Composition {
  readonly stages: Stage[] = []
  readonly inputs: readonly Value[]

  constructor({ inputs }: KernelCall) {
    this.inputs = inputs.map(({ buffer: _, ...view }, source) => ({ ...view, source }))
  }

  apply<P extends Part>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): Value {
    const { shape, dtype } = resultOf(primitive, inputs, params)
    const views = inputs.map((value) => ({ ...value, buffer: undefined }))
    const call = { primitive, inputs: views, params, shape, dtype } as KernelCall<P>
    const base = this.stages.length
    for (const { inputs: sources, ...stage } of (planners[primitive] as Planner<P>)(
      call,
      Number.POSITIVE_INFINITY,
    )) {
      const moved = sources.map((s) =>
        typeof s === 'number' ? inputs[s]!.source : { stage: s.stage + base },
      )
      this.stages.push({ ...stage, inputs: moved })
    }
    return {
      dtype,
      shape,
      strides: rowMajorStrides(shape),
      offset: 0,
      source: { stage: this.stages.length - 1 },
    }
  }
}

const lastAxis = ({ shape }: Value) => ({ axes: [shape.length - 1], keepDims: true })

function softmax(c: Composition, x: Value): Value {
  const e = c.apply('exp', [c.apply('sub', [x, c.apply('reduceMax', [x], lastAxis(x))], {})], {})
  return c.apply('div', [e, c.apply('reduceSum', [e], lastAxis(e))], {})
}

function softmaxGrad(c: Composition, y: Value, dy: Value): Value {
  const inner = c.apply('reduceSum', [c.apply('mul', [y, dy], {})], lastAxis(y))
  return c.apply('mul', [y, c.apply('sub', [dy, inner], {})], {})
}

/** A planner that composes the result out of other primitives' stages. */
const composed =
  <P extends PrimitiveName>(compose: (c: Composition) => void): Planner<P> =>
  (call): Program => {
    const composition = new Composition(call)
    compose(composition)
    return composition.stages
  }

/** Primitives that are fused on other devices and a row of kernels on this one. */
export const composedPlanners = {
  softmax: composed((c) => softmax(c, c.inputs[0]!)),
  softmaxGrad: composed((c) => softmaxGrad(c, c.inputs[0]!, c.inputs[1]!)),
} satisfies { [P in PrimitiveName]?: Planner<P> }
