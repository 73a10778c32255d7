import { adam } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { choose } from '../linalg/per-sample.ts'

/** An objective of each sample [N], and its gradient, at a batch of points. */
export interface Evaluated {
  readonly value: Tensor
  readonly gradient: Tensor
}

/** What an optimiser made of an evaluation. */
export interface Stepped<S> {
  readonly state: S
  /** Whether the point that was evaluated is the sample's iterate now. */
  readonly taken: readonly boolean[]
  /** The objective at each sample's iterate. */
  readonly values: readonly number[]
}

/**
 * An optimiser of each sample of a batch, one evaluation of the whole batch at a time: so that every evaluation can be
 * a step of a run, and the run can stop and go on between any two. A batch equals its samples alone.
 */
export interface StepwiseOptimizer<S> {
  init(x: Tensor): S
  /** Where to evaluate next, [N, …]. */
  at(state: S): Tensor
  /** @param active - False for samples that stay where they are. */
  update(state: S, evaluated: Evaluated, active: readonly boolean[]): Stepped<S>
}

/** Where {@link adamSteps} is. */
export interface AdamStepsState {
  readonly x: Tensor
  readonly mean: Tensor
  readonly square: Tensor
  /** Updates made. */
  readonly step: number
}

/**
 * Adam (arXiv 1412.6980), each element apart; every point is an iterate.
 *
 * @param options.project - Where an update ends, such as on a sphere.
 * @throws {OptionError} for a rate that is not above 0.
 */
export function adamSteps(options: {
  readonly learningRate: number
  readonly project?: (x: Tensor) => Tensor
}): StepwiseOptimizer<AdamStepsState> {
  const { project = (x) => x } = options
  const { init, update } = adam(options)
  return {
    init: (x) => ({ x, ...init(x) }),
    at: ({ x }) => x,
    update: ({ x, ...adamState }, { value, gradient }, active) => {
      const { params, state } = update(gradient, adamState, x)
      return {
        state: { x: choose(active, project(params), x), ...state },
        taken: active,
        values: Array.from(value.dataSync()),
      }
    },
  }
}
