import type { View } from '../../device.ts'
import type { Conv2dParams, PrimitiveName } from '../../primitives.ts'
import { dilated } from '../../rules/conv2d.ts'
import type { Shape } from '../../shape.ts'
import { sizeOf } from '../../shape.ts'
import type { Index } from './index-math.ts'
import {
  add,
  address,
  constant,
  coordinates,
  divide,
  guarded,
  loop,
  modulo,
  scale,
  within,
} from './index-math.ts'
import type { Planner, Program } from './program.ts'
import { accumulate, element, mergeAxes, threadOf } from './program.ts'

/** Source that adds Σ product(k) over k < count to `total`. */
const dot = (count: number, product: (k: Index) => string): string =>
  accumulate(count, (into, k) => `${into} = ${into} + ${product(k)};`)

/** Strides of the last two axes and merged strides of those before. */
function batched(a: View, b: View): { shape: number[]; strides: number[][] } {
  return mergeAxes(a.shape.slice(0, -2), [a.strides.slice(0, -2), b.strides.slice(0, -2)])
}

/** The source of `total`, an element of a contraction, and where that element is; factors are the arguments 0 and 1. */
export interface Contraction {
  readonly source: string
  readonly at: readonly Index[]
}

/** An element of the product of `a` and `b`, of a shape. */
export function productElement([a, b]: readonly View[], shape: Shape): Contraction {
  const inner = a!.shape.at(-1)!
  const [rows, columns] = shape.slice(-2) as [number, number]
  const batch = batched(a!, b!)
  const thread = threadOf(sizeOf(shape))
  const [row, column, ...outer] = (() => {
    const at = coordinates(thread, [...batch.shape, rows, columns])
    return [at.at(-2)!, at.at(-1)!, ...at.slice(0, -2)]
  })()
  const at = (view: View, side: 0 | 1, i: Index, j: Index): string =>
    element(
      side,
      address({ strides: [...batch.strides[side]!, ...view.strides.slice(-2)], offset: view.offset }, [
        ...outer,
        i,
        j,
      ]),
    )
  const product = (k: Index): string => `${at(a!, 0, row!, k)} * ${at(b!, 1, k, column!)}`
  return { source: ['let total = 0;', dot(inner, product)].join('\n'), at: coordinates(thread, shape) }
}

/** Conditions under which `at` of a dilated axis is an element and not a zero, and which element that is. */
function tap(at: Index, extent: number, dilation: number): { conditions: string[]; index: Index } {
  const conditions = within(at, 0, dilated(extent, dilation))
  if (dilation === 1) return { conditions, index: at }
  return { conditions: [...conditions, ...within(modulo(at, dilation), 0, 1)], index: divide(at, dilation) }
}

/** An element of a convolution of `x` with `w`, of a shape. */
export function convolutionElement([x, w]: readonly View[], params: Conv2dParams, shape: Shape): Contraction {
  const [, , height, width] = x!.shape as [number, number, number, number]
  const [outChannels, perGroup, ...kernel] = w!.shape as [number, number, number, number]
  const { stride, padding, lhsDilation, rhsDilation, groups } = params
  const at = coordinates(threadOf(sizeOf(shape)), shape)
  const [n, o, p, q] = at as [Index, Index, Index, Index]
  const firstChannel = scale(divide(o, outChannels / groups), perGroup)
  const position = (axis: 0 | 1, out: Index, tapIndex: Index): Index =>
    add(scale(out, stride[axis]), scale(tapIndex, rhsDilation[axis]), constant(-padding[axis][0]))
  const body = loop('u', kernel[0]!, (u) => {
    const row = tap(position(0, p, u), height, lhsDilation[0])
    const columns = loop('v', kernel[1]!, (v) => {
      const column = tap(position(1, q, v), width, lhsDilation[1])
      const products = dot(perGroup, (c) => {
        const value = element(0, address(x!, [n, add(firstChannel, c), row.index, column.index]))
        return `${value} * ${element(1, address(w!, [o, c, u, v]))}`
      })
      return guarded(column.conditions, products)
    })
    return guarded(
      row.conditions,
      ['let line = total;', 'total = 0;', columns, 'total = line + total;'].join('\n'),
    )
  })
  return { source: ['let total = 0;', body].join('\n'), at }
}

const alone = ({ source }: Contraction, shape: Shape): Program => [
  { body: [source, 'return total;'].join('\n'), length: sizeOf(shape), inputs: [0, 1] },
]

/** Matrix product and convolution, one thread per element of the result. */
export const contractPlanners = {
  matmul: ({ inputs, shape }) => alone(productElement(inputs, shape), shape),
  conv2d: ({ inputs, params, shape }) => alone(convolutionElement(inputs, params, shape), shape),
} satisfies { [P in PrimitiveName]?: Planner<P> }
