import type { BenchCase } from './case.ts'
import { networkCase } from './networks.ts'
import { operatorCase } from './operators.ts'

/** What all others of the suite are set against. */
export const stepNetwork: BenchCase = networkCase('adm256', 'forward', 1)

/** A step of ×4 super-resolution on a photograph: one evaluation of the network, and what methods ask of the operator. */
export const stepCases: readonly BenchCase[] = [
  stepNetwork,
  ...['sr:4', 'sr:4,filter=bicubic'].flatMap((spec) =>
    (['forward', 'forward + VJP', 'DDRM step'] as const).map((task) => operatorCase(spec, [3, 64, 64], task)),
  ),
]
