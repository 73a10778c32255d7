import type { KernelCall, View } from '../../device.ts'
import type { Conv2dParams, PrimitiveName } from '../../primitives.ts'
import { dilated } from '../../rules/conv2d.ts'
import type { Shape } from '../../shape.ts'
import { rowMajorStrides, sizeOf } from '../../shape.ts'
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
  Once,
  scale,
  within,
} from './index-math.ts'
import type { Planner, Program } from './program.ts'
import { accumulate, element, mergeAxes, threadOf } from './program.ts'

/**
 * The source of some neighbouring elements of a contraction, `total0`, `total1`, …, and where they are; factors are the
 * arguments 0 and 1. A thread that has several loads what they share once.
 */
export interface Contraction {
  readonly source: string
  /** Of each element, made of the thread's number alone. */
  readonly at: readonly (readonly Index[])[]
}

/** Products of an element from which on it pays to load what neighbours share once. */
const manyProducts = 8

/** How many elements of the last axis a thread computes. */
const widthOf = (shape: Shape, products: number, wideFrom: number): 1 | 4 =>
  sizeOf(shape) >= wideFrom && products >= manyProducts && shape.at(-1)! % 4 === 0 ? 4 : 1

const counted = (count: number): number[] => Array.from({ length: count }, (_, j) => j)

/** Places of the elements of a thread, in axes merged in one way or another. */
function placesOf(shape: Shape, width: number): Index[][] {
  const last = shape.at(-1)!
  const at = coordinates(threadOf(sizeOf(shape) / width), [...shape.slice(0, -1), last / width])
  return counted(width).map((j) => [...at.slice(0, -1), add(scale(at.at(-1)!, width), constant(j))])
}

/** Strides of the last two axes and merged strides of those before. */
function batched(a: View, b: View): { shape: number[]; strides: number[][] } {
  return mergeAxes(a.shape.slice(0, -2), [a.strides.slice(0, -2), b.strides.slice(0, -2)])
}

const declared = (names: readonly string[]): string[] => names.map((name) => `let ${name} = 0;`)

/** Elements of the product of `a` and `b`, of a shape. */
export function productElements([a, b]: readonly View[], shape: Shape, wideFrom: number): Contraction {
  const inner = a!.shape.at(-1)!
  const width = widthOf(shape, inner, wideFrom)
  const batch = batched(a!, b!)
  const [rows, columns] = shape.slice(-2) as [number, number]
  const places = placesOf([...batch.shape, rows, columns], width)
  const once = new Once()
  const outer = places[0]!.slice(0, -2).map((index, i) => once.of(`batch${i}`, index))
  const row = once.of('row', places[0]!.at(-2)!)
  const column = once.of('column', places[0]!.at(-1)!)
  const at = (view: View, side: 0 | 1, i: Index, j: Index): string => {
    const strides = [...batch.strides[side]!, ...view.strides.slice(-2)]
    return element(side, address({ strides, offset: view.offset }, [...outer, i, j]))
  }
  const totals = counted(width).map((j) => `total${j}`)
  const sums = accumulate(inner, totals, (into, k) => {
    const factor = (j: number) => at(b!, 1, k, add(column, constant(j)))
    if (width === 1) return `${into[0]} = ${into[0]} + ${at(a!, 0, row, k)} * ${factor(0)};`
    return [
      `const a = ${at(a!, 0, row, k)};`,
      ...into.map((name, j) => `${name} = ${name} + a * ${factor(j)};`),
    ].join('\n')
  })
  const source = [...once.lines, ...declared(totals), sums].join('\n')
  return { source, at: placesOf(shape, width) }
}

/** Conditions under which `at` of a dilated axis is an element and not a zero, and which element that is. */
function tap(at: Index, extent: number, dilation: number): { conditions: string[]; index: Index } {
  const conditions = within(at, 0, dilated(extent, dilation))
  if (dilation === 1) return { conditions, index: at }
  return { conditions: [...conditions, ...within(modulo(at, dilation), 0, 1)], index: divide(at, dilation) }
}

/** The most columns of a kernel that a thread holds at once. */
const widest = 7

