import type { Program } from './program.ts'

/** A program cut in two: the kernel that lays out an input, and the others, which have what it makes as a further input of the call. */
export interface Packing {
  /** The input that is laid out. */
  readonly input: number
  /** The layout by name; with the view of the input it tells what is made. */
  readonly kind: string
  /** Elements that it takes. */
  readonly length: number
  readonly layout: Program
  readonly rest: Program
}

const known = new WeakMap<Program, Packing>()

/**
 * How a program of a call of so many inputs is cut, where its first kernel does nothing but lay an input out.
 */
export function packingOf(program: Program, inputs: number): Packing | undefined {
  const [first, ...others] = program
  if (first?.lays === undefined) return undefined
  const before = known.get(program)
  if (before !== undefined) return before
  const rest = others.map((stage) => ({
    ...stage,
    inputs: stage.inputs.map((from) => {
      if (typeof from === 'number') return from
      return from.stage === 0 ? inputs : { stage: from.stage - 1 }
    }),
  }))
  const { lays: kind, length } = first
  const packing = { input: first.inputs[0] as number, kind, length, layout: [first], rest }
  known.set(program, packing)
  return packing
}
