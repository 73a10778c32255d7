import type { GpuBuffer } from './buffer.ts'
import type { FusedStep, FusedSteps } from './fuse.ts'
import { fuse } from './fuse.ts'
import type { Program } from './kernels/program.ts'
import { Names } from './names.ts'

/** What to do: kernels in order, the buffers from outside that they read, and the buffers that some of them fill. */
export interface Work {
  readonly steps: readonly FusedStep[]
  readonly outside: readonly GpuBuffer[]
  /** By number of a step in `steps`. */
  readonly results: ReadonlyMap<number, GpuBuffer>
  /** The primitive that a step (as numbered before it was fused) belongs to, and a number it is given. */
  what(step: number): string
  scalar(step: number, scalar: number): number
}

interface Waiting {
  readonly what: string
  readonly id: number
  readonly stage: Program[number]
  readonly inputs: readonly number[]
  result: GpuBuffer | undefined
}

/** How many ways of fusing, and texts of kernels, are remembered. */
const [mostPlans, mostNames] = [64, 4096]

/**
 * Kernels that have been asked for and not run. They wait until a result is looked at, or the program that asks for them
 * pauses: by then it is known which results somebody still holds, and the others need no memory of their own.
 */
export class Pending {
  readonly #names = new Names(mostNames)
  readonly #plans = new Map<string, FusedSteps>()
  #waiting: Waiting[] = []
  #outside: GpuBuffer[] = []
  #numberOf = new Map<GpuBuffer, number>()

  get size(): number {
    return this.#waiting.length
  }

  /** Whether kernels that wait read a buffer from outside. */
  reads(buffer: GpuBuffer): boolean {
    return (this.#numberOf.get(buffer) ?? 0) < 0
  }

  /** The stages of a call over its inputs; the last one fills `result`. */
  add(what: string, program: Program, inputs: readonly GpuBuffer[], result: GpuBuffer): void {
    const base = this.#waiting.length
    program.forEach((stage, i) => {
      const from = stage.inputs.map((input) =>
        typeof input === 'number' ? this.#number(inputs[input]!) : base + input.stage,
      )
      const id = this.#names.of(stage)
      const fills = i === program.length - 1 ? result : undefined
      this.#waiting.push({ what, id, stage, inputs: from, result: fills })
    })
    this.#numberOf.set(result, this.#waiting.length - 1)
  }

  /** All that waits, fused; nothing waits after that. */
  take(): Work {
    const [waiting, outside] = [this.#waiting, this.#outside]
    this.#waiting = []
    this.#outside = []
    this.#numberOf = new Map()
    const kept = new Set<number>()
    const names = waiting.map(({ id, inputs, result, stage }, i) => {
      const isKept = result !== undefined && !result.freed
      if (isKept) kept.add(i)
      return `${id}${isKept ? '!' : ':'}${inputs.join()}/${stage.scalars?.length ?? 0}`
    })
    const plan = this.#planOf(names.join(';'), waiting, kept)
    const results = new Map<number, GpuBuffer>()
    for (const [before, now] of plan.results) results.set(now, waiting[before]!.result!)
    return {
      steps: plan.steps,
      outside,
      results,
      what: (step) => waiting[step]!.what,
      scalar: (step, scalar) => waiting[step]!.stage.scalars![scalar]!,
    }
  }

  #planOf(name: string, waiting: readonly Waiting[], kept: ReadonlySet<number>): FusedSteps {
    let plan = this.#plans.get(name)
    this.#plans.delete(name)
    plan ??= fuse(
      waiting.map(({ stage: { scalars = [], ...stage }, inputs }) => ({
        ...stage,
        inputs,
        scalars: scalars.length,
      })),
      kept,
    )
    this.#plans.set(name, plan)
    const [oldest] = this.#plans.keys()
    if (this.#plans.size > mostPlans) this.#plans.delete(oldest!)
    return plan
  }

  #number(buffer: GpuBuffer): number {
    let number = this.#numberOf.get(buffer)
    if (number === undefined) {
      this.#outside.push(buffer)
      this.#numberOf.set(buffer, (number = -this.#outside.length))
    }
    return number
  }
}