/** Elements of a convolution of `x` with `w`, of a shape. */
export function convolutionElements(
  [x, w]: readonly View[],
  params: Conv2dParams,
  shape: Shape,
  wideFrom: number,
): Contraction {
  const [, , height, extent] = x!.shape as [number, number, number, number]
  const [outChannels, perGroup, ...kernel] = w!.shape as [number, number, number, number]
  const { stride, padding, lhsDilation, rhsDilation, groups } = params
  const fits = lhsDilation[1] === 1 && kernel[1]! <= widest
  const width = fits ? widthOf(shape, perGroup * kernel[0]! * kernel[1]!, wideFrom) : 1
  const places = placesOf(shape, width)
  const once = new Once()
  const [n, o, p, q] = (['n', 'o', 'p', 'q'] as const).map((name, i) => once.of(name, places[0]![i]!)) as [
    Index,
    Index,
    Index,
    Index,
  ]
  const firstChannel = once.of('first', scale(divide(o, outChannels / groups), perGroup))
  const position = (axis: 0 | 1, out: Index, tapIndex: Index): Index =>
    add(scale(out, stride[axis]), scale(tapIndex, rhsDilation[axis]), constant(-padding[axis][0]))
  const columnAt = (j: number, v: Index) => tap(position(1, add(q, constant(j)), v), extent, lhsDilation[1])
  const value = (c: Index, row: Index, column: Index) =>
    element(0, address(x!, [n, add(firstChannel, c), row, column]))
  const weight = (c: Index, u: Index, v: Index) => element(1, address(w!, [o, c, u, v]))
  const totals = counted(width).map((j) => `total${j}`)

  /** One element: the columns of the kernel in a loop, under the conditions of each. */
  const single = (u: Index, row: Index): string =>
    loop('v', kernel[1]!, (v) => {
      const column = columnAt(0, v)
      const sums = accumulate(perGroup, totals, ([into], c) => {
        return `${into} = ${into} + ${value(c, row, column.index)} * ${weight(c, u, v)};`
      })
      return guarded(column.conditions, sums)
    })

  /** Four: of each channel what all columns of the kernel need of a row, each element once. */
  const several = (u: Index, row: Index): string => {
    const taps = counted(width).flatMap((j) =>
      counted(kernel[1]!).map((v) => ({ j, v, offset: j * stride[1] + v * rhsDilation[1] })),
    )
    const offsets = [...new Set(taps.map(({ offset }) => offset))].sort((a, b) => a - b)
    return accumulate(perGroup, totals, (into, c) =>
      [
        ...offsets.flatMap((offset, i) => {
          const { j, v } = taps.find((of) => of.offset === offset)!
          const { conditions, index } = columnAt(j, constant(v))
          const load = value(c, row, index)
          if (conditions.length === 0) return [`const x${i} = ${load};`]
          return [`let x${i} = 0;`, guarded(conditions, `x${i} = ${load};`)].filter((line) => line !== '')
        }),
        ...counted(kernel[1]!).map((v) => `const w${v} = ${weight(c, u, constant(v))};`),
        ...into.map((name, j) => {
          const terms = taps
            .filter((of) => of.j === j)
            .map(({ v, offset }) => `x${offsets.indexOf(offset)} * w${v}`)
          return `${name} = ${name} + (${terms.join(' + ')});`
        }),
      ].join('\n'),
    )
  }
  const body = loop('u', kernel[0]!, (u) => {
    const row = tap(position(0, p, u), height, lhsDilation[0])
    const lines = [
      ...totals.flatMap((name, j) => [`const line${j} = ${name};`, `${name} = 0;`]),
      (width === 1 ? single : several)(u, row.index),
      ...totals.map((name, j) => `${name} = line${j} + ${name};`),
    ]
    return guarded(row.conditions, lines.join('\n'))
  })
  return { source: [...once.lines, ...declared(totals), body].join('\n'), at: places }
}

const alone = ({ source, at }: Contraction, shape: Shape): Program => {
  const width = at.length
  const result = width === 1 ? 'total0' : `[${counted(width).map((j) => `total${j}`)}]`
  return [{ body: [source, `return ${result};`].join('\n'), length: sizeOf(shape), width, inputs: [0, 1] }]
}

/** Products of elements from which on it pays to lay a factor out anew. */
const manyInAll = 2 ** 25

/**
 * The right factor with its columns side by side, where neighbouring threads would else read elements far from each
 * other, and the kernel that lays it out so.
 */
function columnsTogether(b: View, products: number): { readonly b: View; readonly stage: Program } {
  const [rows, columns] = b.strides.slice(-2) as [number, number]
  if (Math.abs(columns) <= 1 || products < manyInAll || rows === 0) return { b, stage: [] }
  const length = sizeOf(b.shape)
  const from = element(0, address(b, coordinates(threadOf(length), b.shape)))
  return {
    b: { ...b, strides: rowMajorStrides(b.shape), offset: 0 },
    stage: [{ body: `return ${from};`, length, inputs: [1] }],
  }
}

/** Matrix product and convolution. */
export const contractPlanners = {
  matmul: ({ inputs: [a, right], shape }: KernelCall<'matmul'>, wideFrom) => {
    const { b, stage } = columnsTogether(right!, sizeOf(shape) * right!.shape.at(-2)!)
    const program = alone(productElements([a!, b], shape, wideFrom), shape)
    return stage.length === 0 ? program : [...stage, { ...program[0]!, inputs: [0, { stage: 0 }] }]
  },
  conv2d: ({ inputs, params, shape }: KernelCall<'conv2d'>, wideFrom) =>
    alone(convolutionElements(inputs, params, shape, wideFrom), shape),
} satisfies { [P in PrimitiveName]?: Planner<P> }
