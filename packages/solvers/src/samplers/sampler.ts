import type { Tensor } from '@tweedie/tensor'
import type { Time } from '../types.ts'
import type { Kernel } from './kernel.ts'
import type { ReverseStep } from './steps.ts'

/** A reverse step with its place in the run. */
export interface SamplerStep extends ReverseStep {
  /** How many reverse steps there are in all; steps up, of time travel, do not count. */
  readonly steps: number
}

/** What a step of a {@link Sampler} gives. */
export interface Sampled<Memory> {
  /** x_s, like x. */
  readonly x: Tensor
  /** The first estimate of x₀ that the step looked at. */
  readonly x0hat: Tensor
  readonly memory: Memory
}

/**
 * A way from noise to data: one step from x_t to x_s by looks at a denoiser, and what it remembers between steps. A pure
 * function of its arguments, so that runs resume and batches equal single runs, bit for bit.
 */
export interface Sampler<Memory = unknown> {
  readonly name: string
  /** Looks at the denoiser in a run of that many reverse steps to the clean end. */
  evaluations(steps: number): number
  /** What it remembers before the first step, and after one up: tensors and numbers in records, or undefined. */
  init(): Memory
  /**
   * @param denoise - E[x₀ | x_t] of a batch, as {@link Prior.denoise}.
   * @param x - x_t [N, …shape].
   * @param z - N(0, I) like x; equal purposes give equal draws within a step.
   */
  step(
    denoise: (x: Tensor, t: Time) => Tensor,
    x: Tensor,
    memory: Memory,
    at: SamplerStep,
    z: (purpose: string) => Tensor,
  ): Sampled<Memory>
}

/** The sampler of one look a step and no memory that a kernel is. */
export const byKernel = (name: string, kernel: Kernel): Sampler<undefined> => ({
  name,
  evaluations: (steps) => steps,
  init: () => undefined,
  step: (denoise, x, memory, at, z) => {
    const x0hat = denoise(x, at.t)
    return { x: kernel(x, x0hat, () => z('step'), at), x0hat, memory }
  },
})
