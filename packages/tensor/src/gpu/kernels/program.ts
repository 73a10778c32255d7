import type { KernelCall, View } from '../../device.ts'
import { DeviceError } from '../../errors.ts'
import type { PrimitiveName } from '../../primitives.ts'
import { renamed } from './body.ts'
import type { Index } from './index-math.ts'
import { add, address, constant, coordinates, loop, render, scale, variable } from './index-math.ts'

/** One gpu.js kernel to run, whose threads return the elements of a new buffer, one or four neighbours each. */
export interface Stage {
  /** Statements in gpu.js's language over the arrays `a0`, `a1`, …, one a line; the last one returns the element. */
  readonly body: string
  /** Elements of the result. */
  readonly length: number
  /** How many of them a thread returns, as an array where it is more than one; 1 where it is left out. */
  readonly width?: number
  /** Its threads in columns and rows, `this.thread.x` and `.y`, where they are no line: neighbours in both share loads. */
  readonly grid?: Grid
  /** What `a0`, `a1`, … are: an input of the call by number, or the result of an earlier stage. */
  readonly inputs: readonly (number | { readonly stage: number })[]
  /** What `s0`, `s1`, … are: numbers that change from call to call, for which no kernel need be compiled anew. */
  readonly scalars?: readonly number[]
  /** Of a first stage that only lays an input out anew, the name of the layout: later calls may find what it made. */
  readonly lays?: string
}

/** Threads side by side, and rows of them. */
export type Grid = readonly [columns: number, rows: number]

/** Stages in order; the last one's result is the call's. */
export type Program = readonly Stage[]

/**
 * Writes the kernels of one primitive for the shapes, strides and parameters of one call. Where a result has `wideFrom`
 * elements or more, a thread may compute several: there are threads enough.
 */
export type Planner<P extends PrimitiveName> = (call: KernelCall<P>, wideFrom: number) => Program

/** The number of the running thread: the element of the result it computes. */
export const threadOf = (length: number): Index => variable('this.thread.x', length)

/** The number of the running thread of a grid, row after row. */
export const threadIn = ([columns, rows]: Grid): Index =>
  add(scale(variable('this.thread.y', rows), columns), variable('this.thread.x', columns))

/** Source of a kernel with so many arrays and numbers as arguments. */
export function kernelSource(inputs: number, scalars: number, body: string): string {
  const named = (name: string, count: number) => Array.from({ length: count }, (_, i) => name + i)
  return `function(${[...named('a', inputs), ...named('s', scalars)].join(', ')}) {\n${body}\n}`
}

/** Source that reads one element of an input. */
export const element = (input: number, at: Index): string => `a${input}[${render(at)}]`

/** A number rounded to what a float holds. */
export function rounded(op: string, value: number): number {
  const held = Math.fround(value)
  if (!Number.isFinite(held)) {
    throw new DeviceError(`gpu: ${op}: the parameter ${value} is not a finite float; use another device`)
  }
  return held
}

/** A number as kernel source, rounded to what a float holds. */
export function literal(op: string, value: number): string {
  const held = rounded(op, value)
  return held < 0 || Object.is(held, -0) ? `(-${-held})` : `${held}`
}

/** Strides of a view stretched to `rank` axes of extents `shape` by broadcasting. */
export function broadcastStrides(view: View, shape: readonly number[]): number[] {
  const lead = shape.length - view.shape.length
  return shape.map((_, i) => (i < lead || view.shape[i - lead] === 1 ? 0 : view.strides[i - lead]!))
}

/** Axes of several views of one shape, with neighbours merged that all views walk as one. */
export function mergeAxes(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
): { shape: number[]; strides: number[][] } {
  const merged = { shape: [] as number[], strides: strides.map(() => [] as number[]) }
  shape.forEach((extent, axis) => {
    if (extent === 1) return
    const last = merged.shape.length - 1
    const joins = last >= 0 && strides.every((of, k) => merged.strides[k]![last] === of[axis]! * extent)
    if (joins) merged.shape[last]! *= extent
    else merged.shape.push(extent)
    strides.forEach((of, k) => {
      if (joins) merged.strides[k]![last] = of[axis]!
      else merged.strides[k]!.push(of[axis]!)
    })
  })
  return merged
}

/** Source that reads the element of a view, of a shape, that has the number of the thread. */
export function elementOfThread(
  input: number,
  { strides, offset }: Omit<View, 'buffer' | 'dtype'>,
  shape: readonly number[],
  thread: Index,
): string {
  const merged = mergeAxes(shape, [strides])
  return element(input, address({ strides: merged.strides[0]!, offset }, coordinates(thread, merged.shape)))
}

/** Terms added in one run before their sum joins the total, so that rounding errors stay small. */
const block = 32

/** Loads that a thread is to have under way at once: each takes as long as some hundred operations. */
const loadsAtOnce = 16
/** Rounds of a loop that are written one after the other, at most. */
const mostRounds = 8

/** A loop in which some rounds are written one after the other, so that their loads need not wait for each other. */
export function unrolled(name: string, count: number, body: (index: Index) => string): string {
  const once = body(variable(name, count))
  const loads = once.match(/\ba\d+\[/g)?.length ?? 0
  const rounds = Math.min(
    mostRounds,
    2 ** Math.floor(Math.log2(Math.max(1, loadsAtOnce / Math.max(1, loads)))),
  )
  const whole = Math.floor(count / rounds)
  if (rounds === 1 || whole < 2) return loop(name, count, body)
  const rest = count - whole * rounds
  return [
    loop(name, whole, (index) =>
      Array.from({ length: rounds }, (_, i) =>
        renamed(body(add(scale(index, rounds), constant(i))), `_${i}`),
      ).join('\n'),
    ),
    rest === 0 ? '' : loop(name, rest, (index) => body(add(constant(whole * rounds), index))),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

/**
 * Source that adds `count` terms to each of some variables. `step` writes the addition of term k to those that it is
 * given.
 */
export function accumulate(
  count: number,
  totals: readonly string[],
  step: (into: readonly string[], k: Index) => string,
): string {
  if (count <= 2 * block) return unrolled('k', count, (k) => step(totals, k))
  const blocks = Math.floor(count / block)
  const rest = count - blocks * block
  const parts = totals.map((_, i) => `part${i}`)
  const run = (start: Index): string => unrolled('k', block, (k) => step(parts, add(start, k)))
  return [
    loop('b', blocks, (b) =>
      [
        ...parts.map((part) => `let ${part} = 0;`),
        run(scale(b, block)),
        ...totals.map((total, i) => `${total} = ${total} + ${parts[i]};`),
      ].join('\n'),
    ),
    rest === 0 ? '' : unrolled('k', rest, (k) => step(totals, add(constant(blocks * block), k))),
  ].join('\n')
}
