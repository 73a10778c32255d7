import type { BenchCase } from './case.ts'
import { networkCase } from './networks.ts'

const tasks = ['forward', 'forward + VJP'] as const

/** Sides of the pictures, ascending: working areas stay, so that the memory of each case is its own. */
export const largeSides = [32, 64, 128, 256] as const

/** A network of 93 million parameters on pictures of four sizes, and one of 553 million on the size it is made for. */
export const largeCases: readonly BenchCase[] = [
  ...largeSides.flatMap((side) => tasks.map((task) => networkCase('adm256', task, 1, side))),
  ...tasks.map((task) => networkCase('adm553', task, 1)),
]
