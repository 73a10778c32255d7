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
  variable,
  within,
} from './index-math.ts'
import type { Grid, Planner, Program, Stage } from './program.ts'
import { accumulate, element, mergeAxes, threadIn, threadOf } from './program.ts'

/**
 * The source of some neighbouring elements of a contraction, `total0`, `total1`, …, and where they are; factors are the
 * arguments 0 and 1. A thread that has several loads what they share once.
 */
export interface Contraction {
  readonly source: string
  /** Of each element, made of the thread's number alone. */
  readonly at: readonly (readonly Index[])[]
  /** The number of the thread. */
  readonly thread: Index
  readonly grid: Grid | undefined
}

/** Products of an element from which on it pays to load what neighbours share once. */
const manyProducts = 8

/** How many elements of the last axis a thread computes. */
const widthOf = (shape: Shape, products: number, wideFrom: number): 1 | 4 =>
  sizeOf(shape) >= wideFrom && products >= manyProducts && shape.at(-1)! % 4 === 0 ? 4 : 1

const counted = (count: number): number[] => Array.from({ length: count }, (_, j) => j)

/**
 * Threads for the elements of a result. Those that compute several lie in a grid whose rows walk the last `along` axes, so that
 * eight by eight of them, which run together, share what they read of both factors.
 */
function threadsOf(shape: Shape, width: number, along: number): Pick<Contraction, 'thread' | 'grid'> {
  const columns = sizeOf(shape.slice(-along)) / width
  const grid = [columns, sizeOf(shape) / width / columns] as const
  // So many groups of threads there may be in a direction.
  if (width === 1 || Math.max(...grid) > 8 * 65535) {
    return { thread: threadOf(sizeOf(shape) / width), grid: undefined }
  }
  return { thread: threadIn(grid), grid }
}

/** Places of the elements of a thread, in axes merged in one way or another. */
function placesOf(
  shape: Shape,
  width: number,
  { thread, grid }: Pick<Contraction, 'thread' | 'grid'>,
): Index[][] {
  const quads = [...shape.slice(0, -1), shape.at(-1)! / width]
  const at = grid === undefined ? coordinates(thread, quads) : inGrid(grid, quads)
  return counted(width).map((j) => [...at.slice(0, -1), add(scale(at.at(-1)!, width), constant(j))])
}

/** Coordinates of a thread of a grid: of its row in the first axes, of its column in the last ones. */
function inGrid([columns, rows]: Grid, shape: Shape): Index[] {
  let [split, size] = [shape.length, 1]
  while (size < columns) size *= shape[--split]!
  return [
    ...coordinates(variable('this.thread.y', rows), shape.slice(0, split)),
    ...coordinates(variable('this.thread.x', columns), shape.slice(split)),
  ]
}

/** Strides of the last two axes and merged strides of those before. */
function batched(a: View, b: View): { shape: number[]; strides: number[][] } {
  return mergeAxes(a.shape.slice(0, -2), [a.strides.slice(0, -2), b.strides.slice(0, -2)])
}

const declared = (names: readonly string[]): string[] => names.map((name) => `let ${name} = 0;`)

/** Elements of the product of `a` and `b`, of a shape. */
function productElements([a, b]: readonly View[], shape: Shape, wideFrom: number): Contraction {
  const inner = a!.shape.at(-1)!
  const width = widthOf(shape, inner, wideFrom)
  const batch = batched(a!, b!)
  const [rows, columns] = shape.slice(-2) as [number, number]
  const threads = threadsOf(shape, width, 1)
  const places = placesOf([...batch.shape, rows, columns], width, threads)
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
  return { source, at: placesOf(shape, width, threads), ...threads }
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
function convolutionElements(
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
  const threads = threadsOf(shape, width, 2)
  const places = placesOf(shape, width, threads)
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
  return { source: [...once.lines, ...declared(totals), body].join('\n'), at: places, ...threads }
}

/** Products of elements for each of a wide kernel's least elements, from which on it pays to lay a factor out anew. */
const manyInAll = 2 ** 10

/** A view of the second factor, and the kernel that lays it out so where it is not so already. */
interface Laid {
  readonly view: View
  readonly stages: Program
}

/** The second factor with elements side by side that neighbouring threads read, its axes in this order in memory. */
function laidOut(view: View, order: readonly number[], products: number, wideFrom: number): Laid {
  if (products < manyInAll * wideFrom || Math.abs(view.strides[order.at(-1)!]!) <= 1)
    return { view, stages: [] }
  const length = sizeOf(view.shape)
  const inOrder = (of: readonly number[]) => order.map((axis) => of[axis]!)
  const from = address(
    { strides: inOrder(view.strides), offset: view.offset },
    coordinates(threadOf(length), inOrder(view.shape)),
  )
  const strides = rowMajorStrides(inOrder(view.shape))
  return {
    view: { ...view, strides: view.shape.map((_, axis) => strides[order.indexOf(axis)]!), offset: 0 },
    stages: [{ body: `return ${element(0, from)};`, length, inputs: [1], lays: order.join() }],
  }
}

/** The kernel of a contraction after the one that lays out its second factor. */
const after = (stages: Program, kernel: Stage): Program =>
  stages.length === 0
    ? [kernel]
    : [...stages, { ...kernel, inputs: kernel.inputs.map((input) => (input === 1 ? { stage: 0 } : input)) }]

/** A kernel for elements of a contraction, of which `finish` makes the statements that return them. */
export type Finish = (contraction: Contraction) => Pick<Stage, 'body' | 'inputs'>

const stageOf = (contraction: Contraction, shape: Shape, finish: Finish): Stage => {
  const { at, grid } = contraction
  return { ...finish(contraction), length: sizeOf(shape), width: at.length, ...(grid && { grid }) }
}

/** The kernels of a product, the last one of which ends as `finish` says. */
export function product([a, b]: readonly View[], shape: Shape, wideFrom: number, finish: Finish): Program {
  const axes = b!.shape.map((_, axis) => axis)
  const { view, stages } = laidOut(b!, axes, sizeOf(shape) * b!.shape.at(-2)!, wideFrom)
  return after(stages, stageOf(productElements([a!, view], shape, wideFrom), shape, finish))
}

/** The kernels of a convolution, the last one of which ends as `finish` says. */
export function convolution(
  [x, w]: readonly View[],
  params: Conv2dParams,
  shape: Shape,
  wideFrom: number,
  finish: Finish,
): Program {
  // Rows of a grid are output channels, whose weights neighbours read at once.
  const wide = convolutionElements([x!, w!], params, shape, wideFrom)
  const products = wide.grid === undefined ? 0 : sizeOf(shape) * sizeOf(w!.shape.slice(1))
  const { view, stages } = laidOut(w!, [1, 2, 3, 0], products, wideFrom)
  const elements = stages.length === 0 ? wide : convolutionElements([x!, view], params, shape, wideFrom)
  return after(stages, stageOf(elements, shape, finish))
}

const alone: Finish = ({ source, at }) => {
  const result = at.length === 1 ? 'total0' : `[${at.map((_, j) => `total${j}`)}]`
  return { body: [source, `return ${result};`].join('\n'), inputs: [0, 1] }
}

/** Matrix product and convolution. */
export const contractPlanners = {
  matmul: ({ inputs, shape }: KernelCall<'matmul'>, wideFrom) => product(inputs, shape, wideFrom, alone),
  conv2d: ({ inputs, params, shape }: KernelCall<'conv2d'>, wideFrom) =>
    convolution(inputs, params, shape, wideFrom, alone),
} satisfies { [P in PrimitiveName]?: Planner<P> }
