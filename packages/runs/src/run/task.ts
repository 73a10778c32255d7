import type { AnyMethod, Problem, Settings } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import type { PartialRun } from './run-method.ts'

/** A method with the options of a run. */
export interface Assignment {
  readonly method: AnyMethod
  readonly options: Settings
}

/** One inverse problem for a batch of pictures, and the methods that are to solve it. */
export interface Task {
  readonly title: string
  /** The operator as it was asked for, such as `inpaint:box=14`. */
  readonly spec: string
  /** The law of the noise, such as `poisson:peak=30`; absent where σ_y alone describes it. */
  readonly noise?: string | undefined
  /** y is [N, …operator.outShape]. */
  readonly problem: Problem
  /** [N, …operator.inShape], where it is known. */
  readonly truth?: Tensor | undefined
  /** A name for each of the N. */
  readonly samples: readonly string[]
  /** Whether the samples are draws for one measurement, so that their mean is worth a look. */
  readonly draws?: boolean
  readonly methods: readonly Assignment[]
  /** For a task of one method: where an earlier run had come to, and what to do when this one is stopped. */
  readonly resume?: PartialRun | undefined
  readonly onInterrupt?: ((partial: PartialRun) => Promise<void>) | undefined
}

/** How the run of a task is watched and stopped. */
export interface TaskControl {
  readonly signal?: AbortSignal | undefined
  /** @param done - The part of the task that is done, 0 … 1. */
  onProgress?(done: number, label: string): void
}
