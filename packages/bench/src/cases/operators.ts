import { operatorFromSpec } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { sizeOf } from '@tweedie/tensor'
import type { BenchCase, OperatorTask } from './case.ts'

/** A photograph of the usual size. */
const image: Shape = [3, 256, 256]

/** The operators of the literature on it, as texts, and the shapes of what they measure. */
const specs: readonly (readonly [spec: string, measured: Shape])[] = [
  ['sr:4', [3, 64, 64]],
  ['sr:4,filter=bicubic', [3, 64, 64]],
  ['blur:size=61,std=3,boundary=reflect', image],
  ['motion-blur:size=61,boundary=circular', image],
  ['motion-blur:size=61,boundary=reflect', image],
  ['motion-blur:size=21,boundary=reflect', image],
  ['nonlinear-blur:size=21', image],
  ['inpaint:random=0.92', [3, 5243]],
]

/** The operator of a case; `forward` of it takes one image. */
export const operatorOf = (spec: string) => operatorFromSpec(spec, image)

/** What a task takes beside the picture x. */
const besides = (task: OperatorTask, measured: Shape): Readonly<Record<string, Shape>> =>
  ({
    forward: {},
    'forward + VJP': { dy: [1, ...measured] },
    'DDRM step': { x0hat: [1, ...image], y: [1, ...measured], z: [1, sizeOf(image)] },
  })[task]

export const operatorCase = (spec: string, measured: Shape, task: OperatorTask): BenchCase => ({
  name: `${spec} @256² ${task}`,
  op: { kind: 'operator', spec, task },
  wrt: task === 'forward + VJP' ? ['x'] : [],
  inputs: { x: [1, ...image], ...besides(task, measured) },
  cost: null,
})

/** The operator suite: what a step of a method pays beside its network. */
export const operatorCases: readonly BenchCase[] = specs.flatMap(([spec, measured]) =>
  (['forward', 'forward + VJP'] as const).map((task) => operatorCase(spec, measured, task)),
)
