import type { Predicts } from '../architectures/trained-on.ts'

/**
 * What a network is trained to predict of x_t = α·x₀ + σ·ε, value by value. The loss is the mean squared difference, so
 * that the best prediction is the target's mean given x_t.
 */
export type Target = (x0: number, noise: number, alpha: number, sigma: number) => number

/** The targets by name; v is that of arXiv 2202.00512 §4. */
export const targets: Readonly<Record<Predicts, Target>> = {
  epsilon: (_, noise) => noise,
  v: (x0, noise, alpha, sigma) => alpha * noise - sigma * x0,
  x0: (x0) => x0,
}
