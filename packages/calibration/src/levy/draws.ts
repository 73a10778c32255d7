import type { Stream } from '../posteriors/stream.ts'

/** Exponential of mean 1. */
export const exponential = (stream: Stream): number => -Math.log(1 - stream.uniform())

/** Gamma of a shape of at least 1 and scale 1: rejection from the cube of a normal (Marsaglia and Tsang 2000). */
export function gamma(shape: number, stream: Stream): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const z = stream.normal()
    const v = (1 + c * z) ** 3
    if (v > 0 && Math.log(1 - stream.uniform()) < z ** 2 / 2 + d * (1 - v + Math.log(v))) return d * v
  }
}

/**
 * Generalised inverse Gaussian of order ½, density ∝ w^−½·exp(−(w/b² + u²/w)/2): the variance of a Laplace increment u of
 * scale b. Its inverse is inverse Gaussian of mean 1/(b|u|) and shape 1/b², drawn as the roots of a quadratic (Michael,
 * Schucany and Haas 1976), here in a form that loses nothing where u is near 0.
 */
export function laplaceVariance(u: number, b: number, stream: Stream): number {
  const m = b * Math.abs(u)
  const y = stream.normal() ** 2
  const larger = m + (b ** 2 / 2) * (y + Math.sqrt(y * y + (4 * y * m) / b ** 2))
  return stream.uniform() * (larger + m) < larger ? larger : m ** 2 / larger
}
